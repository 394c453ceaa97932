/// What a cell says: its text without quotes and escapes, and without the formula `="…"`, in which spreadsheets wrap
/// text that they must not read as a number.
///
/// The only place that knows how cells are written; every use of a cell, except the copying of plain text, goes through
/// it.
struct CellText {
  /// Nil if the text is in the row as it is.
  private var decoded: [UInt8]?
  /// Where the text is in `decoded`, or in the row.
  private var range: Range<Int>

  /// Whether the text may differ from what is in the row.
  @inline(__always)
  static func isNeeded(for cell: CSVCell, in row: Span<UInt8>) -> Bool {
    cell.hasEscapes || !cell.isEmpty && row[cell.start] == UInt8(ascii: "=")
  }

  /// - Parameter row: the bytes that `cell` refers to.
  init(_ cell: CSVCell, in row: Span<UInt8>, _ dialect: CSVDialect) {
    if cell.hasEscapes {
      let text = cell.text(in: row, dialect)
      range = text.span.withoutFormula(0..<text.count)
      decoded = text
    } else {
      range = row.withoutFormula(cell.start..<cell.end)
    }
  }

  /// What is left of a cell once `preparation` is done; nil if it is empty or means "no value".
  ///
  /// - Parameters:
  ///   - row: the bytes that `cell` refers to.
  ///   - preparation: nil for none.
  init?(_ cell: CSVCell, in row: Span<UInt8>, _ dialect: CSVDialect, _ preparation: CellPreparation?) {
    if let preparation, preparation.null.holds(cell, in: row) { return nil }
    self.init(cell, in: row, dialect)
    if preparation?.isTrimmed == true { trim(in: row) }
    if isEmpty { return nil }
  }

  var isEmpty: Bool { range.isEmpty }

  /// Drops white space, no-break spaces included, at both ends.
  private mutating func trim(in row: Span<UInt8>) {
    range = if let decoded { decoded.span.withoutSpace(range) } else { row.withoutSpace(range) }
  }

  /// Calls `use` with the text.
  @inline(__always)
  func withBytes<Result, Fault: Error>(
    in row: Span<UInt8>, _ use: (Span<UInt8>) throws(Fault) -> Result
  ) throws(Fault) -> Result {
    if let decoded {
      try use(decoded.span.extracting(range))
    } else {
      try use(row.extracting(range))
    }
  }
}

/// What happens to a cell before its text is used.
struct CellPreparation: Sendable {
  /// Cells that mean "no value", compared as written.
  var null: [[UInt8]]
  var isTrimmed: Bool
  /// Whether a row with an empty cell is rejected.
  var isRequired = false

  init(null: Set<String>, isTrimmed: Bool, isRequired: Bool = false) {
    self.null = null.sorted().map { Array($0.utf8) }
    self.isTrimmed = isTrimmed
    self.isRequired = isRequired
  }
}

extension Span<UInt8> {
  /// The text inside `="…"`, if all of `range` is written like that and holds no further quotes.
  @inline(__always)
  fileprivate func withoutFormula(_ range: Range<Int>) -> Range<Int> {
    guard range.count > 2, self[range.lowerBound] == UInt8(ascii: "=") else { return range }
    let inner = range.lowerBound + 2..<range.upperBound - 1
    guard self[range.lowerBound + 1] == Ascii.quote, self[inner.upperBound] == Ascii.quote,
      !inner.contains(where: { self[$0] == Ascii.quote })
    else { return range }
    return inner
  }

  /// `range`, which holds UTF-8, without white space at both ends.
  fileprivate func withoutSpace(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, let scalar = scalar(at: start, before: end), scalar.value.properties.isWhitespace {
      start += scalar.length
    }
    while start < end {
      var last = end - 1
      while last > start, self[last] & 0xC0 == 0x80 { last -= 1 }
      guard let scalar = scalar(at: last, before: end), scalar.value.properties.isWhitespace else { break }
      end = last
    }
    return start..<end
  }

  /// Nil for scalars of four bytes, of which none is white space.
  private func scalar(at start: Int, before end: Int) -> (value: Unicode.Scalar, length: Int)? {
    let lead = UInt32(self[start])
    if lead < 0x80 { return (Unicode.Scalar(UInt8(lead)), 1) }
    let length = lead < 0xE0 ? 2 : 3
    guard lead < 0xF0, start + length <= end else { return nil }
    let bits = (start + 1..<start + length).reduce(lead & (length == 2 ? 0x1F : 0x0F)) {
      $0 << 6 | UInt32(self[$1] & 0x3F)
    }
    return Unicode.Scalar(bits).map { ($0, length) }
  }
}
