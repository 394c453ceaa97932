package import Core

/// How rejected rows are written: three columns before the header and each row, which follow byte for byte.
///
/// If the dropped file was a rejects file itself, its old `_error_` cells are left out, so that they do not pile up.
package struct CSVRejects: Sendable {
  /// Nil if the file no longer holds the header that was checked.
  private let header: CSVHeader?
  private let layout: CSVLayout
  private var dialect: CSVDialect { layout.dialect }
  /// UTF-8.
  package var delimiter: [UInt8] { dialect.delimiter }

  private static let names = ["_error_code", "_error_message", "_error_line"]

  /// - Parameters:
  ///   - layout: the dropped file's.
  ///   - headerRow: its header row, which ended in a line break; nil if it has changed since, so that the columns'
  ///     names are unknown. Not looked at if the file has none.
  package init(_ layout: CSVLayout, headerRow: [UInt8]?) {
    self.layout = layout
    if layout.header == nil {
      header = try? CSVHeader(names: layout.names, dialect: layout.dialect)
    } else {
      header = headerRow.flatMap { try? CSVHeader(parsing: $0, layout.dialect) }
    }
  }

  /// What is in front of the rows, up to the header's line break.
  package var headerLine: [UInt8] {
    guard let header else { return headerOpening + dialect.lineBreak.bytes }
    return headerOpening + kept(of: header.bytes) + lineBreak(after: header.bytes.last)
  }

  // A header row in another encoding is written as `headerOpening`, its bytes, of which `ownHeader` says which are kept,
  // and the line break.

  /// What is in front of the file's own columns.
  package var headerOpening: [UInt8] {
    let separatorLine =
      layout.hasSeparatorLine ? Array("sep=".utf8) + delimiter + dialect.lineBreak.bytes : []
    let names = Array(Self.names.map { Array($0.utf8) }.joined(separator: delimiter))
    return separatorLine + names + (header == nil ? [] : delimiter)
  }

  /// The parts of the file's own header row that are kept, to be joined by delimiters, or nil if all of it is; and how
  /// the line ends. Nil if the file has no header row, or it is no longer what was checked.
  package var ownHeader: (parts: [Range<Int>]?, lineBreak: [UInt8])? {
    guard layout.header != nil, let header else { return nil }
    let kept = keptRanges(of: header.bytes)
    return (kept == [0..<header.bytes.count] ? nil : kept, lineBreak(after: header.bytes.last))
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
    let cells = opening(fault, line: number).dropLast(delimiter.count)
    let empty = repeatElement(delimiter, count: header?.columns.count ?? 0).joined()
    return cells + empty + dialect.lineBreak.bytes
  }

  // A row over the limits may be larger than memory. It is written as `opening`, the row in pieces (the first one
  // without its `errorCells`), and `lineBreak`.

  /// The three cells in front of a row, and the delimiter after them.
  package func opening(_ fault: ItemFault, line number: Int) -> [UInt8] {
    let texts = [fault.code.rawValue, Self.asText(fault.message), String(number)]
    return texts.flatMap { CSVText.cell(Array($0.utf8), dialect) + delimiter }
  }

  /// How many bytes at the start of a row, which begins with `piece`, are cells that upsertd once added.
  package func errorCells(atStartOf piece: [UInt8]) -> Int {
    guard let header, header.errorColumns.prefix(3).map(\.name) == Self.names,
      header.errorColumns.prefix(3).map(\.index) == [0, 1, 2]
    else { return 0 }
    var scanner = CSVScanner(dialect)
    // A fault or cut further on does not affect the cells before it.
    _ = try? scanner.scan(piece, upTo: piece.count)
    let cells = scanner.cells
    let text = { (index: Int) in String(decoding: cells[index].text(in: piece.span, dialect), as: UTF8.self) }
    guard cells.count >= 3, cells[2].outerRange.upperBound < piece.count,
      RejectCode(rawValue: text(0)) != nil, Int(text(2)) != nil
    else { return 0 }
    return cells[2].outerRange.upperBound + delimiter.count
  }

  /// The line break after a line whose last byte is `last`: a CR before a LF would be lost.
  package func lineBreak(after last: UInt8?) -> [UInt8] {
    last == Ascii.carriageReturn && dialect.lineBreak == .lf ? CSVDialect.LineBreak.crlf.bytes : dialect.lineBreak.bytes
  }

  /// Text that no spreadsheet interprets as a formula (<https://owasp.org/www-community/attacks/CSV_Injection>).
  private static func asText(_ message: String) -> String {
    guard let first = message.utf8.first, "=+-@\t\r".utf8.contains(first) else { return message }
    return "'" + message
  }

  private func kept(of row: [UInt8]) -> [UInt8] {
    Array(keptRanges(of: row).map { row[$0] }.joined(separator: delimiter))
  }

  /// The parts of a row that are kept, in order, to be joined by delimiters: everything except old `_error_` cells.
  package func keptRanges(of row: [UInt8]) -> [Range<Int>] {
    guard let header, !header.errorColumns.isEmpty else { return [0..<row.count] }
    var scanner = CSVScanner(dialect)
    // The row was found in the file before, so it is valid CSV. With a CRLF added, a CR at its end stays text.
    let line = row + (dialect.lineBreak == .cr ? dialect.lineBreak.bytes : CSVDialect.LineBreak.crlf.bytes)
    guard (try? scanner.scan(line, upTo: line.count)) == true, scanner.cellCount == header.width
    else {
      // Which cell is which is uncertain here; only the cells that upsertd added itself are certainly not data.
      return [errorCells(atStartOf: row)..<row.count]
    }
    let dropped = Set(header.errorColumns.map(\.index))
    return scanner.cells.indices.filter { !dropped.contains($0) }.map { scanner.cells[$0].outerRange }
  }
}

extension CSVHeader {
  /// A header row that was read before.
  ///
  /// - Throws: `FileFault` if it is none.
  fileprivate init(parsing row: [UInt8], _ dialect: CSVDialect) throws(FileFault) {
    var scanner = CSVScanner(dialect)
    let line = row + dialect.lineBreak.bytes
    guard try scanner.scan(line, upTo: line.count) else {
      throw FileFault(.malformedCSV, "the header row has no end")
    }
    try self.init(scanner, in: line.span, at: 0)
  }
}

/// Text as a cell of a CSV.
enum CSVText {
  /// `text` with quotes if it needs them; without quotes in the dialect, what would need them is replaced by blanks.
  ///
  /// A NUL, which is not allowed in CSV, becomes U+FFFD.
  static func cell(_ text: [UInt8], _ dialect: CSVDialect) -> [UInt8] {
    let bytes = text.contains(0) ? text.flatMap { $0 == 0 ? Array("\u{FFFD}".utf8) : [$0] } : text
    let needsQuotes =
      bytes.contains {
        $0 == dialect.delimiter[0] || $0 == dialect.quote || $0 == dialect.escape || $0 == Ascii.lineFeed
          || $0 == Ascii.carriageReturn
      }
    guard needsQuotes else { return bytes }
    guard let quote = dialect.quote else { return unquoted(bytes, dialect) }
    var cell = [quote]
    for byte in bytes {
      if byte == quote { cell.append(dialect.escape ?? quote) }
      if byte == dialect.escape { cell.append(byte) }
      cell.append(byte)
    }
    return cell + [quote]
  }

  private static func unquoted(_ bytes: [UInt8], _ dialect: CSVDialect) -> [UInt8] {
    var cell: [UInt8] = []
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let character = Array(String(scalar).utf8)
      let isSpecial = character == dialect.delimiter || scalar == "\n" || scalar == "\r"
      if let escape = dialect.escape, isSpecial || character == [escape] {
        cell += [escape] + character
      } else {
        cell += isSpecial ? [UInt8(ascii: " ")] : character
      }
    }
    return cell
  }
}
