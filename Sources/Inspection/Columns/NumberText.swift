internal import Core

/// A number as people and programs write it, taken apart: `(1.234,56)`, `$5.00-`.
struct NumberText: Sendable {
  /// Digits and what separates them.
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

  private static let separators = Set(".,'’ \u{A0}\u{202F}".unicodeScalars)

  /// Nil if it is no number.
  init?(_ text: String) {
    var rest = Array(text.unicodeScalars)[...]
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

  private func fittingForms() -> SeparatorSet {
    if core.allSatisfy(Self.isDigit) { return .all }
    var forms: SeparatorSet = []
    for (place, separators) in NumberSeparators.all.enumerated() where value(with: separators) != nil {
      forms.insert(SeparatorSet(rawValue: 1 << place))
    }
    return forms
  }

  /// Its digits and the number of them that are decimals; nil if these separators don't fit.
  ///
  /// Groups have three digits each, the first up to three.
  func value(with separators: NumberSeparators) -> (digits: [Unicode.Scalar], decimals: Int)? {
    var whole = core[...]
    var fraction: ArraySlice<Unicode.Scalar> = []
    if let point = core.lastIndex(of: separators.decimal) {
      (whole, fraction) = (core[..<point], core[(point + 1)...])
      guard !fraction.isEmpty, fraction.allSatisfy(Self.isDigit) else { return nil }
    }
    if let grouping = separators.grouping, whole.contains(grouping) {
      let groups = whole.split(separator: grouping, omittingEmptySubsequences: false)
      guard 1...3 ~= groups[0].count, groups.dropFirst().allSatisfy({ $0.count == 3 }) else { return nil }
      whole = Array(groups.joined())[...]
    }
    guard !whole.isEmpty, whole.allSatisfy(Self.isDigit) else { return nil }
    return (Array(whole) + fraction, fraction.count)
  }

  /// Its exact value; nil if the separators don't fit, or it has too many digits.
  func decimal(_ separators: NumberSeparators) -> ExactDecimal? {
    guard exponent.isEmpty, let (digits, decimals) = value(with: separators) else { return nil }
    return ExactDecimal(digits, decimals: decimals, isNegative: isNegative)
  }
}

/// What stands between a number's digits.
struct NumberSeparators: Hashable, Sendable {
  var decimal: Unicode.Scalar = "."
  var grouping: Unicode.Scalar?

  /// The simplest first.
  static let all: [NumberSeparators] =
    [NumberSeparators(), NumberSeparators(decimal: ",")]
    + ([".", ",", "'", "’", " ", "\u{A0}", "\u{202F}"] as [Unicode.Scalar]).flatMap { grouping in
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

/// A decimal number without rounding.
struct ExactDecimal: Sendable, Equatable {
  /// In units of 10^-12.
  private var units: Int128

  private static let decimals = 12

  static let zero = ExactDecimal(units: 0)

  private init(units: Int128) { self.units = units }

  init?(_ digits: [Unicode.Scalar], decimals: Int, isNegative: Bool) {
    guard decimals <= Self.decimals, digits.count + Self.decimals - decimals <= 36 else { return nil }
    var units: Int128 = 0
    for digit in digits { units = units * 10 + Int128(digit.value - 0x30) }
    for _ in decimals..<Self.decimals { units *= 10 }
    self.units = isNegative ? -units : units
  }

  /// Nil if the sum has too many digits.
  static func + (a: ExactDecimal, b: ExactDecimal) -> ExactDecimal? {
    let (sum, overflow) = a.units.addingReportingOverflow(b.units)
    return overflow ? nil : ExactDecimal(units: sum)
  }
}
