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

  /// An id for a file that is about to be claimed, which takes its place in the order of publication at once.
  func nextID(order: PublicationOrder, targets: Set<String>) async -> FileID {
    let id = ids.next(at: .now)
    await order.enter(id, targets: targets)
    return id
  }

  /// Why a file of `size` bytes must wait in its inbox; nil where it may be claimed.
  func obstacle(for size: Int64) async throws -> Obstacle? {
    if measuredAt.map({ $0 + .seconds(1) < .now }) ?? true {
      measuredAt = .now
      queuedBytes = try await outbox.queue().bytes
    }
    let obstacle = try Self.obstacle(queuedBytes: queuedBytes, settings: settings)
    if obstacle == nil { queuedBytes += Int(size) }
    return obstacle
  }

  /// The same question for who looks from outside.
  static func obstacle(queuedBytes: Int, settings: Settings) throws -> Obstacle? {
    if queuedBytes >= settings.queue.maxBytes {
      return .queueFull(bytes: queuedBytes, limit: settings.queue.maxBytes)
    }
    let free = min(try FreeDisk.bytes(at: settings.state), try FreeDisk.bytes(at: settings.spool))
    if free < UInt64(settings.queue.minFreeDisk) {
      return .diskFull(free: free, wanted: settings.queue.minFreeDisk)
    }
    return nil
  }
}
