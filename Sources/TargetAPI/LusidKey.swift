import JSONText

/// The alphabet and form of LUSID's scopes and property keys (`Domain/Scope/Code`).
enum LusidKey {
  static let codeRule = "1 to 64 letters, digits, '-' or '_'"
  static let rule =
    "a key Domain/Scope/Code, its scope and its code \(codeRule)"

  /// Whether string content is a key.
  static func isKey(_ bytes: Span<UInt8>, _ content: Range<Int>) -> Bool {
    // Some writers escape every slash.
    if bytes.hasEscapes(in: content) {
      let text = Array(stringContent(bytes, content).utf8)
      return isPlainKey(text.span, 0..<text.count)
    }
    return isPlainKey(bytes, content)
  }

  private static func isPlainKey(_ bytes: Span<UInt8>, _ key: Range<Int>) -> Bool {
    var i = key.lowerBound
    while i < key.upperBound, bytes[i] != slash { i += 1 }
    guard i > key.lowerBound, i < key.upperBound else { return false }
    let scope = i + 1
    i = scope
    while i < key.upperBound, bytes[i] != slash { i += 1 }
    guard i < key.upperBound else { return false }
    return isPlainCode(bytes, scope..<i) && isPlainCode(bytes, i + 1..<key.upperBound)
  }

  /// Whether string content is a scope or a code.
  static func isCode(_ bytes: Span<UInt8>, _ content: Range<Int>) -> Bool {
    if bytes.hasEscapes(in: content) {
      let text = Array(stringContent(bytes, content).utf8)
      return isPlainCode(text.span, 0..<text.count)
    }
    return isPlainCode(bytes, content)
  }

  private static func isPlainCode(_ bytes: Span<UInt8>, _ code: Range<Int>) -> Bool {
    guard (1...64).contains(code.count) else { return false }
    for i in code {
      switch bytes[i] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        continue
      default: return false
      }
    }
    return true
  }

  private static var slash: UInt8 { UInt8(ascii: "/") }
}
