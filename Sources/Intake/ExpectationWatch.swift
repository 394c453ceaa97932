internal import Core
package import Engine
package import Logging
internal import Runtime
package import Settings
package import Telemetry

/// Reports alarms about expected files when the time of day makes them due.
package struct ExpectationWatch: Sendable {
  private let publisher: Publisher
  private let activeFailures: ActiveFailures
  private let logger: Logger

  package init(publisher: Publisher, activeFailures: ActiveFailures, logger: Logger) {
    self.publisher = publisher
    self.activeFailures = activeFailures
    self.logger = logger
  }

  /// Checks at each due time, and at least every minute, since the machine's clock may be set; until its task is
  /// cancelled.
  package func run() async {
    while true {
      var pause = Self.longest
      do {
        // The first check also forgets entries that the configuration no longer has.
        guard let next = try await publisher.checkExpectations() else { return }
        pause = min(max(next - .now, Self.shortest), Self.longest)
        activeFailures.end(Self.checking, in: "expect", logger: logger)
      } catch {
        activeFailures.begin(Self.checking, in: "expect", error, logger: logger)
      }
      do { try await Task.sleep(for: pause) } catch { return }
    }
  }

  private static let checking = "can't store what is known of expected files"
  private static let longest = Duration.seconds(60)
  private static let shortest = Duration.milliseconds(20)
}

/// Logs alarms about expected files, and counts them.
package struct AlarmLog: Sendable {
  private let metrics: DaemonMetrics
  private let logger: Logger

  package init(_ inboxes: [Inbox], metrics: DaemonMetrics, logger: Logger) {
    self.metrics = metrics
    self.logger = logger
    for inbox in inboxes where !inbox.expect.isEmpty { metrics.expects(inbox.name) }
  }

  package func report(_ alarms: [InboxAlarm]) {
    for alarm in alarms {
      let (key, alarm) = (alarm.key, alarm.alarm)
      metrics.reported(alarm.kind, inbox: key.inbox)
      var metadata: Logger.Metadata = [
        "inbox": "\(key.inbox)", "match": "\(key.match)", "day": "\(alarm.day)", "reason": "\(alarm.message)",
      ]
      metadata["file"] = alarm.file.map { "\($0)" }
      logger.warning(Self.message(alarm.kind), metadata: metadata)
    }
  }

  private static func message(_ kind: ExpectationAlarm.Kind) -> Logger.Message {
    switch kind {
    case .missing: "an expected file is missing"
    case .late: "an expected file is late"
    case .early: "a file came on a day on which none is expected"
    case .short: "a file has fewer items than expected"
    case .gap: "numbered files are missing"
    case .repeat: "a file's number came before"
    }
  }
}
