internal import Delivery
internal import Inbox
internal import ItemFormat
internal import Logging
internal import Outbox
internal import Settings

/// Small files that are ready at the same look go their way together: one sync of the folders, one commit.
extension Intake {
  static let smallBytes: Int64 = 64 << 10
  private static let mostFiles = 100
  private static let mostBytes: Int64 = 1 << 20

  /// The files that can be taken together: the first, whatever its size, or as many small ones as stand at the start.
  static func smallFiles(atStartOf files: ArraySlice<ReadyFile>) -> ArraySlice<ReadyFile> {
    var bytes: Int64 = 0
    let small = files.prefix(mostFiles).prefix { file in
      bytes += file.size
      // What is compressed may be large.
      return file.size <= smallBytes && bytes <= mostBytes && FileFormat(fileName: file.name.bytes)?.isGzipped != true
    }
    return small.isEmpty ? files.prefix(1) : small
  }

  /// A file that was read and is held in memory until its commit.
  private struct HeldFile {
    let claimed: ClaimedFile
    let targets: Set<String>
    let result: ReadingResult
    let held: HeldReading
  }

  /// Reads claimed files, in order, and publishes them in one commit.
  func readTogether(_ files: [(file: ClaimedFile, targets: Set<String>)]) async {
    var held: [HeldFile] = []
    let (inbox, around, folders) = (inbox, around, folders)
    for (claimed, targets) in files {
      do {
        let (result, content) =
          try await queue.run { () throws -> (ReadingResult, HeldReading)? in
            var reading = FileReading(claimed, in: folders, of: inbox, around)
            var content = HeldReading()
            let result = try reading.run(into: &content)
            return claimed.hasChanged() ? nil : (result, content)
          } ?? (nil, HeldReading())
        guard let result else {
          try await giveBack(claimed)
          continue
        }
        held.append(
          HeldFile(
            claimed: claimed, targets: result.facts.target.map { [$0] } ?? targets, result: result, held: content))
      } catch is HeldReading.TooMuch {
        // Its turn is behind those before it.
        await publish(held)
        held = []
        await read(claimed, targets: targets, failures: 0)
      } catch {
        await leave([claimed], for: error)
      }
    }
    await publish(held)
  }

  private func publish(_ files: [HeldFile]) async {
    guard let first = files.first else { return }
    let targets = files.reduce(into: Set<String>()) { $0.formUnion($1.targets) }
    let (inbox, around) = (inbox, around)
    do {
      // No other file's id lies between theirs.
      await waitForTurn(of: first.claimed.id, targets: targets)
      if around.stopFlag.isRaised { throw ReadingStopped() }
      try await queue.run {
        try around.outbox.commit { commit in
          for file in files {
            let id = file.claimed.id
            try commit.begin(id, inbox: inbox.name, name: file.claimed.name.bytes, receivedAt: id.time)
            if file.result.fault == nil { try file.held.stage(in: commit, of: id) }
            try Self.publish(file.result, of: file.claimed, inbox: inbox, in: commit)
          }
        }
      }
    } catch {
      return await leave(files.map(\.claimed), for: error)
    }
    for file in files { tell(file.result, of: file.claimed) }
    let sendable = Set(files.compactMap(\.result.facts.target))
    if !sendable.isEmpty { await around.onPublished(sendable, first.claimed.id) }
    around.onFinishing()
    await around.order.leave(files.map(\.claimed.id))
  }
}

/// What the reading of a small file yields, for the commit that it shares with others.
struct HeldReading: ReadingSink, Sendable {
  /// More than should be held in memory: the file is read for itself.
  struct TooMuch: Error {}

  private var batches: [(ordinal: Int, batch: QueuedBatch)] = []
  private var refused: [Refusal] = []
  private var bytes = 0
  private var target = ""
  private static let mostBytes = 2 << 20

  mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: Destinations.Destination) throws {
    target = destination.target.name
    bytes += batch.body.literals.count
    if bytes > Self.mostBytes { throw TooMuch() }
    batches.append((ordinal, batch))
  }

  mutating func refuse(_ refusal: Refusal) { refused.append(refusal) }

  func stage(in commit: OutboxCommit, of id: FileID) throws {
    try commit.stage(batches, refused: refused, of: id, target: target)
  }
}
