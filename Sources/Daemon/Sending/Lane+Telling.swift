internal import Delivery
internal import Logging
internal import Outbox
internal import Settings

/// What people and metrics get to hear of a lane.
extension Lane {
  func tell(_ news: TargetNews.Entry) {
    switch news {
    case .delivers: logger.notice("target delivers again", metadata: ["target": "\(target.name)"])
    case .slowed(let reason, let until):
      logger.warning(
        "target is slowed down",
        metadata: ["target": "\(target.name)", "reason": "\(reason)", "until": "\(until)"])
    case .held(let reason, let until):
      logger.error(
        "target is on hold", metadata: ["target": "\(target.name)", "reason": "\(reason)", "until": "\(until)"])
    }
  }

  func count(_ state: Pace.State, after before: Pace.State) {
    switch (before, state) {
    case (.held, .held), (.slowed, .slowed): break
    case (_, .held): meters.held()
    case (_, .slowed): meters.slowedDown()
    case (_, .delivering): break
    }
  }

  func tell(sent batch: WaitingBatch, _ settlement: Settlement, status: Int?) {
    log(
      "batch is sent", batch, level: fileNews.isWorthTelling(sent: batch.file) ? .info : .debug,
      more: [
        "accepted": .number(settlement.accepted), "rejected": .number(settlement.refused.count),
        "status": .number(status ?? 0),
      ])
  }

  func tell(split batch: WaitingBatch, why: String) {
    log(
      "batch is sent again in halves", batch, reason: why,
      level: fileNews.isWorthTelling(split: batch.file) ? .info : .debug)
  }

  func tell(parted batch: WaitingBatch, why: String) {
    log(
      "batch is sent again with fewer others", batch, reason: why,
      level: fileNews.isWorthTelling(split: batch.file) ? .info : .debug)
  }

  func tell(delayed batch: WaitingBatch, why: String, until due: Timestamp? = nil, level: Logger.Level = .warning) {
    let isNews = fileNews.isWorthTelling(delay: why, of: batch.file, at: .now)
    log(
      "batch is delayed", batch, reason: why, level: isNews ? level : .debug,
      more: due.map { ["until": "\($0)"] } ?? [:])
  }

  private func log(
    _ message: Logger.Message, _ batch: WaitingBatch, reason: String? = nil, level: Logger.Level,
    more: Logger.Metadata = [:]
  ) {
    var metadata = more
    metadata["target"] = "\(target.name)"
    metadata["inbox"] = "\(batch.inbox)"
    metadata["file"] = "\(batch.file)"
    metadata["batch"] = "\(batch.place)"
    metadata["attempt"] = .number(batch.attempts + 1)
    if let reason { metadata["reason"] = "\(reason)" }
    logger.log(level: level, message, metadata: metadata)
  }
}

extension WaitingBatch {
  /// Its place in the file, from 1; of the halves of batch 7, `7.0` and `7.1`.
  fileprivate var place: String {
    let ordinal = Int(position.prefix(8)).map { "\($0)" } ?? position
    return position.count > 8 ? "\(ordinal).\(position.dropFirst(8))" : ordinal
  }
}
