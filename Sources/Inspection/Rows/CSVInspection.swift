internal import APIs
package import Core
internal import Formats

/// What a CSV looks like, and how a route would describe it.
package struct CSVInspection: Sendable {
  /// All that the file does not show by itself; what it shows, and defaults, are left out.
  package private(set) var options = CSVOptions()
  /// The texts of the patterns in `options`.
  package private(set) var rowPatterns: [String] = []
  package private(set) var trailerPattern: String?
  /// The line of the header; nil if there is none.
  package private(set) var headerLine: Int?
  package private(set) var rowCount = 0
  /// What the file shows by itself, for people and for comparison with a route.
  private(set) var dialect = Dialect()
  /// Whether the columns' names come from lines before the data.
  private(set) var listsNames = false
  /// Whether its first line is `sep=`.
  private(set) var namesSeparator = false
  private(set) var hasQuotes = false
  private(set) var lineEnd = SampleText.LineEnd.lf
  private(set) var columns: [ColumnGuess] = []
  private(set) var forms = NumberForms()
  private(set) var skipped: [Layout.SkippedLines] = []
  /// Totals of the trailer that agree.
  private(set) var agreements: [String] = []
  /// How equal the rows' widths are, for people.
  private(set) var evenness = ""
  /// Rows that upsertd would reject because of their width.
  private(set) var unevenLines: [Int] = []
  private(set) var unevenCount = 0
  package private(set) var unsure: [String] = []
  /// Whether it is a rejects file of upsertd's.
  private(set) var isRejects = false

  /// - Parameters:
  ///   - encoding: decodes the sample; its name is taken into the options.
  ///   - isTSV: whether the extension says that tabs separate cells.
  init(_ sample: FileSample, _ encoding: EncodingGuess, isTSV: Bool) {
    options.encoding = encoding.name
    let text = SampleText(sample, encoding)
    lineEnd = text.lineEnd
    var start = 0
    var line = 1
    let separator = text.separator
    if separator != nil {
      start = text.head.firstIndex(of: Ascii.lineFeed).map { $0 + 1 } ?? text.head.count
      line = 2
      namesSeparator = true
    }
    var markers = Markers(text.head, from: start, line: line)
    let headRange = text.tail.isEmpty ? markers.end(text.head, markers.range) : markers.range
    let tailRange = markers.end(text.tail, 0..<text.tail.count)
    let comment = Self.comment(text.head, headRange)
    let guess = DialectGuess(text.head, headRange, known: separator, comment: comment)
    dialect = guess.dialect
    let head = RowSplitter(text.head, headRange, line: markers.line, dialect, comment: comment)
    let tail = RowSplitter(text.tail, tailRange, line: nil, dialect, comment: comment)
    let tailRows = tail.rows.count { $0.cells.count == guess.width } * 2 > tail.rows.count ? tail.rows : []
    let headRows = text.isWhole || !head.endsOpen ? head.rows : head.rows.dropLast()
    let seesEnd = text.isWhole || !tailRows.isEmpty
    listsNames = !markers.fields.isEmpty
    var layout = Layout(headRows, tail: tailRows, seesEnd: seesEnd, width: guess.width, names: markers.fields)
    takeColumns(of: layout)
    takeNumbers()
    var trailingRow: String?
    if let row = layout.trailer {
      let bytesPerRow = max(1, headRange.count / max(1, headRows.count))
      let found = TrailerGuess(
        row, rows: layout.data.count + layout.unevenCount, columns: columns, forms: forms,
        isWhole: text.isWhole && head.faults == 0,
        estimatedRows: sample.size.map { $0 / bytesPerRow })
      if let found, found.trailer.count == nil, found.trailer.sums.isEmpty {
        // A trailer without totals is a row to be left out.
        trailingRow = found.pattern
        unsure += found.unsure
        skipped.append(.init(first: row.line, last: row.lastLine, count: 1, what: "footer", by: "skip.rows"))
      } else if let found {
        options.trailer = found.trailer
        (trailerPattern, agreements) = (found.pattern, found.agreements)
        unsure += found.unsure
        if let numbers = found.numbers { forms.widen(to: numbers) }
        skipped.append(.init(first: row.line, last: row.lastLine, count: 1, what: "trailer", by: "trailer"))
      } else {
        unsure.append(
          "whether the last row (\(row.first.quotedOnOneLine)) is data: its cells are no totals of the rows")
        layout.rejectTrailer()
        takeColumns(of: layout)
        takeNumbers()
      }
    }
    options.quote = dialect.quote
    options.escape = dialect.escape
    if separator == nil, !(isTSV && dialect.delimiter == 0x09) {
      options.delimiter = .character(Unicode.Scalar(dialect.delimiter))
    }
    options.skip = layout.skip
    if let trailingRow {
      rowPatterns.append(trailingRow)
      options.skip.rows.append(Glob(trailingRow))
    }
    if let before = markers.before {
      options.skip.after = markers.after
      // Lines that are counted from the start are behind the marker already.
      if layout.skip.first == 0 {
        options.skip.before = before
        skipped.append(
          .init(
            first: line, last: markers.line - 1, count: markers.line - line, what: "all up to \(before)",
            by: "skip.before"))
      }
      if let after = markers.after { skipped.append(.init(count: 1, what: "all from \(after) on", by: "skip.after")) }
    }
    if !comment.isEmpty {
      options.skip.comment = comment
      for line in head.comments.prefix(20) {
        skipped.append(.init(first: line, last: line, count: 1, what: "comment", by: "skip.comment"))
      }
    }
    if layout.needsNames { options.header = layout.names }
    options.null = columns.reduce(into: []) { $0.formUnion($1.sureNulls) }
    shareNulls()
    options.numbers = forms.common
    describe(layout, guess, head, sample)
  }

  /// Whether everything before the header is skipped by these options without counting lines: records, comments, blank
  /// lines.
  func isSkippedToHeader(by other: CSVOptions) -> Bool {
    guard let headerLine else { return false }
    let before = skipped.filter { ($0.first ?? .max) < headerLine }
    return before.allSatisfy { lines in
      switch lines.by {
      case nil: true
      case "skip.rows": !other.skip.rows.isEmpty
      case "skip.comment": other.skip.comment != nil
      default: false
      }
    }
  }

  /// A key of digits is not a number.
  mutating func takeAsText(_ index: Int) {
    if columns[index].content == .number(isWhole: true) { columns[index].content = .text }
  }

  /// For a route whose format says that tabs separate cells.
  mutating func leaveOutTab() { options.delimiter = CSVOptions().delimiter }

  /// `#` if some lines begin with it that are not rows.
  private static func comment(_ bytes: [UInt8], _ range: Range<Int>) -> String {
    let lines = SampleText.lines(Array(bytes[range]), most: 1000)
    let marked = lines.filter { $0.text.first == UInt8(ascii: "#") }
    guard !marked.isEmpty, marked.count * 2 <= lines.count else { return "" }
    // `#id,name` may well be a header, and `#17,Ada` data: they have as many delimiters as other lines.
    for delimiter in ",;|\t".utf8 {
      let others = Set(
        lines.lazy.filter { $0.text.first != UInt8(ascii: "#") }.map { $0.text.count { $0 == delimiter } })
      let alike = marked.count { line in
        let count = line.text.count { $0 == delimiter }
        return count > 0 && others.contains(count)
      }
      if alike * 2 >= marked.count { return "" }
    }
    return "#"
  }

  private mutating func takeColumns(of layout: Layout) {
    columns = layout.names.enumerated().map { index, name in ColumnGuess(name: name, index: index, rows: layout.data) }
    isRejects = layout.names.first?.hasPrefix("_error_") == true
    if isRejects { columns.removeAll { $0.name.hasPrefix("_error_") } }
    settleDates()
  }

  /// A semicolon between cells and points in dates come from where decimals follow a comma.
  private mutating func takeNumbers() {
    let prefersComma = dialect.delimiter == UInt8(ascii: ";") || columns.contains { $0.date?.separator == "." }
    forms = NumberForms(&columns, prefersComma: prefersComma)
  }

  /// A day above 12 in one column settles the order of all.
  private mutating func settleDates() {
    for separator in ["/", "-", " "] {
      let sure = columns.compactMap(\.date).filter { !$0.isAmbiguous && $0.separator == separator }
      guard let order = sure.first?.isDayFirst, sure.allSatisfy({ $0.isDayFirst == order }) else { continue }
      for index in columns.indices where columns[index].date?.separator == separator {
        columns[index].date?.adopt(isDayFirst: order)
        if let pattern = columns[index].date?.pattern { columns[index].content = .date(pattern: pattern) }
      }
    }
  }

  /// A word that means "no value" in one column, and is not a value in any other, means it in the whole file.
  private mutating func shareNulls() {
    let words = columns.reduce(into: Set<String>()) { $0.formUnion($1.nulls) }
    for word in words
    where !columns.contains(where: { $0.otherWords.contains(word.trimmed) }) {
      options.null.insert(word)
      for index in columns.indices { columns[index].nulls.remove(word) }
    }
  }

  private mutating func describe(_ layout: Layout, _ guess: DialectGuess, _ head: RowSplitter, _ sample: FileSample) {
    rowPatterns = layout.rowPatterns + rowPatterns
    headerLine = layout.headerLine
    rowCount = layout.data.count
    skipped += layout.skipped
    skipped.sort { ($0.first ?? .max) < ($1.first ?? .max) }
    hasQuotes = guess.hasQuotes
    evenness = "\(counted(guess.width, "cell")) in \(guess.evenRows) of \(counted(guess.rows, "row"))"
    (unevenLines, unevenCount) = (layout.uneven, layout.unevenCount)
    unsure += layout.unsure + forms.unsure
    if head.faults > 0, sample.isWhole || !head.endsOpen || head.faults > 1 {
      let place = head.firstFaultLine.map { " (first in line \($0))" } ?? ""
      unsure.append(
        "how quotes are meant\(place): text follows a closing quote, or a quote is never closed; upsertd rejects such "
          + "a file"
      )
    }
    if unevenCount > 0 {
      let lines = unevenLines.prefix(5).map(String.init).joined(separator: ", ")
      let places = unevenLines.isEmpty ? "" : ": line \(lines)\(unevenCount > min(5, unevenLines.count) ? ", …" : "")"
      unsure.append(
        "what \(counted(unevenCount, "row")) with too many or too few cells \(unevenCount == 1 ? "means" : "mean")"
          + "\(places); upsertd rejects them one by one"
      )
    }
    if layout.width <= 1, rowCount > 0 {
      unsure.append("whether the file has only one column: no delimiter is in every row")
    }
    if rowCount == 0 { unsure.append("what the columns hold: the file has no rows of data") }
    for column in columns {
      unsure += column.remarks.map { "\(column.name.quotedOnOneLine): \($0)" }
      guard let date = column.date else { continue }
      let name = column.name.quotedOnOneLine
      if date.isAmbiguous, let other = date.otherPattern {
        unsure.append("whether \(name) is \(date.pattern) or \(other): no day is above 12")
      }
      if date.isLocalTime { unsure.append("the time zone of \(name): without `timezone` it is taken for UTC") }
      if date.mayBeNumber { unsure.append("whether \(name) holds dates: its numbers look like \(date.pattern)") }
    }
    if !sample.isWhole {
      let parts = sample.tail.isEmpty ? "its first MiB was" : "its first MiB and last 64 KiB were"
      unsure.append("what the rest of the file holds: only \(parts) looked at")
    }
  }
}
