internal import Core

/// Which cells of the last row are totals of the data.
struct TrailerGuess: Sendable {
  /// The text of `trailer.match`.
  var pattern: String
  var trailer: Trailer
  /// What was found to agree, for people: `2 rows`, `the sum of "UNITS" is 995.0000`.
  var agreements: [String] = []
  var unsure: [String] = []

  /// - Parameters:
  ///   - rows: how many rows of data there are, those that would be rejected included.
  ///   - isWhole: whether these are all, so that totals can be compared.
  ///   - estimatedRows: how many rows the file has, roughly, if these are not all.
  /// - Returns: nil if the row's first cell does not make it a trailer for sure, and no total agrees.
  init?(
    _ row: SampleRow, rows: Int, columns: [ColumnGuess], forms: NumberForms, isWhole: Bool, estimatedRows: Int?
  ) {
    pattern = Layout.pattern(row.cells[0].raw.isEmpty ? row.cells[0].text : row.cells[0].raw)
    trailer = Trailer(match: Glob(pattern))
    let isSure = RecordWords.trailer(row.first).isSure
    let shown = row.first.quotedOnOneLine
    guard isWhole else {
      guard isSure else { return nil }
      estimate(row, estimatedRows, shown)
      return
    }
    let cells = row.cells.map(\.text.trimmed)
    trailer.count = cells.indices.dropFirst().first { Self.count(cells[$0]) == rows }.map { $0 + 1 }
    if trailer.count != nil { agreements.append("the number of rows is \(rows)") }
    var used: Set<Int> = [(trailer.count ?? 1) - 1]
    for (place, column) in columns.enumerated() where !column.numbers.isEmpty {
      let form = forms.own[place] ?? forms.common
      let separators = NumberSeparators(decimal: form.decimal, grouping: form.grouping)
      guard let sum = Self.sum(column.numbers, separators) else { continue }
      let fitting = cells.indices.dropFirst().filter { !used.contains($0) && Self.value(cells[$0], separators) == sum }
      guard let cell = fitting.first(where: { $0 == column.index }) ?? fitting.first else { continue }
      // An empty sum agrees with any zero.
      if sum == .zero, cell != column.index { continue }
      used.insert(cell)
      trailer.sums[column.name] = cell + 1
      agreements.append("the sum of \(column.name.quotedOnOneLine) is \(cells[cell])")
    }
    guard isSure || !agreements.isEmpty else { return nil }
    let rest = cells.indices.dropFirst().filter { !used.contains($0) && NumberText(cells[$0]) != nil }
    if !rest.isEmpty, agreements.isEmpty {
      unsure.append(
        "what the numbers in the last row (\(shown)) are: none is the number of rows, \(rows), or the sum of a "
          + "column")
    }
  }

  /// Of a large file: a cell near the number of rows is probably that.
  private mutating func estimate(_ row: SampleRow, _ rows: Int?, _ shown: String) {
    if let rows {
      let cell = row.cells.indices.dropFirst().first { index in
        Self.count(row.cells[index].text.trimmed).map { abs($0 - rows) * 4 < rows } ?? false
      }
      trailer.count = cell.map { $0 + 1 }
    }
    let guess = trailer.count.map { "; cell \($0) is probably the number of rows" } ?? ""
    unsure.append("what the last row (\(shown)) adds up: the file is too large to be read whole here\(guess)")
  }

  private static func count(_ text: String) -> Int? {
    text.utf8.count <= 18 && text.utf8.allSatisfy(Ascii.isDigit) ? Int(text) : nil
  }

  private static func value(_ text: String, _ separators: NumberSeparators) -> ExactDecimal? {
    NumberText(text)?.decimal(separators)
  }

  private static func sum(_ numbers: [NumberText], _ separators: NumberSeparators) -> ExactDecimal? {
    var sum = ExactDecimal.zero
    for number in numbers {
      guard let value = number.decimal(separators), let next = sum + value else { return nil }
      sum = next
    }
    return sum
  }
}
