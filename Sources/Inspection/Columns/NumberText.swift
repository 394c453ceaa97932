internal import Core

/// A number as people and programs write it, taken apart: `(1.234,56)`, `$5.00-`.
struct NumberText: Sendable {
  /// As in the cell, without white space at its ends.
  let text: String
  /// Digits and what separates them; a blank of any kind is U+0020, as a route's `grouping` means it.
  let core: [Unicode.Scalar]
  private(set) var isNegative = false
  private(set) var negative: Set<NumberForm.Negative> = []
  private(set) var symbols: Set<Unicode.Scalar> = []
  /// Whether it begins with a plus sign, which no JSON number does.
  private(set) var hasPlus = false
  /// The exponent with its `E`.
  private(set) var exponent = ""
  /// The separators with which it is a number that upsertd takes.
  private(set) var forms: SeparatorSet

  private static let separators = Set(".,'’ ".unicodeScalars)
  private static let blanks = Set("\u{A0}\u{202F}\u{2009}".unicodeScalars)

  /// Nil if it is not a number.
  init?(_ text: String) {
    var rest = text.unicodeScalars.prefix(61).map { Self.blanks.contains($0) ? " " : $0 }[...]
    guard rest.count <= 60 else { return nil }
    func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.generalCategory == .currencySymbol || scalar == "%"
    }
    func dropSpaces() {
      while let first = rest.first, first.properties.isWhitespace { rest.removeFirst() }
      while let last = rest.last, last.properties.isWhitespace { rest.removeLast() }
    }
    dropSpaces()
    if rest.first == "(", rest.last == ")", rest.count > 2 {
      rest = rest.dropFirst().dropLast()
      negative.insert(.parentheses)
      isNegative = true
      dropSpaces()
    }
    var hasSign = isNegative
    var isChanged = true
    while isChanged, let first = rest.first, let last = rest.last {
      isChanged = true
      if first == "-" || first == "+", !hasSign {
        (isNegative, hasPlus, hasSign) = (first == "-", first == "+", true)
        rest.removeFirst()
      } else if last == "-", !hasSign, rest.count > 1 {
        negative.insert(.trailing)
        (isNegative, hasSign) = (true, true)
        rest.removeLast()
      } else if isSymbol(first) {
        symbols.insert(first)
        rest.removeFirst()
      } else if isSymbol(last) {
        symbols.insert(last)
        rest.removeLast()
      } else {
        isChanged = false
      }
      dropSpaces()
    }
    if let mark = rest.firstIndex(where: { $0 == "e" || $0 == "E" }) {
      let power = rest[(mark + 1)...]
      let digits = power.drop { $0 == "+" || $0 == "-" }
      guard digits.count >= power.count - 1, !digits.isEmpty, digits.count <= 3, digits.allSatisfy(Self.isDigit) else {
        return nil
      }
      exponent = String(String.UnicodeScalarView(rest[mark...]))
      rest = rest[..<mark]
    }
    guard !rest.isEmpty, rest.contains(where: Self.isDigit), Self.isDigit(rest.last ?? " ") || rest.last == ".",
      rest.allSatisfy({ Self.isDigit($0) || Self.separators.contains($0) }), rest.first.map(Self.isStart) == true
    else { return nil }
    self.text = text.trimmed
    core = Array(rest)
    forms = []
    forms = fittingForms()
    guard exponent.isEmpty || forms.contains(.json), !forms.isEmpty || isBareFraction else { return nil }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { "0"..."9" ~= scalar }
  private static func isStart(_ scalar: Unicode.Scalar) -> Bool { isDigit(scalar) || scalar == "." || scalar == "," }

  /// `core`, for people.
  var digits: String { String(String.UnicodeScalarView(core)) }

  /// Whether it is digits alone.
  var isWhole: Bool {
    core.allSatisfy(Self.isDigit) && !isNegative && !hasPlus && symbols.isEmpty && exponent.isEmpty
  }

  var hasLeadingZero: Bool { core.count > 1 && core[0] == "0" && Self.isDigit(core[1]) }

  /// `.50` or `5.`
  private var isBareFraction: Bool {
    core.count { $0 == "." || $0 == "," } == 1 && (!Self.isDigit(core[0]) || !Self.isDigit(core[core.count - 1]))
  }

  /// JSON has no `+5`, `.50` and `007`, and nothing else has exponents.
  private func fittingForms() -> SeparatorSet {
    var forms: SeparatorSet = []
    for (place, separators) in NumberSeparators.all.enumerated() where fits(separators) {
      let isJSON = place == 0
      guard isJSON ? !hasPlus && !hasLeadingZero && !isBareFraction : exponent.isEmpty else { continue }
      forms.insert(SeparatorSet(rawValue: 1 << place))
    }
    return forms
  }

  /// Whether groups have three digits each, the first up to three, and everything else is digits.
  private func fits(_ separators: NumberSeparators) -> Bool {
    var whole = core[...]
    if let point = core.lastIndex(of: separators.decimal) {
      let fraction = core[(point + 1)...]
      whole = core[..<point]
      guard !fraction.isEmpty, fraction.allSatisfy(Self.isDigit) else { return false }
    }
    if let grouping = separators.grouping, whole.contains(grouping) {
      let groups = whole.split(separator: grouping, omittingEmptySubsequences: false)
      return 1...3 ~= groups[0].count && groups.dropFirst().allSatisfy { $0.count == 3 }
        && groups.joined().allSatisfy(Self.isDigit)
    }
    return whole.allSatisfy(Self.isDigit)
  }
}

/// What is between a number's digits.
struct NumberSeparators: Hashable, Sendable {
  var decimal: Unicode.Scalar = "."
  var grouping: Unicode.Scalar?

  /// Takes what JSON does not: a plus sign, zeros in front, and no whole part.
  static let lenient = NumberSeparators(grouping: ",")

  /// The simplest first.
  static let all: [NumberSeparators] =
    [NumberSeparators(), NumberSeparators(decimal: ",")]
    + ([".", ",", "'", "’", " "] as [Unicode.Scalar]).flatMap { grouping in
      ([",", "."] as [Unicode.Scalar]).filter { $0 != grouping }.map {
        NumberSeparators(decimal: $0, grouping: grouping)
      }
    }
}

/// Some of `NumberSeparators.all`.
struct SeparatorSet: OptionSet, Sendable {
  let rawValue: UInt32

  static let json = SeparatorSet(rawValue: 1)
  static let all = SeparatorSet(rawValue: 1 << UInt32(NumberSeparators.all.count) - 1)

  func contains(_ separators: NumberSeparators) -> Bool {
    NumberSeparators.all.firstIndex(of: separators).map { rawValue & 1 << $0 != 0 } ?? false
  }
}
