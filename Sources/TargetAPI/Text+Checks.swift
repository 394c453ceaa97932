import Delivery
import JSONText

extension Span<UInt8> {
  /// Whether string content has a length in `units`, counted in UTF-16 code units.
  func isText(_ content: Range<Int>, units: ClosedRange<Int>) -> Bool {
    // No unit takes less than a byte.
    if content.count <= units.upperBound { return !content.isEmpty || units.lowerBound == 0 }
    return units.contains(utf16Length(of: self, content))
  }

  func isText(_ member: JSONMember, units: ClosedRange<Int>) -> Bool {
    member.kind == .string && isText(member.value.content, units: units)
  }

  /// Whether two string contents stand for the same text.
  func isSameText(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
    if a.count == b.count {
      var i = 0
      while i < a.count, self[a.lowerBound + i] == self[b.lowerBound + i] { i += 1 }
      if i == a.count { return true }
    }
    guard hasEscapes(in: a) || hasEscapes(in: b) else { return false }
    return stringContent(self, a).utf8.elementsEqual(stringContent(self, b).utf8)
  }

  func checkIsText(_ member: JSONMember, at path: String, units: ClosedRange<Int>) throws(ItemFault) {
    guard isText(member, units: units) else { throw .invalid(path, mustBe: textRule(units)) }
  }
}

/// - Parameter units: the length in UTF-16 code units.
func textRule(_ units: ClosedRange<Int>) -> String {
  units.lowerBound == 0
    ? "a string of at most \(units.upperBound) characters"
    : "a string of \(units.lowerBound) to \(units.upperBound) characters"
}

extension JSONMember {
  /// The name for messages, cut to a readable length.
  func spelledName(_ bytes: Span<UInt8>) -> String { stringContent(bytes, name).cut(to: 200) }
}

extension JSONValue {
  /// A value for people: a string by its text, all else as it is written.
  static func spelled(_ bytes: Span<UInt8>, _ value: Range<Int>) -> String {
    let content = JSONText.kind(of: bytes, at: value.lowerBound) == .string ? value.content : value
    var text: [UInt8] = []
    if content == value { bytes.append(value, to: &text) } else { return stringContent(bytes, content).cut(to: 200) }
    return String(decoding: text, as: UTF8.self).cut(to: 200)
  }
}

extension String {
  /// A URL to which a path can be added.
  var droppingSlashes: String {
    var url = self
    while url.hasSuffix("/") { url.removeLast() }
    return url
  }
}
