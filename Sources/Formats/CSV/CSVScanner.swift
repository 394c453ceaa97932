import Core
import JSONText

/// Finds the rows and cells of a CSV (RFC 4180, or another dialect of it) in bytes that arrive piece by piece.
///
/// It remembers where it stopped, so each byte is scanned once however the pieces are cut. All positions are relative
/// to the bytes that the caller holds; `forget` reports that the caller dropped some. Beyond RFC 4180:
/// - LF ends a row just as CRLF does; a lone CR is text in an unquoted cell, and a line break at the very end. In a file
///   whose lines end with CR, only CR ends a row;
/// - empty lines are not rows;
/// - a quote inside an unquoted cell is text.
struct CSVScanner: Sendable {
  let dialect: CSVDialect
  private let delimiter: UInt8
  /// The bytes of the delimiter after its first; almost always none.
  private let delimiterRest: [UInt8]
  private let quote: UInt8
  private let escape: UInt8
  private let hasEscape: Bool
  /// Whether a CR ends a row, and nothing else does.
  private let endsAtReturn: Bool
  /// The byte that ends a physical line.
  private let lineEnd: UInt8
  /// What is recognized at the start of a line.
  private let comment: [UInt8]
  private let after: [UInt8]
  private let hasLineRules: Bool
  /// How many cells of a row have their places kept; all are counted.
  var maxCells = Int.max
  /// Whether nothing follows the bytes that the caller holds.
  var isWhole = false

  /// The next byte to scan.
  private(set) var at = 0
  /// The line of `at`, and where it starts.
  private(set) var line = 1
  private(set) var lineStart = 0

  /// The last row found.
  private(set) var rowStart = 0
  private(set) var rowEnd = 0
  private(set) var rowLine = 1
  private(set) var rowBreak = CSVDialect.LineBreak.lf
  private(set) var cells: [CSVCell] = []
  private(set) var cellCount = 0
  /// Whether this row is only scanned for its end: its bytes may be gone.
  private(set) var isSkipping = false
  /// How many lines were comments.
  private(set) var comments = 0
  /// Whether the line after which nothing is data was found.
  private(set) var isPastData = false

  private var state = State.rowStart
  private var cellStart = 0
  private var hasEscapes = false
  private var quoteLine = 1
  private var quoteColumn = 1

  private enum State {
    case rowStart
    /// After a CR at the start of a line.
    case rowStartReturn
    /// In a line that is not a row.
    case comment
    /// After the data: nothing is scanned.
    case pastData
    case cellStart
    case unquoted
    case unquotedReturn
    /// After an escape: the next byte has no meaning of its own.
    case unquotedEscape
    case quoted
    case quotedEscape
    /// After a quote within a quoted cell: the cell's end, or half of a doubled quote.
    case quotedQuote
    case quotedReturn
  }

  /// - Parameters:
  ///   - comment: the start of lines that are not rows; empty for none.
  ///   - after: the line from which on nothing is data; empty for none.
  init(_ dialect: CSVDialect = CSVDialect(), comment: String = "", after: String = "") {
    self.dialect = dialect
    delimiter = dialect.delimiter[0]
    delimiterRest = Array(dialect.delimiter.dropFirst())
    quote = dialect.quote ?? Ascii.none
    escape = dialect.escape ?? Ascii.none
    hasEscape = dialect.escape != nil
    endsAtReturn = dialect.lineBreak == .cr
    lineEnd = endsAtReturn ? Ascii.carriageReturn : Ascii.lineFeed
    self.comment = Array(comment.utf8)
    self.after = Array(after.utf8)
    hasLineRules = !comment.isEmpty || !after.isEmpty
  }

  /// Whether no row has begun since the last one ended.
  var isBetweenRows: Bool {
    switch state {
    case .rowStart, .rowStartReturn, .comment, .pastData: true
    default: false
    }
  }

  /// How many of the caller's bytes are no longer needed.
  var forgettable: Int {
    switch state {
    case .rowStart, .comment, .pastData: at
    case .rowStartReturn: at - 1
    // The last byte may be the CR of a line break, which is not part of the row's tag.
    default: isSkipping ? at - 1 : rowStart
    }
  }

  mutating func forget(_ count: Int) {
    at -= count
    lineStart -= count
    rowStart -= count
    cellStart -= count
    for index in cells.indices {
      cells[index].start -= count
      cells[index].end -= count
    }
  }

  /// Starts after a byte order mark, which belongs to the first line but to no row.
  mutating func start(at position: Int) {
    at = position
    rowStart = position
  }

  /// Starts where another scanner, between rows, has stopped.
  mutating func start(where other: CSVScanner) {
    (at, line, lineStart) = (other.at, other.line, other.lineStart)
    (rowStart, isWhole) = (other.at, other.isWhole)
  }

  /// Passes a physical line that is not a row; the next one begins at `position`.
  mutating func passLine(to position: Int) {
    at = position
    rowStart = position
    line += 1
    lineStart = position
  }

  /// Drops the cells of the current row, which is too long to be kept.
  mutating func skipRow() {
    isSkipping = true
    cells.removeAll(keepingCapacity: true)
  }

  /// Continues scanning the bytes before `end`; true if a row has ended.
  ///
  /// Takes an array, since the compiler treats a span of one stored property as overlapping changes of its neighbours.
  mutating func scan(_ buffer: [UInt8], upTo end: Int) throws(FileFault) -> Bool {
    let bytes = buffer.span.extracting(first: end)
    while at < end {
      switch state {
      case .rowStart:
        let byte = bytes[at]
        if byte == lineEnd {
          passLineBreak()
        } else if byte == Ascii.carriageReturn, !endsAtReturn {
          state = .rowStartReturn
          at += 1
        } else if hasLineRules {
          guard beginLine(bytes) else { return false }
        } else {
          beginRow(at: at)
        }
      case .rowStartReturn:
        if bytes[at] == Ascii.lineFeed {
          passLineBreak()
          state = .rowStart
        } else {
          beginRow(at: at - 1)
          state = .unquoted
        }
      case .comment:
        if let found = bytes.firstIndex(of: lineEnd, from: at) {
          at = found
          passLineBreak()
          state = .rowStart
        } else {
          at = end
        }
      case .pastData: at = end
      case .cellStart:
        if bytes[at] == quote {
          state = .quoted
          hasEscapes = false
          quoteLine = line
          quoteColumn = at - lineStart + 1
          at += 1
          cellStart = at
        } else {
          state = .unquoted
          hasEscapes = false
          cellStart = at
        }
      case .unquoted:
        if try hasEscape ? scanUnquotedWithEscapes(bytes) : scanUnquoted(bytes) { return true }
      case .unquotedReturn:
        if bytes[at] == Ascii.lineFeed {
          endCell(at: at - 1, quoted: false)
          endRow(at: at - 1, .crlf)
          return true
        }
        state = .unquoted
      case .unquotedEscape:
        passEscaped(bytes[at])
        state = .unquoted
      case .quoted:
        try hasEscape ? scanQuotedWithEscapes(bytes) : scanQuoted(bytes)
      case .quotedEscape:
        passEscaped(bytes[at])
        state = .quoted
      case .quotedQuote:
        let byte = bytes[at]
        if byte == quote {
          hasEscapes = true
          state = .quoted
          at += 1
        } else if isDelimiter(bytes, at) {
          endCell(at: at - 1, quoted: true)
          state = .cellStart
          at += 1 + delimiterRest.count
        } else if byte == lineEnd {
          endCell(at: at - 1, quoted: true)
          endRow(at: at, endsAtReturn ? .cr : .lf)
          return true
        } else if byte == Ascii.carriageReturn {
          state = .quotedReturn
          at += 1
        } else {
          throw textAfterQuote(at: at)
        }
      case .quotedReturn:
        guard bytes[at] == Ascii.lineFeed else { throw textAfterQuote(at: at - 1) }
        endCell(at: at - 2, quoted: true)
        endRow(at: at - 1, .crlf)
        return true
      }
    }
    return false
  }

  /// Handles the end of the file; true if that ended a row.
  mutating func finish() throws(FileFault) -> Bool {
    switch state {
    case .rowStart, .rowStartReturn, .comment, .pastData:
      return false
    case .cellStart:
      cellStart = at
      hasEscapes = false
      endCell(at: at, quoted: false)
      endRow(at: at, nil)
    case .unquoted, .unquotedEscape:
      endCell(at: at, quoted: false)
      endRow(at: at, nil)
    case .unquotedReturn:
      endCell(at: at - 1, quoted: false)
      endRow(at: at - 1, nil)
    case .quoted, .quotedEscape:
      throw FileFault(
        .malformedCSV, "a quote is opened here and never closed", line: quoteLine, column: quoteColumn)
    case .quotedQuote:
      endCell(at: at - 1, quoted: true)
      endRow(at: at, nil)
    case .quotedReturn:
      endCell(at: at - 2, quoted: true)
      endRow(at: at - 1, nil)
    }
    return true
  }

  // MARK: - Lines

  /// Decides what the line at `at` is; false if that takes more bytes than there are yet.
  private mutating func beginLine(_ bytes: Span<UInt8>) -> Bool {
    switch isComment(bytes) {
    case nil: return false
    case true?:
      state = .comment
      comments += 1
      return true
    case false?: break
    }
    switch isAfter(bytes) {
    case nil: return false
    case true?:
      state = .pastData
      isPastData = true
    case false?: beginRow(at: at)
    }
    return true
  }

  private func isComment(_ bytes: Span<UInt8>) -> Bool? {
    if comment.isEmpty { return false }
    for (index, byte) in comment.enumerated() {
      guard at + index < bytes.count else { return isWhole ? false : nil }
      guard bytes[at + index] == byte else { return false }
    }
    return true
  }

  private func isAfter(_ bytes: Span<UInt8>) -> Bool? {
    if after.isEmpty { return false }
    guard let length = Self.lengthOfMark(after, in: bytes, from: at, delimiter: delimiter, isWhole: isWhole) else {
      return nil
    }
    return length > 0
  }

  /// How many bytes of a line, from `start`, are the mark `text`, with nothing but blanks and delimiters after it, such
  /// as a spreadsheet adds; 0 if the line is another one, nil if that takes more bytes.
  static func lengthOfMark(
    _ text: [UInt8], in bytes: Span<UInt8>, from start: Int, delimiter: UInt8, isWhole: Bool
  ) -> Int? {
    for (index, byte) in text.enumerated() {
      guard start + index < bytes.count else { return isWhole ? 0 : nil }
      guard bytes[start + index] == byte else { return 0 }
    }
    var at = start + text.count
    while at < bytes.count {
      switch bytes[at] {
      case Ascii.lineFeed, Ascii.carriageReturn: return at - start
      case UInt8(ascii: " "), UInt8(ascii: "\t"), delimiter: at += 1
      default: return 0
      }
    }
    return isWhole ? at - start : nil
  }

  // MARK: - Cells

  private mutating func scanUnquoted(_ bytes: Span<UInt8>) throws(FileFault) -> Bool {
    let end = bytes.count
    let delimiter = delimiter
    var at = at
    while at < end {
      let byte = bytes[at]
      if byte > Ascii.carriageReturn && byte != delimiter {
        at += 1
        continue
      }
      if byte == delimiter {
        if delimiterRest.isEmpty || isDelimiter(bytes, at) {
          endCell(at: at, quoted: false)
          self.at = at + 1 + delimiterRest.count
          state = .cellStart
          return false
        }
        at += 1
        continue
      }
      switch byte {
      case Ascii.lineFeed:
        if endsAtReturn { break }
        self.at = at
        endCell(at: at, quoted: false)
        endRow(at: at, .lf)
        return true
      case Ascii.carriageReturn:
        if endsAtReturn {
          self.at = at
          endCell(at: at, quoted: false)
          endRow(at: at, .cr)
          return true
        }
        self.at = at + 1
        state = .unquotedReturn
        return false
      case 0: throw nulByte(at: at)
      default: break
      }
      at += 1
    }
    self.at = at
    return false
  }

  /// The same up to the next escape, which few dialects have.
  private mutating func scanUnquotedWithEscapes(_ bytes: Span<UInt8>) throws(FileFault) -> Bool {
    let start = at
    while at < bytes.count, bytes[at] != escape, bytes[at] > Ascii.carriageReturn, bytes[at] != delimiter { at += 1 }
    guard at < bytes.count else { return false }
    guard bytes[at] == escape else {
      if at > start { return false }
      // One byte with a meaning of its own, and what follows it up to the next.
      return try scanUnquoted(bytes.extracting(first: at + 1 + (isDelimiter(bytes, at) ? delimiterRest.count : 0)))
    }
    hasEscapes = true
    state = .unquotedEscape
    at += 1
    return false
  }

  private mutating func scanQuoted(_ bytes: Span<UInt8>) throws(FileFault) {
    let end = bytes.count
    let quote = quote
    var at = at
    while at < end {
      let byte = bytes[at]
      at += 1
      if byte > quote { continue }
      switch byte {
      case quote:
        state = .quotedQuote
        self.at = at
        return
      case lineEnd:
        line += 1
        lineStart = at
      case 0: throw nulByte(at: at - 1)
      default: continue
      }
    }
    self.at = at
  }

  private mutating func scanQuotedWithEscapes(_ bytes: Span<UInt8>) throws(FileFault) {
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == escape {
        hasEscapes = true
        state = .quotedEscape
        return
      } else if byte == quote {
        state = .quotedQuote
        return
      } else if byte == lineEnd {
        line += 1
        lineStart = at
      } else if byte == 0 {
        throw nulByte(at: at - 1)
      }
    }
  }

  private mutating func passEscaped(_ byte: UInt8) {
    at += 1
    if byte == lineEnd {
      line += 1
      lineStart = at
    }
  }

  @inline(__always)
  private func isDelimiter(_ bytes: Span<UInt8>, _ position: Int) -> Bool {
    guard bytes[position] == delimiter else { return false }
    for (index, byte) in delimiterRest.enumerated() {
      // Checked bytes never end within a character, but a piece of a huge row may.
      guard position + 1 + index < bytes.count, bytes[position + 1 + index] == byte else { return false }
    }
    return true
  }

  private mutating func passLineBreak() {
    at += 1
    line += 1
    lineStart = at
  }

  private mutating func beginRow(at start: Int) {
    rowStart = start
    cellStart = start
    rowLine = line
    cellCount = 0
    hasEscapes = false
    cells.removeAll(keepingCapacity: true)
    isSkipping = false
    state = .cellStart
  }

  private mutating func endCell(at end: Int, quoted: Bool) {
    if cellCount < maxCells && !isSkipping {
      cells.append(CSVCell(start: cellStart, end: end, isQuoted: quoted, hasEscapes: hasEscapes))
    }
    cellCount += 1
  }

  /// `lineBreak` is nil at the file's end.
  private mutating func endRow(at end: Int, _ lineBreak: CSVDialect.LineBreak?) {
    rowEnd = end
    rowBreak = lineBreak ?? (endsAtReturn ? .cr : .lf)
    if lineBreak != nil { passLineBreak() }
    state = .rowStart
  }

  private func textAfterQuote(at position: Int) -> FileFault {
    FileFault(
      .malformedCSV, "text after a closing quote; write a quote inside a quoted cell twice",
      line: line, column: position - lineStart + 1)
  }

  private func nulByte(at position: Int) -> FileFault {
    FileFault(
      .malformedCSV, "a NUL byte; the file is not text, or not UTF-8", line: line, column: position - lineStart + 1)
  }
}
