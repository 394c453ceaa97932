import Core
import JSONText

/// The alphabet and form of LUSID's scopes and property keys (`Domain/Scope/Code`).
enum LusidKey {
  static let codeRule = "1 to 64 letters, digits, '-' or '_'"
  static let rule =
    "a key of the form Domain/Scope/Code, with a scope and a code of \(codeRule)"

  static func isKey(_ bytes: Span<UInt8>, _ name: MemberName) -> Bool {
    if !name.hasEscapes { return isPlainKey(bytes, name.content) }
    // Some writers escape every slash.
    let text = Array(stringContent(bytes, name.content).utf8)
    return isPlainKey(text.span, 0..<text.count)
  }

  /// Whether string content is a scope or a code.
  static func isCode(_ bytes: Span<UInt8>, _ content: Range<Int>) -> Bool {
    if !bytes.hasEscapes(in: content) { return isPlainCode(bytes, content) }
    let text = Array(stringContent(bytes, content).utf8)
    return isPlainCode(text.span, 0..<text.count)
  }

  /// Where the value starts in a text that begins with a property key and an equals sign; nil in any other.
  static func afterName(_ text: Substring) -> Substring.Index? {
    guard let sign = text.firstIndex(of: "=") else { return nil }
    let name = Array(text[..<sign].utf8)
    return isPlainKey(name.span, 0..<name.count) ? text.index(after: sign) : nil
  }

  private static func isPlainKey(_ bytes: Span<UInt8>, _ key: Range<Int>) -> Bool {
    // Reads from the end, where the code is: a domain may be any text without a slash.
    guard let scopeEnd = startOfCode(bytes, key), let domainEnd = startOfCode(bytes, key.lowerBound..<scopeEnd) else {
      return false
    }
    return !bytes.has(UInt8(ascii: "/"), in: key.lowerBound..<domainEnd) && domainEnd > key.lowerBound
  }

  /// The position of the slash before the code at the end of `text`; nil if there is no slash or no code after it.
  @inline(__always)
  private static func startOfCode(_ bytes: Span<UInt8>, _ text: Range<Int>) -> Int? {
    var i = text.upperBound &- 1
    while i >= text.lowerBound, isCodeByte(bytes[i]) { i &-= 1 }
    guard i >= text.lowerBound, bytes[i] == UInt8(ascii: "/") else { return nil }
    return (1...64).contains(text.upperBound - i - 1) ? i : nil
  }

  private static func isPlainCode(_ bytes: Span<UInt8>, _ code: Range<Int>) -> Bool {
    guard (1...64).contains(code.count) else { return false }
    for i in code where !isCodeByte(bytes[i]) { return false }
    return true
  }

  @inline(__always)
  private static func isCodeByte(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: "_")
  }
}

/// The ordering key of LUSID requests: the sorted identifiers and the scope.
///
/// The hash is stored on disk: it covers the hashes of the identifiers in ascending order, then 0xFF and the scope's
/// text; an identifier's hash covers its key, 0xFF and its value's text (its JSON if it is not a string).
struct LusidOrder {
  private var identifiers: [(name: KeyHash, whole: KeyHash)] = []

  mutating func add(_ item: Span<UInt8>, name: Range<Int>, value: Range<Int>) {
    var hash = KeyHash()
    hash.combineText(item, name)
    let name = hash
    hash.separate()
    hash.combineValue(item, value)
    identifiers.append((name, hash))
  }

  /// False if all keys differ; true almost always means that two are equal, but this must be verified.
  var suspectsRepeat: Bool {
    guard identifiers.count > 1 else { return false }
    let names = identifiers.map(\.name.value).sorted()
    return zip(names, names.dropFirst()).contains { $0 == $1 }
  }

  /// Nil without identifiers.
  func hash(_ item: Span<UInt8>, scope: Range<Int>?) -> KeyHash? {
    guard !identifiers.isEmpty else { return nil }
    var hash = KeyHash()
    if identifiers.count == 1 {
      hash.combine(identifiers[0].whole)
    } else {
      for identifier in identifiers.sorted(by: { $0.whole.value < $1.whole.value }) { hash.combine(identifier.whole) }
    }
    hash.separate()
    if let scope { hash.combineValue(item, scope) }
    return hash
  }
}
