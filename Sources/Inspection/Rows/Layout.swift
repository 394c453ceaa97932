internal import APIs
internal import Core

/// Which rows of a CSV are data, which one is the header, and what the others are.
struct Layout: Sendable {
  /// The columns' names, one for each cell of a row, in the file's order.
  private(set) var names: [String] = []
  /// The header's line; nil if the file has none.
  private(set) var headerLine: Int?
  /// The header's cells as written.
  private var headerTexts: [String] = []
  /// Whether the file's own names can't be used: there are none, or not for all columns, or the same one twice.
  private(set) var needsNames = false
  private(set) var width = 0
  private(set) var data: [SampleRow] = []
  private(set) var skip = SkippedRows()
  /// The texts of `skip.rows`.
  private(set) var rowPatterns: [String] = []
  /// The row that may hold the totals.
  private(set) var trailer: SampleRow?
  private(set) var skipped: [SkippedLines] = []
  /// Lines whose rows have too many or too few cells.
  private(set) var uneven: [Int] = []
  private(set) var unevenCount = 0
  private(set) var unsure: [String] = []
  /// Cells without a name at the end of every row, which upsertd ignores.
  private var namelessTail = 0

  struct SkippedLines: Sendable, Equatable {
    /// Nil where the lines' numbers are unknown, at the end of a large file.
    var first: Int?
    var last: Int?
    var count: Int
    var what: String
    /// The key of the route that skips them; nil if nothing need be said.
    var by: String?
  }

  /// - Parameters:
  ///   - rows: of the file's start, without comments.
  ///   - tail: of the end of a file whose middle was not read.
  ///   - isWhole: whether `rows` or `tail` end with the file's last.
  ///   - names: the columns' names, where lines before the data list them.
  init(_ rows: [SampleRow], tail: [SampleRow], seesEnd: Bool, width: Int, names: [String] = []) {
    self.width = width
    guard let first = rows.first(where: { $0.filled > 0 }) else { return }
    var start = 0
    if names.isEmpty {
      let header = HeaderGuess(rows, width: width)
      start = header.index + (header.isNamed ? 1 : 0)
      if header.isNamed { take(rows[header.index], header, rows[..<header.index], below: rows[start...]) }
      if !header.isNamed { nameColumns(header, from: first) }
      skipBefore(rows[..<header.index], header)
    } else {
      nameColumns(names)
    }
    var body = Array(rows[start...])
    if tail.isEmpty {
      if seesEnd { splitEnd(&body) }
      sort(body)
    } else {
      var end = tail
      splitEnd(&end)
      sort(body)
      sort(end)
    }
    dropNamelessTail()
  }

  // MARK: The header

  private mutating func take(
    _ row: SampleRow, _ header: HeaderGuess, _ before: ArraySlice<SampleRow>, below: ArraySlice<SampleRow>
  ) {
    headerLine = row.line
    headerTexts = row.texts
    names = row.texts.map(ColumnName.normalized)
    let isOdd = names.count > width
    if isOdd {
      unsure.append("what the header's \(counted(names.count, "cell")) mean: the rows below have \(width)")
      names.removeSubrange(width...)
    }
    if names.count < width { names += Array(repeating: "", count: width - names.count) }
    let even = below.filter { $0.cells.count == width && $0.filled > 0 }
    // upsertd ignores columns at the end that have neither a name nor a value.
    while let last = names.last, last.trimmed.isEmpty, names.count > 1,
      row.cells.count == width, even.allSatisfy({ $0.cells[names.count - 1].text.trimmed.isEmpty })
    {
      names.removeLast()
      namelessTail += 1
    }
    let nameless = names.indices.filter { names[$0].trimmed.isEmpty }
    var seen: Set<String> = []
    let repeated = names.filter { !$0.trimmed.isEmpty && !seen.insert($0).inserted }
    if !nameless.isEmpty {
      unsure.append(
        "what column \(nameless.map { String($0 + 1) }.joined(separator: ", ")) is called: it has no name in the file")
    }
    if let name = repeated.first {
      unsure.append("which of the columns called \(name.quotedOnOneLine) is which: the header names several so")
    }
    if !header.isSure {
      unsure.append("whether line \(row.line ?? 1) names the columns: it looks like the rows below it")
    }
    guard isOdd || !nameless.isEmpty || !repeated.isEmpty else { return }
    needsNames = true
    names += Array(repeating: "", count: namelessTail)
    namelessTail = 0
    makeNamesUnique()
    skip.first = row.lastLine ?? row.line ?? 1
    skipped.append(.init(first: row.line, last: row.lastLine, count: 1, what: "the file's header", by: "skip.first"))
  }

  private mutating func nameColumns(_ header: HeaderGuess, from row: SampleRow) {
    needsNames = true
    names = Array(repeating: "", count: width)
    makeNamesUnique()
    let line = row.line ?? 1
    unsure.append(
      header.isSure
        ? "what the columns are called: the file has no header, its first row is data"
        : "what the columns are called: line \(line) looks like the rows below it, so it is taken for data")
  }

  /// Takes the names that Bloomberg's files list; the first three cells of a row are the same in all of them.
  private mutating func nameColumns(_ listed: [String]) {
    needsNames = true
    names = width >= listed.count + 3 ? ["SECURITY", "RETURN_CODE", "FIELD_COUNT"] + listed : listed
    names = Array(names.prefix(width)) + Array(repeating: "", count: max(0, width - names.count))
    makeNamesUnique()
    unsure.append("the columns' names: they are taken from the lines before the data")
  }

  private mutating func makeNamesUnique() {
    var seen: Set<String> = []
    var counts: [String: Int] = [:]
    for index in names.indices {
      let own = names[index].trimmed.isEmpty ? "Column \(index + 1)" : ColumnName.normalized(names[index])
      var name = own
      while !seen.insert(name).inserted {
        counts[own, default: 1] += 1
        name = "\(own) \(counts[own, default: 1])"
      }
      names[index] = name
    }
  }

  // MARK: What is not data

  private mutating func skipBefore(_ rows: ArraySlice<SampleRow>, _ header: HeaderGuess) {
    guard let last = rows.last(where: { $0.filled > 0 }) else { return }
    if !header.records.isEmpty, skip.first == 0 {
      rowPatterns = header.records.map(Self.pattern)
      skip.rows = rowPatterns.map { Glob($0) }
      for row in rows where row.filled > 0 {
        skipped.append(
          .init(first: row.line, last: row.lastLine, count: 1, what: "a record about the file", by: "skip.rows"))
      }
      return
    }
    // Blank lines and rows of delimiters need no key, but a count of lines is easier to read with them.
    let end = rows.last?.lastLine ?? last.lastLine ?? 0
    guard skip.first < end else { return }
    skip.first = end
    skipped.append(
      .init(
        first: rows.first?.line, last: end, count: end - (rows.first?.line ?? 1) + 1, what: "title", by: "skip.first"))
  }

  /// A glob that fits exactly `cell`.
  static func pattern(_ cell: String) -> String {
    String(cell.flatMap { "*?[\\".contains($0) ? ["\\", $0] : [$0] })
  }

  /// Takes footer and trailer off the end.
  private mutating func splitEnd(_ rows: inout [SampleRow]) {
    let filled = rows.indices.filter { rows[$0].filled > 0 }
    var start = filled.endIndex
    while start > 0, filled.endIndex - start < 20, isEndRow(rows[filled[start - 1]]) { start -= 1 }
    guard start < filled.endIndex, start > 0 || headerLine != nil else { return }
    var block = filled[start...].map { rows[$0] }
    // Rows that lack cells are data that somebody should look at; a footer is set apart, or is made of words alone.
    let isFooter = block[0].followsBlank || block.allSatisfy { $0.filled == 1 && ($0.cells.count == 1 || $0.isWords) }
    let first = block[0]
    let word = RecordWords.trailer(first.first)
    if word.isTrailer, !rows[..<filled[start]].contains(where: { $0.first == first.first }) {
      trailer = first
      block.removeFirst()
    } else if !isFooter || width == 1 {
      if first.cells.count > 1, !(rows.last?.hasLineEnd ?? true) {
        unsure.append("whether the file is complete: its last row has too few cells and no line end")
      }
      return
    }
    rows.removeSubrange(filled[start]...)
    skipFooter(block)
  }

  private mutating func skipFooter(_ rows: [SampleRow]) {
    guard let first = rows.first, let last = rows.last else { return }
    skip.last += rows.count
    skipped.append(.init(first: first.line, last: last.lastLine, count: rows.count, what: "footer", by: "skip.last"))
  }

  /// Whether it is unlike the data: a word of totals in front, fewer cells, or hardly any value.
  private func isEndRow(_ row: SampleRow) -> Bool {
    if RecordWords.trailer(row.first).isTrailer { return true }
    if row.cells.count < width { return true }
    return row.cells.count == width && width > 2 && row.filled * 3 <= width
      && row.filled * 2 <= names.count { !$0.trimmed.isEmpty }
  }

  /// Puts the row with the totals back: it is data, or a footer if it has fewer values than data.
  mutating func rejectTrailer() {
    guard let row = trailer else { return }
    trailer = nil
    if row.cells.count != width || row.filled * 2 < width {
      skipFooter([row])
    } else {
      data.append(row)
    }
  }

  private mutating func sort(_ rows: [SampleRow]) {
    for row in rows where row.filled > 0 || row.cells.count == 1 {
      if row.cells[0].text == headerTexts.first, row.texts == headerTexts, headerLine != nil {
        skipped.append(.init(first: row.line, last: row.lastLine, count: 1, what: "the header again"))
      } else if row.cells.count == width {
        data.append(row)
      } else {
        unevenCount += 1
        if let line = row.line, uneven.count < 20 { uneven.append(line) }
      }
    }
    let blank = rows.filter(\.isDelimiters)
    for row in blank.prefix(20) {
      skipped.append(.init(first: row.line, last: row.lastLine, count: 1, what: "a row of delimiters alone"))
    }
  }

  private mutating func dropNamelessTail() {
    guard namelessTail > 0 else { return }
    skipped.append(
      .init(count: namelessTail, what: "\(counted(namelessTail, "column")) at the end without name and value"))
  }
}
