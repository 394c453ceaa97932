internal import Core
internal import JSONText
internal import Operations
internal import Results
internal import Telemetry

/// A human-readable status report, in the width of the terminal.
struct StatusTable {
  private let report: StatusReport

  init(_ report: StatusReport) { self.report = report }

  var text: String {
    (inboxes + queueAndTargets + receivers + receipts).joined(separator: "\n")
  }

  private var inboxes: [String] {
    var lines = [heading("Inboxes")]
    for inbox in report.inboxes {
      lines.append("  \(inbox.name): \(counted(inbox.waiting, "file")) waiting\(inbox.isPaused ? ", paused" : "")")
      // Not cut to the terminal's width: it ends with the command.
      for advice in inbox.advice { lines.append("    \(advice.onOneLine)") }
      for file in inbox.unclaimed.prefix(20) {
        lines.append(Console.fitted("    \(Console.name(file.name)): \(file.reason)".onOneLine))
      }
      for file in inbox.unread.prefix(20) {
        lines.append(Console.fitted("    \(Console.name(file.name)): \(file.text)".onOneLine))
      }
      for entry in inbox.expected { lines += self.lines(of: entry) }
      for file in inbox.unreleased.prefix(20) {
        let rejects = file.rejected > 0 ? ", \(file.rejected) rejected" : ""
        let owners = file.owners.isEmpty ? "" : ", from \(file.owners.joined(separator: " and "))"
        // Not cut to the terminal's width: it ends with the id.
        lines.append(
          "    \(Console.name(file.name)): \(counted(file.items, "item"))\(rejects)\(owners), waiting for `upsertd release \(file.id)`"
            .onOneLine)
      }
      let unreleased = max(0, inbox.unreleased.count - 20) + inbox.unreleasedLeftOut
      if unreleased > 0 { lines.append("    … and \(unreleased) more that wait for their release") }
      let unlisted = max(0, inbox.unclaimed.count - 20) + inbox.unclaimedLeftOut
      if unlisted > 0 { lines.append("    … and \(unlisted) more (--json lists up to 200)") }
    }
    return lines
  }

  private func lines(of entry: StatusReport.ExpectedStatus) -> [String] {
    var text = "    expects \(Console.name(entry.match)) \(entry.rule): \(entry.text)"
    let missing = entry.missingNumbers
    if !missing.isEmpty { text += "; \(missing)" }
    return [Console.fitted(text.onOneLine)]
      + entry.alarms.suffix(5).map { Console.fitted("      \($0.at) \($0.kind): \($0.message)".onOneLine) }
  }

  var queueAndTargets: [String] {
    var lines = [heading("Queue")]
    if report.queueFiles == 0 {
      lines.append("  nothing is queued")
    } else {
      let since = report.queueOldestAt.map { ", the oldest since \($0)" } ?? ""
      lines.append(
        Console.fitted(
          "  \(counted(report.queueFiles, "file")), \(counted(report.queueItems, "item")) in \(counted(report.queueBatches, "batch", "batches")), \(counted(report.queueBytes, "byte"))\(since)"
        ))
    }
    lines.append(heading("Targets"))
    for target in report.targets {
      let isGood = target.state == .delivering || target.hasClosedWindow
      let until = target.until.map { ", \(target.hasClosedWindow ? "until" : "next attempt") \($0)" } ?? ""
      let reason = target.reason.map { ": \($0.onOneLine)" } ?? ""
      let since = target.since.map { " since \($0)" } ?? ""
      let state = target.isUnreachable ? "\(target.state.rawValue), can't be reached" : target.state.rawValue
      lines.append("  \(target.name): " + Console.styled(state, isGood ? .green : .red) + "\(since)\(reason)\(until)")
      // Not cut to the terminal's width: it ends with the command.
      if let help = target.help { lines.append("    \(help.onOneLine)") }
    }
    return lines
  }

  /// Nothing if nobody is notified.
  private var receivers: [String] {
    guard !report.receivers.isEmpty else { return [] }
    return [heading("Notify")]
      + report.receivers.map { receiver in
        var line = "  \(Console.name(receiver.name)): \(counted(receiver.waiting, "notice")) waiting"
        if receiver.dropped > 0 { line += ", \(receiver.dropped) lost" }
        if let failure = receiver.failure {
          let since = receiver.failingSince.map { " since \($0)" } ?? ""
          line += ", " + Console.styled("failing", .red) + "\(since): \(failure.onOneLine)"
        }
        return line
      }
  }

  private var receipts: [String] {
    var lines = [heading("Last receipts")]
    if report.recent.isEmpty { lines.append("  none yet") }
    for (place, receipt) in report.recent.prefix(10).enumerated() {
      lines.append(Console.fitted("  " + line(of: receipt).onOneLine))
      if report.corrections.indices.contains(place), let corrections = report.corrections[place] {
        lines.append(Console.fitted("    \(corrections.text)".onOneLine))
      }
    }
    return lines
  }

  private func heading(_ text: String) -> String { Console.styled(text, .bold) }

  private func line(of receipt: String) -> String {
    guard let document = try? JSONValue.parse(Array(receipt.utf8)), let file = document["file"],
      let counts = document["counts"]
    else { return receipt }
    func text(_ value: JSONValue?) -> String { value?.string ?? value?.integer.map(String.init) ?? "" }
    let error = document["error"].map { " (\(text($0["code"])))" } ?? ""
    return """
      \(text(file["completedAt"]))  \(text(file["inbox"]))  \(Console.name(text(file["name"])))  \(text(document["status"]))\(error)  \
      \(text(counts["accepted"])) accepted, \(text(counts["rejected"])) rejected  \(text(file["id"]))
      """
  }
}
