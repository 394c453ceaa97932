import Core

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
