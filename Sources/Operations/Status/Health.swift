internal import Core
internal import JSONText
internal import Telemetry

/// The answers of `/healthz` and `/readyz`: whether all is well, and if not, why not.
///
/// As text, one reason per line, or as JSON for callers that ask for it (`Accept: application/json`).
struct Health {
  /// Whether there are no reasons against it.
  var isWell: Bool { reasons.isEmpty }
  private let reasons: [String]
  private let good: String
  private let bad: String

  /// Whether the pipeline moves; trouble with a single file does not count against it.
  init(heartbeat: Heartbeat, activeFailures: ActiveFailures, tracker: UnclaimedFileTracker) {
    good = "ok: the pipeline is working"
    bad = "not working"
    reasons = heartbeat.hanging.map { "\($0) is stuck" } + activeFailures.ofAll + tracker.allFaults
  }

  /// Whether files are claimed. An inbox paused by an operator does not count: that is intended.
  init(ready report: StatusReport) {
    let paused = report.inboxes.filter(\.isPaused).map(\.name)
    let exceptions = paused.isEmpty ? "" : ", except in paused inboxes: \(paused.joined(separator: ", "))"
    good = "ready: files are claimed" + exceptions
    bad = "not ready"
    reasons =
      report.obstacles
      + report.inboxes.flatMap { inbox in
        inbox.unclaimed.filter { $0.kind == .folder }.map { "\(inbox.name): \($0.reason)" }
      }
  }

  /// Not even the state can be determined.
  init(unready error: any Error) {
    good = ""
    bad = "not ready"
    reasons = ["\(error)"]
  }

  func reply(asJSON: Bool) -> HTTPReply {
    let status = isWell ? 200 : 503
    guard asJSON else {
      let text = isWell ? good : reasons.map { "\(bad): \($0.onOneLine)" }.joined(separator: "\n")
      return .text(text + "\n", status: status)
    }
    var json = Array("{\"status\": \"\(isWell ? "ok" : "failing")\", \"reasons\": [".utf8)
    for (index, reason) in reasons.enumerated() {
      if index > 0 { json += Array(", ".utf8) }
      appendQuoted(reason, to: &json)
    }
    return .json(json + Array("]}\n".utf8), status: status)
  }
}
