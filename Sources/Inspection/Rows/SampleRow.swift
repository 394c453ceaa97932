/// One row of a CSV's sample, or a blank line.
struct SampleRow: Sendable {
  /// The physical line on which it starts, from 1; nil in the end of a file whose middle was not read.
  var line: Int?
  /// The line on which it ends.
  var lastLine: Int?
  /// Empty for a blank line.
  var cells: [SampleCell]
  /// How many cells hold more than white space.
  var filled: Int
  /// False only for the file's last row.
  var hasLineEnd: Bool
  /// Whether a blank line, or one of delimiters alone, is in front of it.
  var followsBlank = false

  var isBlank: Bool { cells.isEmpty }
  /// Whether it is made of delimiters alone.
  var isDelimiters: Bool { !cells.isEmpty && filled == 0 && cells.count > 1 }
  /// Whether its first cell is several words, as those of a sentence.
  var isWords: Bool { first.split(separator: " ").count > 1 }
  var texts: [String] { cells.map(\.text) }
  var first: String { cells.first?.text.trimmed ?? "" }
}

struct SampleCell: Hashable, Sendable {
  var text: String
  /// As in the file, if it is not quoted: before escapes.
  var raw: String
  var isQuoted: Bool
}

/// The characters that make cells of a line.
struct Dialect: Hashable, Sendable {
  var delimiter = UInt8(ascii: ",")
  var quote: UInt8? = Ascii.quote
  var escape: UInt8?
}

/// Splits text into rows as its author meant them, as far as possible; what upsertd would reject is counted.
struct RowSplitter {
  private let bytes: [UInt8]
  private let dialect: Dialect
  private let comment: [UInt8]
  private var at: Int
  private let end: Int
  private var line: Int?

  private(set) var rows: [SampleRow] = []
  /// The lines of comments.
  private(set) var comments: [Int?] = []
  /// How often text follows a closing quote, or a quote is never closed.
  private(set) var faults = 0
  private(set) var firstFaultLine: Int?
  /// Whether the text ends in an open quote.
  private(set) var endsOpen = false

  /// - Parameters:
  ///   - range: the part of `bytes` to split, which begins with a line.
  ///   - line: that line's number; nil if it is unknown.
  ///   - comment: lines that begin like this are left out; empty for none.
  init(_ bytes: [UInt8], _ range: Range<Int>, line: Int?, _ dialect: Dialect, comment: String = "") {
    self.bytes = bytes
    self.dialect = dialect
    self.comment = Array(comment.utf8)
    self.line = line
    at = range.lowerBound
    end = range.upperBound
    split()
  }

  private mutating func split() {
    var followsBlank = false
    while at < end {
      if !comment.isEmpty, bytes[at..<end].starts(with: comment) {
        comments.append(line)
        at = lineEnd(from: at)
        passLineEnd()
        continue
      }
      var row = readRow()
      row.followsBlank = followsBlank
      followsBlank = row.filled == 0
      rows.append(row)
    }
  }

  private mutating func readRow() -> SampleRow {
    let start = at
    var row = SampleRow(line: line, lastLine: line, cells: [], filled: 0, hasLineEnd: false)
    if isAtLineEnd {
      row.hasLineEnd = passLineEnd()
      return row
    }
    while true {
      let cell = readCell()
      if cell.text.utf8.contains(where: { $0 != 0x20 && $0 != 0x09 }) { row.filled += 1 }
      row.cells.append(cell)
      guard at < end, bytes[at] == dialect.delimiter else { break }
      at += 1
      if at == end {
        row.cells.append(SampleCell(text: "", raw: "", isQuoted: false))
        break
      }
    }
    row.lastLine = line
    row.hasLineEnd = passLineEnd()
    if row.filled == 0, row.cells.count == 1, !row.cells[0].isQuoted, start < end { row.cells = [] }
    return row
  }

  private mutating func readCell() -> SampleCell {
    if let quote = dialect.quote, at < end, bytes[at] == quote { return readQuoted(quote) }
    var text: [UInt8] = []
    let start = at
    while at < end, bytes[at] != dialect.delimiter, !isAtLineEnd {
      if bytes[at] == dialect.escape, at + 1 < end {
        if bytes[at + 1] == Ascii.lineFeed { addLine() }
        text.append(bytes[at + 1])
        at += 2
      } else {
        text.append(bytes[at])
        at += 1
      }
    }
    let raw = String(decoding: bytes[start..<at], as: UTF8.self)
    return SampleCell(text: String(decoding: text, as: UTF8.self), raw: raw, isQuoted: false)
  }

  private mutating func readQuoted(_ quote: UInt8) -> SampleCell {
    var text: [UInt8] = []
    let openingLine = line
    at += 1
    var isClosed = false
    while at < end {
      let byte = bytes[at]
      at += 1
      if byte == dialect.escape, at < end, dialect.escape != quote {
        if bytes[at] == Ascii.lineFeed { addLine() }
        text.append(bytes[at])
        at += 1
      } else if byte == quote {
        guard at < end, bytes[at] == quote else {
          isClosed = true
          break
        }
        text.append(quote)
        at += 1
      } else {
        if byte == Ascii.lineFeed { addLine() }
        text.append(byte)
      }
    }
    if !isClosed {
      endsOpen = true
      fault(openingLine)
    } else if at < end, bytes[at] != dialect.delimiter, !isAtLineEnd {
      fault(line)
      while at < end, bytes[at] != dialect.delimiter, !isAtLineEnd {
        text.append(bytes[at])
        at += 1
      }
    }
    return SampleCell(text: String(decoding: text, as: UTF8.self), raw: "", isQuoted: true)
  }

  private mutating func fault(_ line: Int?) {
    if faults == 0 { firstFaultLine = line }
    faults += 1
  }

  private var isAtLineEnd: Bool {
    guard at < end else { return true }
    if bytes[at] == Ascii.lineFeed { return true }
    return bytes[at] == Ascii.carriageReturn && (at + 1 == end || bytes[at + 1] == Ascii.lineFeed)
  }

  private func lineEnd(from start: Int) -> Int { bytes[start..<end].firstIndex(of: Ascii.lineFeed) ?? end }

  /// - Returns: false at the end of the text.
  @discardableResult private mutating func passLineEnd() -> Bool {
    if at < end, bytes[at] == Ascii.carriageReturn { at += 1 }
    guard at < end else { return false }
    at += 1
    addLine()
    return true
  }

  private mutating func addLine() { line = line.map { $0 + 1 } }
}
