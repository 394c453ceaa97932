import Core

/// The header row of a CSV file.
package struct CSVHeader: Hashable, Sendable {
  package struct Column: Hashable, Sendable {
    package var name: String
    /// The cell's index in a row, from 0.
    package var index: Int
    /// The header cell's place: physical line and byte of that line, both from 1; nil if the file has no header row.
    package var line: Int?
    package var column: Int?
  }

  package var dialect: CSVDialect
  /// The row's range in the file, in bytes after decompression, without byte order mark and line break; empty if the
  /// file has no header row.
  package var range: Range<Int>
  /// The row as in the file, without its line break; or as it would be there.
  package var bytes: [UInt8]
  package var line: Int?
  /// The columns that fill fields, in the file's order.
  package var columns: [Column]
  /// The columns whose names start with `_error_`: a rejects file dropped again.
  package var errorColumns: [Column]

  /// How many cells at the end have no name: a spreadsheet's empty columns. They hold nothing, and a row may lack them.
  package var namelessColumns: Int

  /// How many cells a row has.
  package var width: Int { columns.count + errorColumns.count + namelessColumns }

  /// The prefix of column names that rejects files add.
  package static let errorPrefix = "_error_"

  /// - Parameter scanner: must have just found the header row in `buffer`, whose first byte is the file's byte
  ///   `offset`.
  /// - Throws: `FileFault` for repeated names and for line breaks that are lone CRs.
  init(_ scanner: borrowing CSVScanner, in buffer: Span<UInt8>, at offset: Int) throws(FileFault) {
    dialect = scanner.dialect
    dialect.lineBreak = scanner.rowBreak
    range = scanner.rowStart + offset..<scanner.rowEnd + offset
    line = scanner.rowLine
    bytes = []
    columns = []
    errorColumns = []
    namelessColumns = scanner.cells.reversed().prefix { $0.isEmpty }.count
    var names: Set<String> = []
    var line = scanner.rowLine
    // The header row starts a line; a byte order mark before it belongs to that line.
    var lineStart = scanner.rowLine == 1 ? -offset : scanner.rowStart
    var at = scanner.rowStart
    for (index, cell) in scanner.cells.dropLast(namelessColumns).enumerated() {
      while at < cell.outerRange.lowerBound {
        if buffer[at] == Ascii.lineFeed {
          line += 1
          lineStart = at + 1
        }
        at += 1
      }
      let text = cell.text(in: buffer, dialect)
      let name = ColumnName.normalized(String(decoding: text, as: UTF8.self))
      let column = Column(name: name, index: index, line: line, column: at - lineStart + 1)
      // Elsewhere it is text; in the first line of a rejects file it would decide how lines end.
      let other = dialect.lineBreak == .cr ? Ascii.lineFeed : Ascii.carriageReturn
      if !cell.isQuoted, let back = text.firstIndex(of: other) {
        throw FileFault(
          .malformedCSV,
          dialect.lineBreak == .cr
            ? "the header row contains an LF, but lines end with CR: quote the cell"
            : "the header row contains a CR without an LF: end lines with LF or CRLF", line: line,
          column: at - lineStart + 1 + back)
      }
      if name.hasPrefix(Self.errorPrefix) {
        errorColumns.append(column)
      } else if names.insert(name).inserted {
        columns.append(column)
      } else {
        throw FileFault(
          .malformedCSV, "column \(name.quoted) appears twice in the header", line: line, column: column.column)
      }
    }
    if columns.isEmpty {
      throw FileFault(
        .malformedCSV, "the header has no columns other than \(Self.errorPrefix)…", line: scanner.rowLine)
    }
    bytes.reserveCapacity(range.count)
    for at in scanner.rowStart..<scanner.rowEnd { bytes.append(buffer[at]) }
  }

  /// The columns of a file without a header row.
  ///
  /// - Throws: `FileFault` for repeated names.
  init(names: [String], dialect: CSVDialect) throws(FileFault) {
    self.dialect = dialect
    range = 0..<0
    bytes = Array(names.map { CSVText.cell(Array($0.utf8), dialect) }.joined(separator: dialect.delimiter))
    columns = names.enumerated().map { Column(name: ColumnName.normalized($1), index: $0) }
    errorColumns = []
    namelessColumns = 0
    var known: Set<String> = []
    if let twice = columns.first(where: { !known.insert($0.name).inserted }) {
      throw FileFault(.malformedCSV, "the route's header names column \(twice.name.quoted) twice")
    }
  }
}
