import JSONText

extension Span<UInt8> {
  func isObject(_ value: Range<Int>) -> Bool { self[value.lowerBound] == UInt8(ascii: "{") }
  func isString(_ value: Range<Int>) -> Bool { self[value.lowerBound] == UInt8(ascii: "\"") }
  func isNull(_ value: Range<Int>) -> Bool { self[value.lowerBound] == UInt8(ascii: "n") }

  /// Whether the value is empty: null, `""`, `[]` or `{}`.
  func isEmptyValue(_ value: Range<Int>) -> Bool {
    switch self[value.lowerBound] {
    case UInt8(ascii: "n"): true
    case UInt8(ascii: "\""): value.count == 2
    case UInt8(ascii: "["), UInt8(ascii: "{"): afterSpace(self, from: value.lowerBound + 1) == value.upperBound - 1
    default: false
    }
  }

  /// Whether string content has a length within `units`, counted in UTF-16 code units.
  func isText(_ content: Range<Int>, units: ClosedRange<Int>) -> Bool {
    // Every unit takes at least one byte.
    if content.count <= units.upperBound { return !content.isEmpty || units.lowerBound == 0 }
    return units.contains(utf16Length(of: self, content))
  }

  func isText(_ content: Range<Int>, equalTo text: String) -> Bool {
    equals(self, content, text, hasEscapes: hasEscapes(in: content))
  }

  /// Whether two string contents represent the same text.
  func isSameText(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
    if isSame(a, b) { return true }
    guard hasEscapes(in: a) || hasEscapes(in: b) else { return false }
    return stringContent(self, a).utf8.elementsEqual(stringContent(self, b).utf8)
  }

  /// A human-readable value: a string by its text, anything else as written, cut to a readable length.
  func spelledValue(_ value: Range<Int>) -> String {
    if kind(of: self, at: value.lowerBound) == .string { return stringContent(self, value.content).cut(to: 200) }
    var text: [UInt8] = []
    append(value, to: &text)
    return String(decoding: text, as: UTF8.self).cut(to: 200)
  }
}

extension ClosedRange<Int> {
  /// The rule a string must meet to have such a length.
  var textRule: String {
    lowerBound == 0
      ? "a string of at most \(upperBound) characters" : "a string of \(lowerBound) to \(upperBound) characters"
  }
}
