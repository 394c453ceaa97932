internal import Core
internal import Metrics
package import Settings
internal import Spool
package import Telemetry

/// What `run --once` has done, for people: files, items, and where their results are.
package struct RunSummary: Sendable, Equatable {
  /// Files of one inbox whose receipts were written.
  package struct Part: Sendable, Equatable {
    package var files: Int
    /// Of these, files with rejected items, or of no use.
    package var rejectedFiles: Int
    /// The folders of receipts and of rejects files.
    package var receipts: String
    package var rejects: String

    package init(files: Int, rejectedFiles: Int, receipts: String, rejects: String) {
      (self.files, self.rejectedFiles, self.receipts, self.rejects) = (files, rejectedFiles, receipts, rejects)
    }
  }

  package var took = Duration.zero
  package var items = 0
  package var rejectedItems = 0
  /// Files that could not be used as a whole.
  package var unusableFiles = 0
  package var queuedItems = 0
  /// Whether files are left, queued or in the inboxes.
  package var isSomethingLeft = false
  /// Inboxes of which a file was done, in the configuration's order.
  package var parts: [Part] = []

  package init() {}

  /// The parts of a run, from its counters.
  package static func parts(_ settings: Settings, _ metrics: DaemonMetrics) -> [Part] {
    settings.inboxes.compactMap { inbox in
      let counts = metrics.files.all.filter { $0.0[0] == inbox.name }
      let files = counts.map(\.1.value).saturatedSum
      guard files > 0 else { return nil }
      let folders = InboxFolders(spool: settings.spool, inbox: inbox.name)
      return Part(
        files: files, rejectedFiles: counts.filter { $0.0[1] != "accepted" }.map(\.1.value).saturatedSum,
        receipts: folders.receipts, rejects: folders.rejected)
    }
  }

  /// A line each.
  package var lines: [String] {
    let files = parts.map(\.files).saturatedSum
    var lines: [String] = []
    if files == 0 {
      lines.append(isSomethingLeft ? "no file is done" : "there was no file to send")
    } else {
      let unusable = unusableFiles > 0 ? "; \(counted(unusableFiles, "file")) could not be used" : ""
      lines.append(
        "\(counted(files, "file")) done in \(took.spelled): \(counted(items, "item")), "
          + "\(items.subtractingSaturated(rejectedItems)) accepted, \(rejectedItems) rejected\(unusable)")
    }
    for part in parts { lines.append("receipts: \(part.receipts) (\(part.files))".onOneLine) }
    for part in parts where part.rejectedFiles > 0 {
      lines.append("rejected, to be corrected: \(part.rejects) (\(part.rejectedFiles))".onOneLine)
    }
    if isSomethingLeft {
      let items = queuedItems > 0 ? ": \(counted(queuedItems, "item")) queued" : ""
      lines.append("not everything is done\(items); see `upsertd status`; the next run continues")
    }
    return lines
  }
}

extension Duration {
  /// Human-readable, to two places: `4 s`, `3 min 20 s`, `5 h 2 min`, `2 d 7 h`.
  package var spelled: String {
    let seconds = max(0, milliseconds / 1000)
    let units: [(name: String, seconds: Int64)] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]
    guard let first = units.firstIndex(where: { seconds >= $0.seconds }) else { return "0 s" }
    let count = seconds / units[first].seconds
    let rest = seconds % units[first].seconds
    guard first + 1 < units.count, rest >= units[first + 1].seconds else { return "\(count) \(units[first].name)" }
    return "\(count) \(units[first].name) \(rest / units[first + 1].seconds) \(units[first + 1].name)"
  }
}
