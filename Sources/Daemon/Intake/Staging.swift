internal import Delivery
internal import Outbox
internal import Settings

/// Writes what a reading yields to the outbox, some megabytes in one commit.
struct Staging: ReadingSink {
  private let outbox: Outbox
  private let id: FileID
  private var batches: [(ordinal: Int, batch: QueuedBatch)] = []
  private var refused: [Refusal] = []
  private var bytes = 0
  private var target = ""

  /// Commits are large enough that their own cost does not show, and small enough to be held in memory.
  private static let commitBytes = 2 << 20
  /// What an item and its place in the file take in memory.
  private static let itemBytes = 80
  private static let commitRefusals = 10_000

  init(outbox: Outbox, id: FileID) {
    self.outbox = outbox
    self.id = id
  }

  mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: Destinations.Destination) throws {
    target = destination.target.name
    batches.append((ordinal, batch))
    bytes += batch.body.literals.count + batch.items.count * Self.itemBytes
    if bytes >= Self.commitBytes { try commit() }
  }

  mutating func refuse(_ refusal: Refusal) throws {
    refused.append(refusal)
    if refused.count >= Self.commitRefusals { try commit() }
  }

  mutating func commit() throws {
    guard !batches.isEmpty || !refused.isEmpty else { return }
    try outbox.commit { try $0.stage(batches, refused: refused, of: id, target: target) }
    batches.removeAll(keepingCapacity: true)
    refused.removeAll(keepingCapacity: true)
    bytes = 0
  }
}

/// The daemon stops in the middle of a file: it is read from its beginning by the next run.
struct ReadingStopped: Error {}
