internal import Delivery
internal import Outbox

extension StatusReport {
  /// One line, for `systemctl status`.
  package var line: String {
    var parts: [String] = []
    if queue.files == 0 {
      parts.append("nothing queued")
    } else {
      parts.append("\(queue.files) file\(queue.files == 1 ? "" : "s") queued, \(queue.items) items waiting")
    }
    for target in targets where target.state != "delivering" {
      let reason = target.reason.map { " (\($0))" } ?? ""
      parts.append("\(target.name) \(target.state)\(reason)")
    }
    let stuck = inboxes.reduce(0) { $0 + $1.unclaimed.count }
    if stuck > 0 { parts.append("\(stuck) unclaimed in inboxes") }
    return parts.joined(separator: "; ").onOneLine
  }
}
