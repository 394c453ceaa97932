internal import Core
internal import Engine

/// One life of the daemon: drives the real values as the real daemon's actors do.
///
/// Each half of each call to the outbox, and each request, is an event of its own; work begun in an earlier life is
/// dropped.
final class Daemon {
  unowned let world: World
  private(set) var isAlive = true
  private var clock: QueueClock
  private(set) lazy var intake = Intake(daemon: self)
  private(set) lazy var results = Results(daemon: self)
  private(set) var dispatchers: [Dispatcher] = []
  private var isStopping = false
  private var restartAfter: Int64 = 0
  private var pausedTargets: Set<Int> = []

  init(world: World) {
    self.world = world
    clock = QueueClock(from: nil, at: world.machine.reading(at: world.now))
  }

  /// The queue's time.
  var time: QueueTime { clock.time(at: world.machine.reading(at: world.now)) }
  var wall: Timestamp { world.machine.wall(at: world.now) }

  /// Continues from what an earlier life left; returns whether it can.
  func start() async -> Bool {
    do {
      let mark = try await world.disk.read(at: world.now).clockMark()
      clock = QueueClock(from: mark, at: world.machine.reading(at: world.now))
      // Nothing is written that is later than the mark from which the next start continues.
      try await world.disk.write(at: world.now).keep(clock.mark(at: world.machine.reading(at: world.now)))
      try await intake.recover()
    } catch {
      world.log("the outbox can't be used: \(error)")
      return false
    }
    dispatchers = world.configuration.targets.indices.map { Dispatcher(daemon: self, target: $0) }
    for dispatcher in dispatchers { dispatcher.pump() }
    results.lookSoon()
    after(Self.markInterval) { $0.keepMark() }
    return true
  }

  func die() { isAlive = false }

  /// Runs `body` later, if this life lasts that long.
  func after(_ delay: Int64, _ body: @escaping (Daemon) async -> Void) {
    world.at(world.now + delay) { [self] _ in
      if isAlive { await body(self) }
    }
  }

  func isPaused(_ target: Int) -> Bool {
    pausedTargets.contains(target) || !world.configuration.targets[target].isThere
  }

  private static let markInterval: Int64 = 20_000

  private func keepMark() {
    let mark = clock.mark(at: world.machine.reading(at: world.now))
    after(world.storeTime(1)) { daemon in
      // A mark that can't be stored now is stored the next time.
      do { try await daemon.world.disk.write(at: daemon.world.now).keep(mark) } catch {
        daemon.world.log("the clock's mark can't be kept: \(error)")
      }
      daemon.after(Self.markInterval) { $0.keepMark() }
    }
  }

  /// The errors that an undamaged outbox may return; any other is a violation.
  func check(_ error: OutboxError) {
    if error.code != .failing, !world.checker.hasDamage { world.fail(.contradiction, "\(error)") }
  }

  var report: String {
    dispatchers.map(\.report).joined(separator: "; ") + "; " + intake.report
  }

  // MARK: - Operators

  func setPaused(_ target: Int, _ isPaused: Bool) {
    if isPaused { pausedTargets.insert(target) } else { pausedTargets.remove(target) }
    dispatchers[target].setPaused(self.isPaused(target))
  }

  func cancel(_ file: Int) {
    guard let claimed = world.folders.work.first(where: { $0.file == file }) else { return }
    after(world.storeTime(2)) { await $0.cancel(claimed, tries: 3) }
  }

  private func cancel(_ file: SimulatedFile, tries: Int) async {
    do {
      let order = FileOrder(at: wall, order: "cancel", by: "ops")
      if try await world.disk.write(at: world.now).cancel(file.id) {
        world.disk.outbox.becameDurable()
        try await world.disk.write(at: world.now).keep(order, for: file.id)
        after(world.storeTime(3)) { daemon in
          daemon.world.log("f\(file.file) is cancelled")
          daemon.world.checker.acknowledgedCancel(file.file, at: daemon.world.steps)
          daemon.dispatchers[file.target].cancel(file.id)
          daemon.watchCancel(of: file.file)
        }
      } else if !intake.cancel(file.id), tries > 1, world.folders.receipts[file.file] == nil {
        // It has just been published, or is being published now.
        after(100) { await $0.cancel(file, tries: tries - 1) }
      }
    } catch {
      world.log("f\(file.file) is not cancelled: \(error)")
    }
  }

  /// Items that are not part of an in-flight request are rejected at once.
  private func watchCancel(of file: Int, since told: Int64? = nil, idle before: ItemID? = nil) {
    let told = told ?? world.now
    let pages = Int64(world.plan.files[file].items.count / 4 + 4)
    after(1000 + 10 * pages * world.plan.storeDelay) { daemon in
      guard daemon.world.lastDisturbance < told, let item = daemon.world.checker.idleItem(of: file) else { return }
      // The next dispatch does it, once this one has its answers.
      let target = daemon.world.folders.work.first { $0.file == file }?.target
      if let target, daemon.dispatchers[target].isStopping {
        return daemon.watchCancel(of: file, since: daemon.world.now)
      }
      // It may have left a request just now.
      guard let before else { return daemon.watchCancel(of: file, since: told, idle: item) }
      if item == before {
        daemon.world.fail(.stall, "f\(file) is cancelled, no request carries \(item), and it is not rejected")
      }
    }
  }

  func retry(file: Int? = nil, target: Int? = nil) {
    let claimed = file.flatMap { file in world.folders.work.first { $0.file == file } }
    if file != nil, claimed == nil { return }
    after(world.storeTime(4)) { daemon in
      let due = daemon.time
      do {
        _ = try await daemon.world.disk.write(at: daemon.world.now).makeDue(
          file: claimed?.id, target: target.map { "t\($0)" }, at: due)
      } catch {
        return daemon.world.log("nothing is made due: \(error)")
      }
      daemon.after(daemon.world.storeTime(5)) { daemon in
        for dispatcher in daemon.dispatchers
        where (target ?? dispatcher.target) == dispatcher.target
          && (claimed?.target ?? dispatcher.target) == dispatcher.target
        {
          dispatcher.tryNow(file: claimed?.id, due: due)
        }
      }
    }
  }

  func reload(_ targets: [Int]) {
    world.log("reload; dispatch of \(targets.map { "t\($0)" }.joined(separator: " ")) is rebuilt")
    for target in targets { dispatchers[target].stop() }
  }

  /// A stopped dispatcher has no request in flight any more.
  func ended(_ dispatcher: Dispatcher) {
    guard !isStopping else { return endIfQuiet() }
    let new = Dispatcher(daemon: self, target: dispatcher.target)
    dispatchers[dispatcher.target] = new
    new.pump()
  }

  /// SIGTERM.
  func stop(downFor: Int64) {
    guard !isStopping else { return }
    world.log("the daemon stops")
    (isStopping, restartAfter) = (true, downFor)
    intake.stop()
    for dispatcher in dispatchers { dispatcher.stop() }
    after(10_000) { daemon in
      for dispatcher in daemon.dispatchers { dispatcher.abandon() }
      // It ends even with requests in flight.
      daemon.exit()
    }
    endIfQuiet()
  }

  private func endIfQuiet() {
    if isStopping, dispatchers.allSatisfy(\.isQuiet) { exit() }
  }

  private func exit() {
    guard isAlive else { return }
    world.log("the daemon ends")
    world.end(restartAfter: restartAfter)
  }
}
