internal import Delivery
internal import Inbox
internal import Outbox
internal import Settings

/// Gives out ids, and says when no further file may be claimed.
///
/// One for all inboxes: ids are in the order of the claims, and the queue's limits are everybody's.
actor Claims {
  private var ids = FileIDSource()
  private let outbox: Outbox
  private let settings: Settings
  private var queuedBytes = 0
  private var measuredAt: ContinuousClock.Instant?

  init(outbox: Outbox, settings: Settings, newest: FileID?) {
    self.outbox = outbox
    self.settings = settings
    if let newest { ids.skip(past: newest) }
  }

  /// Ids for files that are about to be claimed, which take their places in the order of publication at once, one behind the other.
  ///
  /// - Parameter targets: for each file, those that it may be for.
  func nextIDs(order: PublicationOrder, targets: [Set<String>]) async -> [FileID] {
    let new = targets.map { (id: ids.next(at: .now), targets: $0) }
    await order.enter(new)
    return new.map(\.id)
  }

  /// How many of the files of these sizes, in order, may be claimed now, and why not all of them.
  func room(for sizes: [Int64]) async throws -> (count: Int, obstacle: Obstacle?) {
    if measuredAt.map({ $0 + .seconds(1) < .now }) ?? true {
      measuredAt = .now
      queuedBytes = try await outbox.queue().bytes
    }
    for (count, size) in sizes.enumerated() {
      // The disk is asked once for all: together they are small.
      let obstacle =
        count == 0
        ? try Self.obstacle(queuedBytes: queuedBytes, settings: settings)
        : Self.queueObstacle(queuedBytes: queuedBytes, settings: settings)
      if let obstacle { return (count, obstacle) }
      queuedBytes += Int(size)
    }
    return (sizes.count, nil)
  }

  /// The same question for who looks from outside.
  static func obstacle(queuedBytes: Int, settings: Settings) throws -> Obstacle? {
    if let obstacle = queueObstacle(queuedBytes: queuedBytes, settings: settings) { return obstacle }
    let free = min(try FreeDisk.bytes(at: settings.state), try FreeDisk.bytes(at: settings.spool))
    if free < UInt64(settings.queue.minFreeDisk) {
      return .diskFull(free: free, wanted: settings.queue.minFreeDisk)
    }
    return nil
  }

  private static func queueObstacle(queuedBytes: Int, settings: Settings) -> Obstacle? {
    guard queuedBytes >= settings.queue.maxBytes else { return nil }
    return .queueFull(bytes: queuedBytes, limit: settings.queue.maxBytes)
  }
}
