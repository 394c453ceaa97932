internal import Delivery
internal import Logging
internal import Outbox
internal import Settings

extension Lane {
  /// What could not be read from the outbox, or not written to it, is tried again; damage is nothing that passes, and holds the target.
  ///
  /// Batches that can be read go out all the same, one whenever the hold is tried.
  func takeTrouble(_ error: OutboxError, _ batch: WaitingBatch) {
    guard error.code == .damaged else {
      instruments.troubles.begin("the outbox can't be written", in: "target \(target.name)", error, logger: logger)
      return window.putBack(batch.id, due: .now + backoff.ceiling(failures: 1))
    }
    logger.critical(
      "the outbox is damaged",
      metadata: [
        "target": "\(target.name)", "inbox": "\(batch.inbox)", "file": "\(batch.file)", "batch": "\(batch.position)",
        "reason": "\(error)",
      ])
    pace.hold("\(error)", at: .now, jitter: .random(in: 0...1))
    window.putBack(batch.id, due: .now + retry.max)
  }
}
