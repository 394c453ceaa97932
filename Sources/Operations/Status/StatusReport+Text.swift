internal import Core
internal import JSONText
internal import Outbox
internal import Telemetry

extension StatusReport {
  /// One line, for `systemctl status`: what waits, what is wrong, what was done last.
  package var line: String {
    var parts: [String] = []
    if queue.files == 0 {
      parts.append("nothing queued")
    } else {
      let since = queue.oldestAt.map { " since \($0)" } ?? ""
      parts.append("\(queue.files) file\(queue.files == 1 ? "" : "s") queued, \(queue.items) items waiting\(since)")
    }
    for target in targets where target.state != "delivering" {
      let reason = target.reason.map { " (\($0))" } ?? ""
      parts.append("\(target.name) \(target.state)\(reason)")
    }
    let stuck = inboxes.reduce(0) { $0 + $1.unclaimed.count + $1.unclaimedLeftOut }
    if stuck > 0 { parts.append("\(stuck) unclaimed in inboxes") }
    if let lastFile { parts.append(lastFile) }
    return parts.joined(separator: "; ").onOneLine
  }

  /// `last: clients.csv partial, 998 of 1000 items accepted, 2026-11-22T03:09:07.498Z`
  private var lastFile: String? {
    guard let text = recent.first, let receipt = try? JSONValue.parse(Array(text.utf8)),
      case .string(let name)? = receipt["file"]?["name"], case .string(let status)? = receipt["status"],
      case .string(let time)? = receipt["file"]?["completedAt"],
      case .number(let items)? = receipt["counts"]?["items"],
      case .number(let accepted)? = receipt["counts"]?["accepted"]
    else { return nil }
    let counts = receipt["error"] == nil ? "\(accepted) of \(items) items accepted" : "could not be used"
    return "last: \(name) \(status), \(counts), \(time)"
  }
}
