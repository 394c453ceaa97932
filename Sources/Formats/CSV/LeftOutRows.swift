import Core

/// How much of a CSV is no data, although it stands where data does: by what says so.
///
/// Blank rows are no content. A trailer, and what is outside of `skip.before` and `skip.after`, don't count: these must
/// be in every file, and a file that has no rows between them is known to be complete.
struct LeftOutRows: Sendable {
  /// Of a file without a header row.
  var firstLines = 0
  var rows = 0
  var comments = 0
  var lastRows = 0
  var headers = 0

  /// To be told if there is no item; nil if nothing was left out.
  var warning: FileWarning? {
    var reasons = [
      ("skip.first", firstLines, "line"), ("skip.rows", rows, "row"), ("skip.comment", comments, "line"),
      ("skip.last", lastRows, "row"),
    ].filter { $0.1 > 0 }.map { "\($0.0) leaves out \(counted($0.1, $0.2))" }
    if headers > 0 { reasons.append("the header row comes again \(counted(headers, "time"))") }
    guard !reasons.isEmpty else { return nil }
    return FileWarning(.nothingTaken, "the file has no items, but it is not empty: " + reasons.joined(separator: ", "))
  }
}
