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

  /// Prometheus' text format.
  package var metrics: String {
    var out = ""
    func gauge(_ name: String, _ help: String, _ samples: [(labels: String, value: String)]) {
      out += "# HELP \(name) \(help)\n# TYPE \(name) gauge\n"
      for sample in samples { out += "\(name)\(sample.labels) \(sample.value)\n" }
    }
    gauge("upsertd_build_info", "The running version.", [("{version=\"\(Version.text)\"}", "1")])
    gauge("upsertd_queue_files", "Files claimed and not done.", [("", "\(queue.files)")])
    gauge("upsertd_queue_batches", "Batches waiting.", [("", "\(queue.batches)")])
    gauge("upsertd_queue_items", "Items waiting.", [("", "\(queue.items)")])
    gauge("upsertd_queue_bytes", "Bytes of the waiting request bodies.", [("", "\(queue.bytes)")])
    let age = queue.oldestAt.map { (Timestamp.now - $0).seconds } ?? 0
    gauge("upsertd_queue_oldest_age_seconds", "Age of the oldest file that is not done.", [("", "\(age)")])
    gauge(
      "upsertd_inbox_waiting_files", "Files in the inbox that are ready or on their way in.",
      inboxes.map { ("{inbox=\"\($0.name)\"}", "\($0.waiting)") })
    gauge(
      "upsertd_inbox_unclaimed_files", "Files that stay in the inbox.",
      inboxes.map { ("{inbox=\"\($0.name)\"}", "\($0.unclaimed.count)") })
    gauge(
      "upsertd_target_delivering", "1 where the target delivers, 0 where it is slowed, held or paused.",
      targets.map { ("{target=\"\($0.name)\"}", $0.state == "delivering" ? "1" : "0") })
    return out
  }
}
