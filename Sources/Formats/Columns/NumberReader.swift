package import Core
package import JSONText

/// Reads numbers as a route or a mapping says that they are written.
///
/// The default form is JSON's, and its numbers are kept as they are. Any other form takes digits, which may be in
/// groups of three from the decimal sign on, and a fraction; in front of them a minus or plus sign; and what
/// `NumberForm` adds. Zeros in front are dropped, and a missing whole part is zero: `0012,50` is 12.50, `,5` is 0.5.
/// Everything else does not fit: `5,`, groups of two digits, exponents, two signs.
package struct NumberReader: Sendable {
  private let isJSON: Bool
  private let decimal: [UInt8]
  /// Nothing if digits are not grouped.
  private let groupings: [[UInt8]]
  private let symbols: [[UInt8]]
  private let negative: Set<NumberForm.Negative>

  /// - Throws: a `FileFault` without a place if one character has two meanings.
  package init(_ form: NumberForm) throws(FileFault) {
    isJSON = form.isJSON
    decimal = Array(String(form.decimal).utf8)
    groupings =
      switch form.grouping {
      case nil: []
      case " ": Self.blanks
      case let grouping?: [Array(String(grouping).utf8)]
      }
    symbols = form.symbols.map { Array(String($0).utf8) }
    negative = form.negative
    let meanings: [(Unicode.Scalar?, String)] = [(form.decimal, "decimal"), (form.grouping, "grouping")]
    let reserved = "0123456789+-()".unicodeScalars
    for case (let character?, let name) in meanings where reserved.contains(character) {
      throw FileFault(.malformedCSV, "\(name) can't be \(String(character).quoted), which is part of numbers")
    }
    if form.decimal == form.grouping {
      throw FileFault(.malformedCSV, "decimal and grouping are both \(String(form.decimal).quoted)")
    }
    let taken = reserved + [form.decimal] + (form.grouping.map { [$0] } ?? [])
    if let symbol = form.symbols.sorted().first(where: taken.contains) {
      throw FileFault(.malformedCSV, "symbols can't hold \(String(symbol).quoted), which is part of numbers")
    }
  }

  /// What the form takes, for messages: `number of the form 1.234,56`.
  package var description: String {
    if isJSON { return "JSON number (such as -12.50)" }
    let grouping = groupings.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    return "number of the form 1\(grouping)234\(String(decoding: decimal, as: UTF8.self))56"
  }

  /// The JSON number with the same digits; nil if `text` does not fit the form.
  package func json(_ text: Span<UInt8>) -> [UInt8]? {
    var json = RowText()
    guard append(text, to: &json) else { return nil }
    return Array(json.storage[..<json.count])
  }

  /// The value of a control total; nil if `text` does not fit the form or has more digits than sums can hold.
  package func value(_ text: Span<UInt8>) -> DecimalSum? {
    guard let json = json(text) else { return nil }
    var sum = DecimalSum()
    do throws(DecimalSum.Fault) {
      try sum.add(json.span)
    } catch {
      return nil
    }
    return sum
  }

  /// Appends the JSON number with the same digits; false, and nothing appended, if `text` does not fit the form.
  func append(_ text: Span<UInt8>, to target: inout RowText) -> Bool {
    if isJSON {
      guard isJSONNumber(text) else { return false }
      target.append(text, 0..<text.count)
      return true
    }
    var rest = 0..<text.count
    takeSymbols(text, &rest)
    let isNegative = takeSign(text, &rest)
    guard let digits = Digits(text, rest, decimal: decimal, groupings: groupings) else { return false }
    if isNegative { target.append(UInt8(ascii: "-")) }
    var isLeading = true
    for at in digits.whole where text[at] &- UInt8(ascii: "0") < 10 {
      if isLeading, text[at] == UInt8(ascii: "0") { continue }
      isLeading = false
      target.append(text[at])
    }
    if isLeading { target.append(UInt8(ascii: "0")) }
    if !digits.fraction.isEmpty {
      target.append(UInt8(ascii: "."))
      target.append(text, digits.fraction)
    }
    return true
  }

  /// Removes the signs or parentheses around the number, and symbols between them and the digits.
  private func takeSign(_ text: Span<UInt8>, _ rest: inout Range<Int>) -> Bool {
    guard let last = rest.last else { return false }
    switch (text[rest.lowerBound], text[last]) {
    case (UInt8(ascii: "("), UInt8(ascii: ")")) where negative.contains(.parentheses) && rest.count > 2:
      rest = rest.lowerBound + 1..<last
      takeSymbols(text, &rest)
      return true
    case (let sign, _) where Self.isSign(sign):
      rest = rest.lowerBound + 1..<rest.upperBound
      takeSymbols(text, &rest)
      return sign == UInt8(ascii: "-")
    case (_, let sign) where Self.isSign(sign) && negative.contains(.trailing):
      rest = rest.lowerBound..<last
      takeSymbols(text, &rest)
      return sign == UInt8(ascii: "-")
    default: return false
    }
  }

  private static func isSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") }

  /// Removes symbols from both ends, with the blanks between them and the number.
  private func takeSymbols(_ text: Span<UInt8>, _ rest: inout Range<Int>) {
    guard !symbols.isEmpty else { return }
    var start = rest.lowerBound
    while let symbol = symbols.first(where: { text.has($0, at: start, in: rest) }) {
      start += symbol.count
      while let blank = Self.blanks.first(where: { text.has($0, at: start, in: rest) }) { start += blank.count }
    }
    rest = start..<rest.upperBound
    var end = rest.upperBound
    while let symbol = symbols.first(where: { text.has($0, at: end - $0.count, in: rest) }) {
      end -= symbol.count
      while let blank = Self.blanks.first(where: { text.has($0, at: end - $0.count, in: rest) }) { end -= blank.count }
    }
    rest = rest.lowerBound..<end
  }

  /// The blanks that programs put between groups of digits: U+0020, U+00A0, U+202F, U+2009.
  static let blanks: [[UInt8]] = [" ", "\u{A0}", "\u{202F}", "\u{2009}"].map { Array($0.utf8) }

  /// Where a number's digits are.
  private struct Digits {
    /// With the grouping characters; may be empty if `fraction` is not.
    var whole: Range<Int>
    var fraction: Range<Int>

    /// Nil unless all of `range` is one number without sign.
    init?(_ text: Span<UInt8>, _ range: Range<Int>, decimal: [UInt8], groupings: [[UInt8]]) {
      var at = range.lowerBound
      func takeDigits() -> Int {
        let start = at
        while at < range.upperBound, text[at] &- UInt8(ascii: "0") < 10 { at += 1 }
        return at - start
      }
      let first = takeDigits()
      var isGrouped = false
      while let grouping = groupings.first(where: { text.has($0, at: at, in: range) }) {
        guard isGrouped || (1...3).contains(first) else { return nil }
        isGrouped = true
        at += grouping.count
        guard takeDigits() == 3 else { return nil }
      }
      whole = range.lowerBound..<at
      fraction = at..<at
      if text.has(decimal, at: at, in: range) {
        at += decimal.count
        let start = at
        guard takeDigits() > 0 else { return nil }
        fraction = start..<at
      }
      guard at == range.upperBound, !whole.isEmpty || !fraction.isEmpty else { return nil }
    }
  }
}

extension Span<UInt8> {
  /// Whether `bytes` are at `start`, wholly inside `range`.
  fileprivate func has(_ bytes: [UInt8], at start: Int, in range: Range<Int>) -> Bool {
    guard start >= range.lowerBound, start + bytes.count <= range.upperBound else { return false }
    for index in bytes.indices where self[start + index] != bytes[index] { return false }
    return true
  }
}

/// Whether `bytes` are exactly one number as in RFC 8259, section 6.
func isJSONNumber(_ bytes: Span<UInt8>) -> Bool {
  var at = 0
  func digits() -> Int {
    let start = at
    while at < bytes.count, bytes[at] &- UInt8(ascii: "0") < 10 { at += 1 }
    return at - start
  }
  func take(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }
  _ = take(UInt8(ascii: "-"))
  if !take(UInt8(ascii: "0")), digits() == 0 { return false }
  if take(UInt8(ascii: ".")), digits() == 0 { return false }
  if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
    if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
    if digits() == 0 { return false }
  }
  return at == bytes.count
}
