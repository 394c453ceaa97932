internal import Core
internal import Engine

/// Writes the receipts of files whose items have all settled.
final class Results {
  unowned let daemon: Daemon
  private var isLooking = false
  private var mayHaveMore = false

  init(daemon: Daemon) { self.daemon = daemon }

  private var world: World { daemon.world }

  func lookSoon() {
    mayHaveMore = true
    guard !isLooking else { return }
    isLooking = true
    daemon.after(world.storeTime(50)) { [self] _ in await look() }
  }

  private func look() async {
    mayHaveMore = false
    do throws(OutboxError) {
      let records = try await world.disk.write(at: world.now).secureFinished(after: nil, limit: 3, at: daemon.wall)
      world.disk.outbox.becameDurable()
      guard let record = records.first else {
        isLooking = false
        if mayHaveMore { lookSoon() }
        return
      }
      let store = try world.disk.read(at: world.now)
      let receipt = Receipt(
        record: record, settled: try store.settled(record.id),
        rejects: try store.rejects(record.id, after: 0, limit: .max),
        orders: try store.orders(record.id))
      daemon.after(world.storeTime(51)) { [self] _ in write(receipt) }
    } catch {
      daemon.check(error)
      again()
    }
  }

  private func write(_ receipt: Receipt) {
    let file = world.checker.number(of: receipt.record.id)
    let counts = receipt.record.counts
    world.log("the receipt of f\(file) is written: \(counts.accepted) accepted, \(counts.rejected) rejected")
    world.checker.wrote(receipt, of: file, world)
    world.folders.receipts[file] = receipt
    daemon.after(world.storeTime(52)) { [self] _ in await finish(receipt) }
  }

  private func finish(_ receipt: Receipt) async {
    do throws(OutboxError) {
      try await world.disk.write(at: world.now).finish([(receipt.record, "accepted", "{}", "")])
      daemon.after(world.storeTime(53)) { [self] _ in
        world.folders.work.removeAll { $0.id == receipt.record.id }
        isLooking = false
        lookSoon()
      }
    } catch {
      daemon.check(error)
      again()
    }
  }

  private func again() {
    daemon.after(1000) { [self] _ in await look() }
  }
}
