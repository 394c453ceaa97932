package import Core

/// How rejected rows are written: three columns before the header and each row, which follow byte for byte.
///
/// If the dropped file was a rejects file itself, its old `_error_` cells are left out, so that they do not pile up.
package struct CSVRejects: Sendable {
  /// Nil if the file no longer holds the header that was checked.
  private let header: CSVHeader?
  private let dialect: CSVDialect
  private var delimiter: UInt8 { dialect.delimiter }

  private static let names = ["_error_code", "_error_message", "_error_line"]

  /// - Parameter header: the dropped file's header.
  package init(_ header: CSVHeader) {
    self.header = header
    dialect = header.dialect
  }

  /// For a file whose header row has changed since: the columns' names are then unknown.
  package init(withoutHeader delimiter: UInt8) {
    header = nil
    dialect = CSVDialect(delimiter: delimiter, lineBreak: .lf)
  }

  /// The header row, with its line break.
  package var headerLine: [UInt8] {
    let names = Self.names.flatMap { Array($0.utf8) + [delimiter] }
    guard let header else { return names.dropLast() + dialect.lineBreak.bytes }
    return names + kept(of: header.bytes) + lineBreak(after: header.bytes.last)
  }

  /// The line of a rejected row, with its line break.
  ///
  /// - Parameters:
  ///   - row: the row as in the file, without its line break.
  ///   - number: the physical line on which it starts there.
  package func line(for row: [UInt8], _ fault: ItemFault, line number: Int) -> [UInt8] {
    opening(fault, line: number) + kept(of: row) + lineBreak(after: row.last)
  }

  /// The line of a rejected row whose bytes have changed since: all its own cells are empty.
  package func lineWithoutRow(_ fault: ItemFault, line number: Int) -> [UInt8] {
    let cells = opening(fault, line: number).dropLast()
    return cells + Array(repeating: delimiter, count: header?.columns.count ?? 0) + dialect.lineBreak.bytes
  }

  // A row over the limits may be larger than memory. It is written as `opening`, the row in pieces (the first one
  // without its `errorCells`), and `lineBreak`.

  /// The three cells in front of a row, and the delimiter after them.
  package func opening(_ fault: ItemFault, line number: Int) -> [UInt8] {
    var cells: [UInt8] = []
    append(fault.code.rawValue, to: &cells)
    cells.append(delimiter)
    append(Self.asText(fault.message), to: &cells)
    cells.append(delimiter)
    append(String(number), to: &cells)
    cells.append(delimiter)
    return cells
  }

  /// How many bytes at the start of a row, which begins with `piece`, are cells that upsertd once added.
  package func errorCells(atStartOf piece: [UInt8]) -> Int {
    guard let header, header.errorColumns.prefix(3).map(\.name) == Self.names,
      header.errorColumns.prefix(3).map(\.index) == [0, 1, 2]
    else { return 0 }
    var scanner = CSVScanner(delimiter: delimiter)
    // A fault or cut further on does not affect the cells before it.
    _ = try? scanner.scan(piece, upTo: piece.count)
    let cells = scanner.cells
    guard cells.count >= 3, cells[2].outerRange.upperBound < piece.count,
      RejectCode(rawValue: String(decoding: cells[0].text(in: piece.span), as: UTF8.self)) != nil,
      Int(String(decoding: cells[2].text(in: piece.span), as: UTF8.self)) != nil
    else { return 0 }
    return cells[2].outerRange.upperBound + 1
  }

  /// The line break after a line whose last byte is `last`: a CR before a LF would be lost.
  package func lineBreak(after last: UInt8?) -> [UInt8] {
    last == Ascii.carriageReturn ? CSVDialect.LineBreak.crlf.bytes : dialect.lineBreak.bytes
  }

  /// Text that no spreadsheet interprets as a formula (<https://owasp.org/www-community/attacks/CSV_Injection>).
  private static func asText(_ message: String) -> String {
    guard let first = message.utf8.first, "=+-@\t\r".utf8.contains(first) else { return message }
    return "'" + message
  }

  /// Quotes `text` if necessary; an API's message may contain anything, even a NUL, which is not allowed in CSV.
  private func append(_ text: String, to cells: inout [UInt8]) {
    let bytes = text.utf8.flatMap { $0 == 0 ? Array("\u{FFFD}".utf8) : [$0] }
    let needsQuotes = bytes.contains {
      $0 == delimiter || $0 == Ascii.quote || $0 == Ascii.lineFeed || $0 == Ascii.carriageReturn
    }
    guard needsQuotes else {
      cells += bytes
      return
    }
    cells.append(Ascii.quote)
    for byte in bytes {
      if byte == Ascii.quote { cells.append(byte) }
      cells.append(byte)
    }
    cells.append(Ascii.quote)
  }

  /// The part of a row that is kept: everything except old `_error_` cells.
  private func kept(of row: [UInt8]) -> [UInt8] {
    guard let header, !header.errorColumns.isEmpty else { return row }
    var scanner = CSVScanner(delimiter: delimiter)
    // The row was found in the file before, so it is valid CSV. With a CRLF added, a CR at its end stays text.
    let line = row + CSVDialect.LineBreak.crlf.bytes
    guard (try? scanner.scan(line, upTo: line.count)) == true, scanner.cellCount == header.width
    else {
      // Which cell is which is uncertain here; only the cells that upsertd added itself are certainly not data.
      return Array(row[errorCells(atStartOf: row)...])
    }
    let dropped = Set(header.errorColumns.map(\.index))
    let cells = scanner.cells.indices.filter { !dropped.contains($0) }.map { row[scanner.cells[$0].outerRange] }
    return Array(cells.joined(separator: [delimiter]))
  }
}
