internal import Core
internal import Formats
internal import JSONText

/// Which cells of the last row are totals of the data.
struct TrailerGuess: Sendable {
  /// The text of `trailer.match`.
  var pattern: String
  var trailer: Trailer
  /// What was found to agree, for people: `2 rows`, `the sum of "UNITS" is 995.0000`.
  var agreements: [String] = []
  /// How numbers have to be read so that they agree; nil if as the columns' numbers are.
  var numbers: NumberForm?
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
    let cells = row.cells.map(\.text)
    var best = compare(cells, rows, columns, forms, forms.common)
    if forms.common.isJSON, cells.contains(where: { NumberText($0)?.hasLeadingZero == true }) {
      // JSON has no zeros in front, which fields of a fixed width have.
      var wide = NumberForm()
      wide.grouping = NumberSeparators.lenient.grouping
      let other = compare(cells, rows, columns, forms, wide)
      if other.agreements.count > best.agreements.count {
        best = other
        numbers = wide
      }
    }
    (trailer.count, trailer.sums, agreements) = (best.count, best.sums, best.agreements)
    guard isSure || !agreements.isEmpty else { return nil }
    if agreements.isEmpty, cells.dropFirst().contains(where: { NumberText($0) != nil }) {
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

  private struct Totals {
    var count: Int?
    var sums: [String: Int] = [:]
    var agreements: [String] = []
  }

  /// Which cells agree if numbers are written like that: the same comparison as of a dropped file.
  private func compare(
    _ cells: [String], _ rows: Int, _ columns: [ColumnGuess], _ forms: NumberForms, _ form: NumberForm
  ) -> Totals {
    var totals = Totals()
    guard let reader = try? NumberReader(form) else { return totals }
    let values = cells.map { reader.value(Array($0.utf8).span) }
    var count = DecimalSum()
    try? count.add(Array(String(rows).utf8).span)
    var used: Set<Int> = [0]
    if let cell = values.indices.dropFirst().first(where: { values[$0] == count }) {
      totals.count = cell + 1
      totals.agreements.append("the number of rows is \(rows)")
      used.insert(cell)
    }
    // Totals are compared in the route's form, with the cells as written.
    for (place, column) in columns.enumerated()
    where !column.numbers.isEmpty && forms.own[place] == nil && !column.isPadded && column.nulls.isEmpty {
      guard let sum = Self.sum(column.numbers, reader) else { continue }
      let fitting = Self.places(of: sum, in: values, under: column.index).filter { !used.contains($0) }
      guard let cell = fitting.first(where: { $0 == column.index }) ?? fitting.first else { continue }
      // An empty sum agrees with any zero.
      if sum == DecimalSum(), cell != column.index { continue }
      used.insert(cell)
      totals.sums[column.name] = cell + 1
      totals.agreements.append("the sum of \(column.name.quotedOnOneLine) is \(cells[cell])")
    }
    return totals
  }

  /// The cells with this value, the first left out. Of a row with very many only the column's own is looked at: each
  /// column is compared, and time would grow with the square of their number.
  private static func places(of sum: DecimalSum, in values: [DecimalSum?], under column: Int) -> [Int] {
    if values.count > 1000 { return 1..<values.count ~= column && values[column] == sum ? [column] : [] }
    return values.indices.dropFirst().filter { values[$0] == sum }
  }

  private static func sum(_ numbers: [NumberText], _ reader: NumberReader) -> DecimalSum? {
    var sum = DecimalSum()
    for number in numbers {
      guard let json = reader.json(Array(number.text.utf8).span) else { return nil }
      do { try sum.add(json.span) } catch { return nil }
    }
    return sum
  }
}
