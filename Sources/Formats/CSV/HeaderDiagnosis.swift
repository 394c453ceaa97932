import Core

/// The likely reason why a header does not name the columns that it should, with what to do about it; nil if nothing
/// looks wrong. Words to append to a message after a semicolon.
///
/// - Parameter header: the header of a file that can't be used because of it; the guess is wrong for others.
package func likelyCause(of header: CSVHeader) -> String? {
  if let markup = markup(header.bytes) { return "it looks like \(markup), not a CSV file" }
  let names = header.columns.map(\.name)
  if names.count == 1, let delimiter = likelyDelimiter(in: String(decoding: header.bytes, as: UTF8.self)) {
    return "the delimiter is probably \(delimiter): set delimiter"
  }
  if looksLikeData(names.filter { !$0.isEmpty }) { return "the header row is probably missing: set header" }
  return nil
}

private func markup(_ bytes: [UInt8]) -> String? {
  let start = String(decoding: bytes.prefix(200), as: UTF8.self).drop(while: \.isWhitespace).lowercased()
  if start.hasPrefix("<?xml") { return "XML" }
  if start.hasPrefix("<!doctype") || start.hasPrefix("<html") { return "an HTML page" }
  if start.hasPrefix("<") { return "HTML or XML" }
  if start.hasPrefix("{") || start.hasPrefix("[{") { return "JSON" }
  return nil
}

/// The delimiter that occurs most often in the only name of a header, for a message.
private func likelyDelimiter(in name: String) -> String? {
  let candidates: [(Character, String)] = [(";", "\";\""), ("|", "\"|\""), ("\t", "tab"), (",", "\",\"")]
  var best: (count: Int, words: String)?
  for (character, words) in candidates {
    let count = name.count { $0 == character }
    if count > best?.count ?? 0 { best = (count, words) }
  }
  return best?.words
}

/// Whether the names are all numbers, or one of them is what only data contains.
private func looksLikeData(_ names: [String]) -> Bool {
  if names.isEmpty { return false }
  return names.allSatisfy(isNumber) || names.contains { isDecimal($0) || isDate($0) || isAddress($0) }
}

private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

private func isNumber(_ name: String) -> Bool {
  name.utf8.contains(where: isDigit) && name.utf8.allSatisfy { isDigit($0) || "+-.,' ".utf8.contains($0) }
}

/// A number with a sign or a fraction, or one too long for a year: names of columns are none of these.
private func isDecimal(_ name: String) -> Bool {
  isNumber(name) && (name.utf8.contains { "+-.,".utf8.contains($0) } || name.utf8.count(where: isDigit) > 4)
}

/// Three groups of digits: `31/01/2016`, `2016-01-31T10:00`.
private func isDate(_ name: String) -> Bool {
  let groups = name.utf8.prefix(10).split(omittingEmptySubsequences: false) { "/-.".utf8.contains($0) }
  return groups.count == 3 && groups.allSatisfy { (1...4).contains($0.count) && $0.allSatisfy(isDigit) }
}

private func isAddress(_ name: String) -> Bool {
  let parts = name.split(separator: "@", omittingEmptySubsequences: false)
  return parts.count == 2 && !parts[0].isEmpty && parts[1].dropFirst().contains(".") && !name.contains(" ")
}

/// Notices rows of data that look like another header row: the file was put together from pieces with different
/// columns, or its route names columns that the file names itself.
///
/// A header row that comes again unchanged is not data and never gets here. Nearly all other rows are ruled out by one
/// byte and a length, so this costs next to nothing.
struct SecondHeader: Sendable {
  private var names: Set<[UInt8]> = []
  /// The names' lengths, as bits; names of 64 bytes and more are not looked for in a row's first cell.
  private var lengths: UInt64 = 0
  private var firstBytes = [Bool](repeating: false, count: 256)
  private let dialect: CSVDialect
  private let isNamedByRoute: Bool
  /// Rows found, and the line of the first.
  private var count = 0
  private var line = 0

  init(_ header: CSVHeader) {
    dialect = header.dialect
    isNamedByRoute = header.range.isEmpty
    for column in header.columns {
      let name = Array(column.name.utf8)
      guard let first = name.first else { continue }
      names.insert(name)
      firstBytes[Int(first)] = true
      if name.count < 64 { lengths |= 1 << UInt64(name.count) }
    }
    // One equal cell says nothing.
    if names.count < 2 { lengths = 0 }
  }

  /// Whether the row is one; it is counted then.
  @inline(__always)
  mutating func takes(_ cells: [CSVCell], in row: Span<UInt8>, line: Int) -> Bool {
    guard let first = cells.first, first.end &- first.start < 64,
      lengths & 1 << UInt64(first.end &- first.start) != 0, firstBytes[Int(row[first.start])]
    else { return false }
    return takesLikely(cells, in: row, line: line)
  }

  /// At least two of its cells, and half of those that there could be, are names of columns.
  @inline(never)
  private mutating func takesLikely(_ cells: [CSVCell], in row: Span<UInt8>, line: Int) -> Bool {
    guard names.contains(cells[0].text(in: row, dialect)) else { return false }
    let found = Set(cells.map { $0.text(in: row, dialect) }.filter(names.contains))
    guard found.count >= 2, 2 * found.count >= min(cells.count, names.count) else { return false }
    if count == 0 { self.line = line }
    count += 1
    return true
  }

  /// What is wrong with such a row; words to append to its fault's message after a semicolon.
  var cause: String {
    isNamedByRoute
      ? "it looks like a header row, but header on the route names the columns"
      : "it looks like another header row: the file was probably put together of pieces"
  }

  /// Nil if there was none.
  var warning: FileWarning? {
    guard count > 0 else { return nil }
    let rest = count > 1 ? ", and so \(count == 2 ? "does" : "do") \(counted(count - 1, "row")) further on" : ""
    let advice =
      isNamedByRoute
      ? "header on the route is for files without one"
      : "the file was probably put together of pieces with other columns, and values may be in the wrong fields"
    return FileWarning(
      .secondHeader, "line \(line) was read as data, but it looks like a header row\(rest): \(advice)")
  }
}
