internal import Core
internal import Engine
internal import Logging
internal import Runtime
internal import Telemetry

/// Logs and counts a target's dispatch.
struct DispatchLog {
  private let target: String
  private let logger: Logger
  private let meters: TargetMetrics
  private let clock: DaemonClock
  private var files = FileLogThrottle()
  private var news = TargetLogThrottle()
  private var before = Pace.State.delivering
  private var gateBefore = SendGate.State.open

  init(target: String, logger: Logger, meters: TargetMetrics, clock: DaemonClock) {
    self.target = target
    self.logger = logger
    self.meters = meters
    self.clock = clock
  }

  /// Call every few seconds, whether or not the state has changed.
  mutating func take(_ state: Pace.State, lastSuccess: QueueTime?) {
    switch (before, state) {
    case (.held, .held), (.slowed, .slowed), (_, .delivering): break
    case (_, .held): meters.held()
    case (_, .slowed): meters.slowedDown()
    }
    before = state
    switch news.take(state, lastSuccess: lastSuccess, at: clock.now) {
    case nil: break
    case .delivers: logger.notice("target delivers again", metadata: ["target": "\(target)"])
    case .slowed(let reason, let until):
      logger.warning("target is slowed down", metadata: metadata(of: reason, until))
    case .unreachable(let reason, let until):
      logger.error("target can't be reached", metadata: metadata(of: reason, until))
    case .held(let reason, let until):
      logger.error("target is on hold", metadata: metadata(of: reason, until))
    }
  }

  private func metadata(of reason: Hindrance, _ until: QueueTime) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "target": "\(target)", "reason": "\(reason.reason)", "until": "\(clock.wall(of: until))",
    ]
    if let advice = reason.advice {
      metadata["advice"] = "\(advice)"
      metadata["command"] = "\(reason.remedy.command(target: target))"
    }
    return metadata
  }

  /// Call at any time, whether or not the window has opened or closed. An operator's pause is in the log as an order.
  mutating func take(_ gate: SendGate.State) {
    switch (gateBefore, gate) {
    case (.closed, .closed), (.open, .open), (.paused, .paused), (.open, .paused), (.paused, .open), (.closed, .paused):
      break
    case (_, .closed(let until)):
      logger.notice(
        "target is outside its send window", metadata: ["target": "\(target)", "until": "\(until?.description ?? "")"])
    case (.closed, .open): logger.notice("target's send window is open", metadata: ["target": "\(target)"])
    }
    gateBefore = gate
  }

  mutating func sent(_ batch: WaitingBatch, _ file: LineFile, _ settlement: Settlement, status: Int?) {
    log(
      "batch is sent", batch, file, level: files.isWorthLogging(sent: file.id) ? .info : .debug,
      more: [
        "accepted": .number(settlement.accepted), "rejected": .number(settlement.rejects.count),
        "status": .number(status ?? 0),
      ])
    meters.settled(inbox: file.inbox, accepted: settlement.accepted, rejected: settlement.rejects.count)
  }

  mutating func halved(_ batch: WaitingBatch, _ file: LineFile, why: String) {
    log(
      "batch is sent again in halves", batch, file, reason: why,
      level: files.isWorthLogging(split: file.id) ? .info : .debug)
    meters.split()
  }

  mutating func parted(_ batch: WaitingBatch, _ file: LineFile, why: String) {
    log(
      "batch is sent again with fewer other batches", batch, file, reason: why,
      level: files.isWorthLogging(split: file.id) ? .info : .debug)
  }

  mutating func delayed(
    _ batch: WaitingBatch, _ file: LineFile, why: String, until due: QueueTime? = nil, level: Logger.Level = .warning
  ) {
    let isNews = files.isWorthLogging(delay: why, of: file.id, at: clock.now)
    log(
      "batch is delayed", batch, file, reason: why, level: isNews ? level : .debug,
      more: due.map { ["until": "\(clock.wall(of: $0))"] } ?? [:])
  }

  mutating func forget(_ file: FileID) { files.forget(file) }

  private func log(
    _ message: Logger.Message, _ batch: WaitingBatch, _ file: LineFile, reason: String? = nil, level: Logger.Level,
    more: Logger.Metadata = [:]
  ) {
    var metadata = more
    metadata["target"] = "\(target)"
    metadata["inbox"] = "\(file.inbox)"
    metadata["file"] = "\(file.file)"
    metadata["batch"] = "\(batch.name.place)"
    metadata["attempt"] = .number(batch.attempts + 1)
    if let reason { metadata["reason"] = "\(reason)" }
    logger.log(level: level, message, metadata: metadata)
  }
}

extension BatchName {
  /// The batch's place in the file, from 1; the halves of batch 7 are `7.0` and `7.1`.
  fileprivate var place: String {
    let ordinal = Int(position.prefix(8)).map { "\($0)" } ?? position
    return position.count > 8 ? "\(ordinal).\(position.dropFirst(8))" : ordinal
  }
}

/// Decides which of a file's batches are logged at the usual level: a large file has thousands, all with the same fate.
///
/// A value without a clock. The first batch that is sent, the first that has to wait for a reason, and the first that
/// is sent after that are logged. A file whose batches fail now and then gets one such pair of lines a minute.
struct FileLogThrottle {
  private struct Story {
    var isSent = false
    var isSplit = false
    /// Why it waits, as last logged; nil if it does not wait.
    var reason: String?
    /// When each reason was last logged.
    var warnedAt: [String: QueueTime] = [:]
  }

  /// The least time between two warnings about a file that waits again for the same reason.
  static let calm = Duration.seconds(60)
  /// Bounds memory; forgotten news may be logged a second time.
  private static let mostFiles = 10_000
  private static let mostReasons = 10

  private var stories: [FileID: Story] = [:]

  mutating func isWorthLogging(sent file: FileID) -> Bool {
    change(file) { story in
      let isFirst = !story.isSent || story.reason != nil
      story.isSent = true
      story.reason = nil
      return isFirst
    }
  }

  mutating func isWorthLogging(split file: FileID) -> Bool {
    change(file) { story in
      defer { story.isSplit = true }
      return !story.isSplit
    }
  }

  mutating func isWorthLogging(delay reason: String, of file: FileID, at now: QueueTime) -> Bool {
    change(file) { story in
      guard story.reason != reason else { return false }
      if let warnedAt = story.warnedAt[reason], now - warnedAt < Self.calm { return false }
      if story.warnedAt.count >= Self.mostReasons { story.warnedAt = [:] }
      story.reason = reason
      story.warnedAt[reason] = now
      return true
    }
  }

  /// Nothing is left to log for the file.
  mutating func forget(_ file: FileID) { stories[file] = nil }

  private mutating func change(_ file: FileID, _ body: (inout Story) -> Bool) -> Bool {
    if stories.count >= Self.mostFiles, stories[file] == nil { stories.removeAll(keepingCapacity: true) }
    return body(&stories[file, default: Story()])
  }
}

/// Decides which changes of a target's state are logged.
///
/// A value without a clock. An API that limits the rate slows a target down every few seconds: that is logged once, and
/// recovery is logged only after a minute without throttling. The same holds for a server that is there now and then.
/// After a hold, recovery is logged once something was accepted: an operator's `retry` alone is none.
struct TargetLogThrottle {
  enum Entry: Equatable {
    case delivers
    case slowed(reason: Hindrance, until: QueueTime)
    /// Nothing reaches the server.
    case unreachable(reason: Hindrance, until: QueueTime)
    case held(reason: Hindrance, until: QueueTime)
  }

  private enum Logged: Equatable {
    case delivers
    case slowed
    case unreachable(reason: Hindrance)
    case held(reason: Hindrance)
  }

  /// How long a target that was slowed down must have delivered before it counts as recovered.
  static let calm = Duration.seconds(60)

  private var logged = Logged.delivers
  private var deliversSince: QueueTime?
  private var heldAt: QueueTime?

  /// What to log now, if anything; call every few seconds, whether or not the state has changed.
  ///
  /// - Parameter lastSuccess: when the target last accepted something.
  mutating func take(_ state: Pace.State, lastSuccess: QueueTime?, at now: QueueTime) -> Entry? {
    switch state {
    case .delivering:
      let since = deliversSince ?? now
      deliversSince = since
      let isBack =
        switch logged {
        case .delivers: false
        case .slowed, .unreachable: now - since >= Self.calm
        case .held: if let lastSuccess, let heldAt { lastSuccess >= heldAt } else { false }
        }
      guard isBack else { return nil }
      logged = .delivers
      return .delivers
    case .slowed(let reason, let until) where reason.isUnreachable:
      deliversSince = nil
      if logged == .unreachable(reason: reason) { return nil }
      logged = .unreachable(reason: reason)
      return .unreachable(reason: reason, until: until)
    case .slowed(let reason, let until):
      deliversSince = nil
      if logged == .slowed { return nil }
      logged = .slowed
      return .slowed(reason: reason, until: until)
    case .held(let reason, let until):
      (deliversSince, heldAt) = (nil, now)
      if logged == .held(reason: reason) { return nil }
      logged = .held(reason: reason)
      return .held(reason: reason, until: until)
    }
  }
}
