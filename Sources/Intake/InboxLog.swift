internal import Core
internal import Engine
internal import Logging
internal import Runtime
internal import Spool
internal import Telemetry

/// Logs what happens to an inbox: each thing once, not at every scan.
struct InboxLog {
  private let inbox: String
  private let tracker: UnclaimedFileTracker
  private let logger: Logger
  /// How often its folders were prepared again, as last logged.
  private var preparations = 0
  /// Why the inbox can't be read, as last logged.
  private var fault: String?
  /// What holds up every file, as last logged.
  private(set) var obstacle: ClaimObstacle?

  init(_ inbox: String, tracker: UnclaimedFileTracker, logger: Logger) {
    self.inbox = inbox
    self.tracker = tracker
    self.logger = logger
  }

  mutating func report(_ scan: InboxScan, isPaused: Bool) {
    tracker.note(scan.fault.map { "\($0)" }, of: inbox)
    if scan.preparations > preparations { logger.notice("the inbox's folders were replaced and prepared again") }
    preparations = scan.preparations
    if let fault = scan.fault {
      if self.fault != "\(fault)" { logger.error("can't scan the inbox", metadata: ["reason": "\(fault)"]) }
      self.fault = "\(fault)"
      return
    }
    if fault != nil { logger.notice("the inbox can be scanned again") }
    fault = nil
    let news = tracker.take(scan, obstacle: isPaused ? .paused : obstacle, of: inbox, at: .now)
    for file in news.reported {
      // An ignored file is either meant to stay or forgotten; every other one waits for somebody to act.
      logger.log(
        level: file.kind == .ignored ? .info : .warning, "file stays in the inbox",
        metadata: ["name": "\(file.name)", "reason": "\(file.reason)", "since": "\(file.since ?? .now)"])
    }
    if news.unreported > 0 {
      logger.warning(
        "more files stay in the inbox; see `upsertd status`", metadata: ["files": .number(news.unreported)])
    }
  }

  /// Logs whether ready files may be claimed.
  mutating func report(_ obstacle: ClaimObstacle?) {
    defer { self.obstacle = obstacle }
    guard self.obstacle?.kind != obstacle?.kind else { return }
    if let obstacle {
      logger.warning("no files are being claimed", metadata: ["reason": "\(obstacle)"])
    } else {
      logger.notice("files are being claimed again")
    }
  }
}
