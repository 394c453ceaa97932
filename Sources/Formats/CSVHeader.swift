import Core

/// The header row of a CSV file.
package struct CSVHeader: Hashable, Sendable {
  package struct Column: Hashable, Sendable {
    package var name: String
    /// The cell's index in a row, from 0.
    package var index: Int
    /// The header cell's place: physical line and byte of that line, both from 1.
    package var line: Int
    package var column: Int
  }

  package var dialect: CSVDialect
  /// The row's range in the file, in bytes after decompression, without byte order mark and line break.
  package var range: Range<Int>
  /// The row as in the file, without its line break.
  package var bytes: [UInt8]
  package var line: Int
  /// The columns that fill fields, in the file's order.
  package var columns: [Column]
  /// The columns whose names start with `_error_`: a rejects file dropped again.
  package var errorColumns: [Column]

  /// How many cells a row must have.
  package var width: Int { columns.count + errorColumns.count }

  /// The prefix of column names that rejects files add.
  package static let errorPrefix = "_error_"

  /// - Parameter scanner: must have just found the header row in `buffer`, whose first byte is the file's byte
  ///   `offset`.
  /// - Throws: `FileFault` for repeated names and for line breaks that are lone CRs.
  init(_ scanner: borrowing CSVScanner, in buffer: Span<UInt8>, at offset: Int) throws(FileFault) {
    dialect = CSVDialect(delimiter: scanner.delimiter, lineBreak: scanner.rowBreak)
    range = scanner.rowStart + offset..<scanner.rowEnd + offset
    line = scanner.rowLine
    bytes = []
    columns = []
    errorColumns = []
    var names: Set<String> = []
    var line = scanner.rowLine
    // The header row starts a line; a byte order mark before it belongs to that line.
    var lineStart = scanner.rowLine == 1 ? -offset : scanner.rowStart
    var at = scanner.rowStart
    for (index, cell) in scanner.cells.enumerated() {
      while at < cell.outerRange.lowerBound {
        if buffer[at] == Ascii.lineFeed {
          line += 1
          lineStart = at + 1
        }
        at += 1
      }
      let text = cell.text(in: buffer)
      let name = String(decoding: text, as: UTF8.self)
      let column = Column(name: name, index: index, line: line, column: at - lineStart + 1)
      if !cell.isQuoted, let back = text.firstIndex(of: Ascii.carriageReturn) {
        throw FileFault(
          .malformedCSV, "the header row contains a CR without an LF: end lines with LF or CRLF", line: line,
          column: column.column + back)
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
}
