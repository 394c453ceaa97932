import Core

/// Finds the rows and cells of a CSV (RFC 4180) in bytes that arrive piece by piece.
///
/// It remembers where it stopped, so each byte is scanned once however the pieces are cut. All positions are relative
/// to the bytes that the caller holds; `forget` reports that the caller dropped some. Beyond RFC 4180:
/// - LF ends a row just as CRLF does; a lone CR is text in an unquoted cell, and a line break at the very end;
/// - empty lines are not rows;
/// - a quote inside an unquoted cell is text.
struct CSVScanner: Sendable {
  let delimiter: UInt8
  /// How many cells of a row have their places kept; all are counted.
  var maxCells = Int.max

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

  private var state = State.rowStart
  private var cellStart = 0
  private var hasDoubledQuotes = false
  private var quoteLine = 1
  private var quoteColumn = 1

  private enum State {
    case rowStart
    /// After a CR at the start of a line.
    case rowStartReturn
    case cellStart
    case unquoted
    case unquotedReturn
    case quoted
    /// After a quote within a quoted cell: the cell's end, or half of a doubled quote.
    case quotedQuote
    case quotedReturn
  }

  init(delimiter: UInt8) { self.delimiter = delimiter }

  /// Whether no row has begun since the last one ended.
  var isBetweenRows: Bool { state == .rowStart || state == .rowStartReturn }

  /// How many of the caller's bytes are no longer needed.
  var forgettable: Int {
    switch state {
    case .rowStart: at
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
        switch bytes[at] {
        case Ascii.lineFeed: passLineBreak()
        case Ascii.carriageReturn:
          state = .rowStartReturn
          at += 1
        default: beginRow(at: at)
        }
      case .rowStartReturn:
        if bytes[at] == Ascii.lineFeed {
          passLineBreak()
          state = .rowStart
        } else {
          beginRow(at: at - 1)
          state = .unquoted
        }
      case .cellStart:
        if bytes[at] == Ascii.quote {
          state = .quoted
          hasDoubledQuotes = false
          quoteLine = line
          quoteColumn = at - lineStart + 1
          at += 1
          cellStart = at
        } else {
          state = .unquoted
          cellStart = at
        }
      case .unquoted:
        if try scanUnquoted(bytes) { return true }
      case .unquotedReturn:
        if bytes[at] == Ascii.lineFeed {
          endCell(at: at - 1, quoted: false)
          endRow(at: at - 1, .crlf)
          return true
        }
        state = .unquoted
      case .quoted:
        try scanQuoted(bytes)
      case .quotedQuote:
        switch bytes[at] {
        case Ascii.quote:
          hasDoubledQuotes = true
          state = .quoted
          at += 1
        case delimiter:
          endCell(at: at - 1, quoted: true)
          state = .cellStart
          at += 1
        case Ascii.lineFeed:
          endCell(at: at - 1, quoted: true)
          endRow(at: at, .lf)
          return true
        case Ascii.carriageReturn:
          state = .quotedReturn
          at += 1
        default: throw textAfterQuote(at: at)
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
    case .rowStart, .rowStartReturn:
      return false
    case .cellStart:
      cellStart = at
      endCell(at: at, quoted: false)
      endRow(at: at, nil)
    case .unquoted:
      endCell(at: at, quoted: false)
      endRow(at: at, nil)
    case .unquotedReturn:
      endCell(at: at - 1, quoted: false)
      endRow(at: at - 1, nil)
    case .quoted:
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
        endCell(at: at, quoted: false)
        self.at = at + 1
        state = .cellStart
        return false
      }
      switch byte {
      case Ascii.lineFeed:
        self.at = at
        endCell(at: at, quoted: false)
        endRow(at: at, .lf)
        return true
      case Ascii.carriageReturn:
        self.at = at + 1
        state = .unquotedReturn
        return false
      case 0: throw nulByte(at: at)
      default: at += 1
      }
    }
    self.at = at
    return false
  }

  private mutating func scanQuoted(_ bytes: Span<UInt8>) throws(FileFault) {
    let end = bytes.count
    var at = at
    while at < end {
      let byte = bytes[at]
      at += 1
      if byte > Ascii.quote { continue }
      switch byte {
      case Ascii.quote:
        state = .quotedQuote
        self.at = at
        return
      case Ascii.lineFeed:
        line += 1
        lineStart = at
      case 0: throw nulByte(at: at - 1)
      default: continue
      }
    }
    self.at = at
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
    cells.removeAll(keepingCapacity: true)
    isSkipping = false
    state = .cellStart
  }

  private mutating func endCell(at end: Int, quoted: Bool) {
    if cellCount < maxCells && !isSkipping {
      cells.append(
        CSVCell(start: cellStart, end: end, isQuoted: quoted, hasDoubledQuotes: quoted && hasDoubledQuotes))
    }
    cellCount += 1
  }

  /// `lineBreak` is nil at the file's end.
  private mutating func endRow(at end: Int, _ lineBreak: CSVDialect.LineBreak?) {
    rowEnd = end
    rowBreak = lineBreak ?? .lf
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
