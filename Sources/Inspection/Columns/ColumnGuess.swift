internal import APIs
internal import Core
internal import JSONText

/// What the cells of one column have in common.
struct ColumnGuess: Sendable {
  var name: String
  /// Its cells' index in a row.
  var index: Int
  /// The first different values, as in the file.
  var samples: [String] = []
  var content = ObservedColumn.Content.empty
  /// The numbers, if it holds numbers.
  var numbers: [NumberText] = []
  /// The date's pattern and its doubts.
  var date: DateGuess?
  /// Whether any cell has white space at its ends.
  var isPadded = false
  /// Cells that mean "no value" only here, where all others are numbers, dates or yes and no.
  var nulls: Set<String> = []
  /// Such words that are probably values here.
  var otherWords: Set<String> = []
  /// The words that mean "no value" wherever they are.
  var sureNulls: Set<String> = []
  var isUnique = false
  var isComplete = true
  /// The different values; nil if there are many.
  var values: [String]?
  var rows = 0
  /// Whether any cell is written `="…"`.
  private var hasFormula = false
  /// Whether it counts the rows, from 0 or 1.
  var isCounter = false
  /// What is odd about it, each a sentence.
  var remarks: [String] = []

  /// For `FieldProposal`.
  var observed: ObservedColumn {
    ObservedColumn(name: name, content: content, isUnique: isUnique, isComplete: isComplete, values: values)
  }

  /// Never a value, if unquoted.
  private static let sureNullWords: Set<String> = [
    "NULL", "null", "\\N", "NaT", "<NULL>", "<null>", "(null)", "#N/A", "#NULL!", "[NULL]",
  ]
  /// No value where all others are numbers or dates; elsewhere perhaps a word, or Namibia.
  private static let nullWords: Set<String> = [
    "-", "--", "N/A", "n/a", "NA", "n.a.", "NaN", "nan", "None", "none", "nil", "?", "#VALUE!", "#DIV/0!", "#REF!",
    "k.A.", "N.A.",
  ]
  private static let mostValues = 20

  init(name: String, index: Int, rows: [SampleRow]) {
    (self.name, self.index, self.rows) = (name, index, rows.count)
    var texts: [String] = []
    var lines: [Int?] = []
    var different: Set<String> = []
    var order: [String] = []
    for row in rows {
      let cell = row.cells[index]
      if !cell.isQuoted, Self.sureNullWords.contains(cell.raw.trimmed) {
        sureNulls.insert(cell.raw)
        isComplete = false
        continue
      }
      let written = cell.text.trimmed
      let text = Self.withoutFormula(written)
      if text.utf8.count < written.utf8.count { hasFormula = true }
      if written.utf8.count != cell.text.utf8.count, !written.isEmpty { isPadded = true }
      guard !text.isEmpty else {
        isComplete = false
        continue
      }
      texts.append(text)
      lines.append(row.line)
      if different.insert(text).inserted, order.count <= Self.mostValues { order.append(text) }
    }
    samples = Array(order.prefix(3))
    values = order.count <= Self.mostValues ? order : nil
    isUnique = !texts.isEmpty && different.count == texts.count
    let start = texts.first.flatMap { Int($0) } ?? -1
    isCounter = 0...1 ~= start && texts.count > 1 && texts.enumerated().allSatisfy { $1 == String(start + $0) }
    judge(texts, lines, rows)
  }

  /// The text in `="…"`, of which upsertd takes the inside.
  private static func withoutFormula(_ text: String) -> String {
    guard text.hasPrefix("=\""), text.hasSuffix("\""), text.utf8.count > 2 else { return text }
    let inner = text.dropFirst(2).dropLast()
    return inner.contains("\"") ? text : String(inner)
  }

  private mutating func judge(_ texts: [String], _ lines: [Int?], _ rows: [SampleRow]) {
    guard !texts.isEmpty else { return }
    content = .text
    // Spreadsheets write text like this that they must not read as a number.
    if hasFormula { return }
    let words = Set(texts)
    let nulls = words.intersection(Self.nullWords)
    let rest = nulls.isEmpty ? texts : texts.filter { !nulls.contains($0) }
    otherWords = nulls
    if rest.isEmpty { return }
    let kind = Self.kind(of: rest, name: name)
    guard let kind else {
      remarkOnMixture(texts, lines)
      return
    }
    if !nulls.isEmpty {
      // A quoted cell is never "no value".
      let cells = rows.map { $0.cells[index] }
      let raws = Set(cells.filter { !$0.isQuoted && nulls.contains($0.raw.trimmed) }.map(\.raw))
      guard Set(raws.map(\.trimmed)) == nulls else { return }
      self.nulls = raws
      otherWords = []
      isComplete = false
      samples = Array(values?.filter { !nulls.contains($0) }.prefix(3) ?? samples.filter { !nulls.contains($0) }[...])
    }
    take(kind, rest)
  }

  private enum Kind {
    case boolean([String: String]?)
    case date(DateGuess)
    case numbers([NumberText])
    case list
    case json
  }

  private static func kind(of texts: [String], name: String) -> Kind? {
    if let values = BooleanGuess.values(of: texts) { return .boolean(values.isEmpty ? nil : values) }
    let fieldName = FieldName(name)
    if let date = DateGuess(texts, isNamedDate: fieldName.isDate) { return .date(date) }
    if let first = texts.first, NumberText(first) != nil || first.utf8.count < 40 {
      var numbers: [NumberText] = []
      for text in texts {
        guard let number = NumberText(text) else { break }
        numbers.append(number)
      }
      if numbers.count == texts.count { return .numbers(numbers) }
    }
    if isList(texts) { return .list }
    if texts.allSatisfy(isObject) { return .json }
    return nil
  }

  /// Whether most values are short words with semicolons between.
  private static func isList(_ texts: [String]) -> Bool {
    let lists = texts.count { $0.contains(";") }
    return 2 * lists > texts.count
      && texts.allSatisfy { text in
        text.split(separator: ";", omittingEmptySubsequences: false)
          .allSatisfy { !$0.isEmpty && $0.count <= 30 && !$0.hasPrefix(" ") }
      }
  }

  private static func isObject(_ text: String) -> Bool {
    text.hasPrefix("{") && (try? JSONValue.parse(Array(text.utf8))) != nil
  }

  private mutating func take(_ kind: Kind, _ texts: [String]) {
    switch kind {
    case .boolean(let values): content = .boolean(values: values)
    case .date(let date):
      guard !date.isRFC3339 else { return }
      self.date = date
      content = .date(pattern: date.pattern)
    case .list: content = .list
    case .json: content = .json
    case .numbers(let numbers):
      let isWhole = numbers.allSatisfy(\.isWhole)
      if isWhole, FieldName(name).isCode || numbers.contains(where: \.hasLeadingZero) { return }
      if isWhole, numbers.contains(where: { $0.core.count > 15 }) { return }
      self.numbers = numbers
      content = .number(isWhole: isWhole)
    }
  }

  /// Says so if nearly all values are of one kind.
  private mutating func remarkOnMixture(_ texts: [String], _ lines: [Int?]) {
    guard texts.count >= 10, !FieldName(name).isCode else { return }
    // Text is seen early, and most columns are text.
    guard texts.prefix(100).count(where: { NumberText($0) == nil }) <= 20 else { return }
    let others = texts.indices.filter { NumberText(texts[$0]) == nil }
    guard others.count * 10 <= texts.count else { return }
    let place = lines[others[0]].map { " in line \($0)" } ?? ""
    let odd = "\(texts[others[0]].quotedOnOneLine)\(place)"
    remarks.append(
      "whether it holds numbers: all but \(counted(others.count, "value")) are, but \(odd) is none, so it is text here")
  }
}

/// Values that mean true and false.
enum BooleanGuess {
  private static let pairs = [
    ("true", "false"), ("yes", "no"), ("y", "n"), ("ja", "nein"), ("j", "n"), ("oui", "non"), ("wahr", "falsch"),
    ("t", "f"),
  ]

  /// What a mapping's `values` must say; empty if they are written `true` and `false`, nil if they are something else.
  static func values(of texts: [String]) -> [String: String]? {
    let words = Set(texts.lazy.prefix(1000))
    guard words.count <= 4, Set(texts).count <= 4 else { return nil }
    let lower = Set(words.map { $0.lowercased() })
    guard let pair = pairs.first(where: { lower.isSubset(of: [$0.0, $0.1]) }) else { return nil }
    // A single letter may be anything, unless both are there or it is half of a longer word.
    if pair.0.count == 1, lower.count == 1 { return nil }
    if pair.0 == "true" { return [:] }
    var values: [String: String] = [:]
    for word in words { values[word] = word.lowercased() == pair.0 ? "true" : "false" }
    if lower.count == 1, let word = words.first {
      values[cased(other(word, of: pair), like: word)] = other(word, of: pair) == pair.0 ? "true" : "false"
    }
    return values
  }

  private static func other(_ word: String, of pair: (String, String)) -> String {
    word.lowercased() == pair.0 ? pair.1 : pair.0
  }

  private static func cased(_ word: String, like model: String) -> String {
    if model == model.uppercased() { return word.uppercased() }
    return model.first?.isUppercase == true ? word.prefix(1).uppercased() + word.dropFirst() : word
  }
}
