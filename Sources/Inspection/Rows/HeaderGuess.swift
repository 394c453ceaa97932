internal import APIs

/// Which row names the columns, and what is before it.
struct HeaderGuess: Sendable {
  /// The index of the header, or of the first row of data, among the rows.
  var index: Int
  /// Whether that row names the columns.
  var isNamed: Bool
  /// False if the header can't be distinguished from data.
  var isSure: Bool
  /// The first cells of records in front of it that describe the file; empty if other lines are there, too.
  var records: [String] = []

  /// How many rows at the start may be something else.
  private static let mostBefore = 50

  /// - Parameters:
  ///   - rows: at least one of them is neither blank nor of delimiters alone.
  ///   - width: how many cells most rows have.
  init(_ rows: [SampleRow], width: Int) {
    let even = Array(rows.lazy.filter { $0.cells.count == width && $0.filled > 0 }.prefix(500))
    // Columns that mostly have a value; a title fills one or two of them.
    let usual = (0..<width).filter { column in
      2 * even.count { !$0.cells[column].text.trimmed.isEmpty } >= even.count
    }
    /// How many of them have a value in a row; nil if the row has fewer cells.
    func covered(_ row: SampleRow) -> Int? {
      guard row.cells.count >= width || row.cells.count == width - 1 && width > 2 else { return nil }
      return usual.count { $0 < row.cells.count && !row.cells[$0].text.trimmed.isEmpty }
    }
    let filled = rows.indices.prefix(Self.mostBefore).filter { rows[$0].filled > 0 }
    var candidates = filled.filter { index in
      guard let count = covered(rows[index]), rows[index].cells.count <= width else { return false }
      return count * 10 >= min(usual.count, rows[index].cells.count) * 9
    }
    // A header may lack one name, as that of the row numbers which pandas writes, or have one too many.
    if let first = candidates.first, !Self.isNaming(rows[first]), let before = filled.last(where: { $0 < first }),
      Self.isNaming(rows[before]), let count = covered(rows[before]), count >= max(2, usual.count - 1)
    {
      candidates.insert(before, at: 0)
    }
    var start = candidates.first ?? filled.first ?? 0
    // A record that describes the file may happen to be as wide as the data.
    for (place, candidate) in candidates.enumerated() {
      start = candidate
      guard place + 1 < candidates.count, RecordWords.isHeader(rows[candidate].first),
        Self.isNaming(rows[candidates[place + 1]]) || !Self.isNaming(rows[candidate])
      else { break }
    }
    let between = rows[..<start].filter { $0.filled > 0 }
    if between.allSatisfy({ RecordWords.isHeader($0.first) && $0.cells.count > 1 }) {
      var seen: Set<String> = []
      records = between.map(\.cells[0].text).filter { seen.insert($0).inserted }
    }
    index = start
    (isNamed, isSure) = Self.judge(rows[start], below: rows[(start + 1)...].filter { $0.cells.count == width })
  }

  /// Whether every cell may be a name: no number, no date.
  private static func isNaming(_ row: SampleRow) -> Bool {
    row.cells.allSatisfy { $0.text.trimmed.isEmpty || !CellValue.isValue($0.text) }
  }

  private static func judge(_ row: SampleRow, below: [SampleRow]) -> (isNamed: Bool, isSure: Bool) {
    let cells = row.cells.map(\.text.trimmed)
    let filled = cells.filter { !$0.isEmpty }
    let values = filled.filter(CellValue.isValue)
    // `2025` may be the name of a column, beside others that are words.
    let isYearBelow = cells.indices.contains { column in
      CellValue.isYear(cells[column])
        && below.prefix(20).contains { $0.cells.count > column && CellValue.isYear($0.cells[column].text.trimmed) }
    }
    guard values.allSatisfy(CellValue.isYear), values.count < filled.count || filled.isEmpty, !isYearBelow else {
      return (false, true)
    }
    // Paths and names that people know need no further proof.
    let known = filled.contains { cell in
      let name = FieldName(cell)
      return name.isIdentifier || name.isQuantity || name.isDate || name.isCode
        || ["name", "description", "scope"].contains(name.words.last)
    }
    var contrasts = 0
    var repeats = 0
    let texts = row.texts
    let different = below.prefix(200).filter { $0.texts != texts }
    for (column, name) in cells.enumerated() where !name.isEmpty {
      let others = different.lazy.filter { $0.cells.count > column }
        .map { $0.cells[column].text.trimmed }.filter { !$0.isEmpty }
      if others.contains(where: CellValue.isValue) { contrasts += 1 }
      if others.contains(name) { repeats += 1 }
    }
    if repeats > 0, contrasts == 0 { return (false, false) }
    return (true, known || contrasts > 0)
  }
}

/// What a single cell looks like, whatever its column.
enum CellValue {
  /// Whether it is a number, a date or a moment, which a name is not.
  static func isValue(_ text: String) -> Bool {
    let text = text.trimmed
    guard let first = text.unicodeScalars.first, text.utf8.count <= 40 else { return false }
    guard first.properties.numericType != nil || "+-(.".unicodeScalars.contains(first) || !first.isASCII else {
      return first.properties.generalCategory == .currencySymbol && NumberText(text) != nil
    }
    return NumberText(text) != nil || DateGuess([text], isNamedDate: true) != nil
  }

  static func isYear(_ text: String) -> Bool {
    guard text.utf8.count == 4, let year = Int(text) else { return false }
    return 1900...2100 ~= year
  }
}
