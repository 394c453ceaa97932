internal import Core

/// Reads how numbers are written: in a route's files, or in one column.
struct NumberFormReader {
  static let keys = ["decimal", "grouping", "negative", "symbols"]

  /// Nil if none of the keys is given.
  static func read(_ section: ConfigSection) -> NumberForm? {
    var form = NumberForm()
    section.read("decimal", into: &form.decimal, readDecimal)
    section.read("grouping", into: &form.grouping, readGrouping)
    section.read("negative") { $0.oneOrMore { $0.word(NumberForm.Negative.self) } }.map { form.negative = Set($0) }
    section.read("symbols", into: &form.symbols, readSymbols)
    if let grouping = form.grouping, grouping == form.decimal {
      section.report(
        section.has("decimal")
          ? "is the decimal separator as well: use another character"
          : "is \"\(grouping)\", the decimal separator unless decimal gives another one: add decimal",
        at: "grouping")
    }
    for scalar in form.symbols where scalar == form.decimal || scalar == form.grouping {
      section.report("contains \"\(scalar)\", which separates digits: leave it out", at: "symbols")
    }
    return keys.contains(where: section.has) ? form : nil
  }

  private static let wanted = "one character between digits, such as \",\""

  private static func readDecimal(_ entry: ConfigNode) -> Unicode.Scalar? {
    guard let scalar = entry.character(wanted) else { return nil }
    guard canSeparate(scalar), !scalar.properties.isWhitespace else {
      entry.report("must be \(wanted), but is \"\(scalar)\"")
      return nil
    }
    return scalar
  }

  private static func readGrouping(_ entry: ConfigNode) -> Unicode.Scalar? {
    guard let scalar = entry.character(wanted) else { return nil }
    guard canSeparate(scalar) else {
      entry.report("must be \(wanted), but is \"\(scalar)\"")
      return nil
    }
    return scalar
  }

  /// Neither part of a number nor a control character, which includes line breaks.
  private static func canSeparate(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    if properties.isAlphabetic || properties.numericType != nil || signs.contains(scalar) { return false }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .format: return false
    default: return true
    }
  }

  /// Signs, among them Unicode's minus, and what `negative` may allow around a number.
  private static let signs: Set<Unicode.Scalar> = ["+", "-", "\u{2212}", "(", ")"]

  private static func readSymbols(_ entry: ConfigNode) -> Set<Unicode.Scalar>? {
    guard let text = entry.lineText() else { return nil }
    for scalar in text.unicodeScalars where scalar.properties.numericType != nil || signs.contains(scalar) {
      entry.report("contains \"\(scalar)\", which is part of a number: leave it out")
      return nil
    }
    return Set(text.unicodeScalars)
  }
}
