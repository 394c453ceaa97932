internal import Delivery
internal import JSONText

/// What `/healthz` and `/readyz` answer: whether it is so, and if not, why not.
///
/// As text, a reason a line, or as JSON for who asks for it (`Accept: application/json`).
struct Health {
  /// Nothing keeps it from being so.
  var isWell: Bool { reasons.isEmpty }
  private let reasons: [String]
  private let good: String
  private let bad: String

  /// Whether the pipeline moves; the trouble of one file is no reason that it does not.
  init(pulse: Pulse, troubles: Troubles, ledger: StayLedger) {
    good = "ok: the pipeline moves"
    bad = "not moving"
    reasons = pulse.hanging.map { "\($0) does not turn" } + troubles.ofAll + ledger.allFaults
  }

  /// Whether files are taken. An inbox that an operator paused is none of it: that is as it should be.
  init(ready report: StatusReport) {
    let paused = report.inboxes.filter(\.isPaused).map(\.name)
    good = "ready: files are taken" + (paused.isEmpty ? "" : ", except in the paused \(paused.joined(separator: ", "))")
    bad = "not ready"
    reasons =
      report.obstacles
      + report.inboxes.flatMap { inbox in
        inbox.unclaimed.filter { $0.kind == .folder }.map { "\(inbox.name): \($0.reason)" }
      }
  }

  /// It can't even be found out.
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
