/// A second opinion: the grammar of RFC 8259, written down word for word, slow and recursive.
struct PlainParser {
  private var rest: ArraySlice<UInt8>

  /// Whether `bytes` are one JSON document in UTF-8.
  static func accepts(_ bytes: [UInt8]) -> Bool {
    guard String(validating: bytes, as: UTF8.self) != nil else { return false }
    var parser = PlainParser(rest: bytes[...])
    return parser.value() && parser.rest.isEmpty
  }

  /// The start of the first ill-formed sequence, by the standard library's own decoder.
  static func firstIllFormed(_ bytes: [UInt8]) -> Int? {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .valid(let scalar): offset += scalar.count
      case .error: return offset
      case .emptyInput: return nil
      }
    }
  }

  private mutating func value() -> Bool {
    space()
    defer { space() }
    switch rest.first {
    case UInt8(ascii: "{"):
      return list(closing: "}") {
        $0.space(); return $0.string() && $0.colon() && $0.value()
      }
    case UInt8(ascii: "["): return list(closing: "]") { $0.value() }
    case UInt8(ascii: "\""): return string()
    case UInt8(ascii: "t"): return take("true")
    case UInt8(ascii: "f"): return take("false")
    case UInt8(ascii: "n"): return take("null")
    default: return number()
    }
  }

  private mutating func list(closing: String, _ element: (inout PlainParser) -> Bool) -> Bool {
    rest.removeFirst()
    space()
    if take(closing) { return true }
    repeat { guard element(&self) else { return false } } while take(",")
    return take(closing)
  }

  private mutating func colon() -> Bool {
    space()
    return take(":")
  }

  private mutating func string() -> Bool {
    guard take("\"") else { return false }
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""):
        // A member's name is followed by white space, which nothing else takes.
        space()
        return true
      case 0..<0x20: return false
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst() else { return false }
        if escaped == UInt8(ascii: "u") {
          guard rest.count >= 4, rest.prefix(4).allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }) else {
            return false
          }
          rest = rest.dropFirst(4)
        } else if !"\"\\/bfnrt".utf8.contains(escaped) {
          return false
        }
      default: break
      }
    }
    return false
  }

  private mutating func number() -> Bool {
    _ = take("-")
    if !take("0"), digits() == 0 { return false }
    if take("."), digits() == 0 { return false }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      if digits() == 0 { return false }
    }
    return true
  }

  private mutating func digits() -> Int {
    let found = rest.prefix { (0x30...0x39).contains($0) }.count
    rest = rest.dropFirst(found)
    return found
  }

  private mutating func take(_ text: String) -> Bool {
    guard rest.starts(with: text.utf8) else { return false }
    rest = rest.dropFirst(text.utf8.count)
    return true
  }

  private mutating func space() { rest = rest.drop { [0x20, 0x0A, 0x0D, 0x09].contains($0) } }
}
