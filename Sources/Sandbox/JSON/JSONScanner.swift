/// Reads one JSON text (RFC 8259), strictly: no byte order mark, no comments, no trailing commas.
struct JSONScanner {
  private let bytes: [UInt8]
  private var at = 0
  private var nodes: [JSONDocument.Node] = []

  /// Deeper texts are rejected before the stack is in danger.
  private static let deepest = 256

  static func document(of bytes: [UInt8]) throws(JSONFault) -> JSONDocument {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw JSONFault("bytes that are not UTF-8", at: 0, of: bytes)
    }
    var scanner = JSONScanner(bytes: bytes)
    scanner.skipSpace()
    try scanner.value(depth: 0)
    scanner.skipSpace()
    guard scanner.at == bytes.count else { throw scanner.fault("text after the end of the value") }
    return JSONDocument(bytes: bytes, nodes: scanner.nodes)
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
    nodes.reserveCapacity(bytes.count / 12 + 1)
  }

  private mutating func value(depth: Int) throws(JSONFault) {
    guard at < bytes.count else { throw fault("the text ends before the value is complete") }
    guard depth < Self.deepest else { throw fault("more than \(Self.deepest) levels") }
    switch bytes[at] {
    case UInt8(ascii: "{"): try object(depth: depth)
    case UInt8(ascii: "["): try array(depth: depth)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try word("true", .yes)
    case UInt8(ascii: "f"): try word("false", .no)
    case UInt8(ascii: "n"): try word("null", .null)
    default: try number()
    }
  }

  private mutating func object(depth: Int) throws(JSONFault) {
    let index = open(.object)
    at += 1
    skipSpace()
    if !take("}") {
      repeat {
        skipSpace()
        guard peek() == UInt8(ascii: "\"") else { throw fault("no member name") }
        try string()
        skipSpace()
        guard take(":") else { throw fault("no colon after a member name") }
        skipSpace()
        try value(depth: depth + 1)
        skipSpace()
      } while take(",")
      guard take("}") else { throw fault("no comma or end of the object") }
    }
    close(index)
  }

  private mutating func array(depth: Int) throws(JSONFault) {
    let index = open(.array)
    at += 1
    skipSpace()
    if !take("]") {
      repeat {
        skipSpace()
        try value(depth: depth + 1)
        skipSpace()
      } while take(",")
      guard take("]") else { throw fault("no comma or end of the array") }
    }
    close(index)
  }

  private mutating func string() throws(JSONFault) {
    let index = open(.string)
    at += 1
    while let byte = nextSpecial() {
      switch byte {
      case UInt8(ascii: "\""):
        at += 1
        return close(index)
      case UInt8(ascii: "\\"):
        at += 1
        nodes[index].isEscaped = true
        try escape()
      default: throw fault("an unescaped control character in a string")
      }
    }
    throw fault("a string without a closing quote")
  }

  /// Advances to the next byte that is not simply part of a string; nil at the end of the text.
  private mutating func nextSpecial() -> UInt8? {
    let start = at
    return bytes.withUnsafeBufferPointer { bytes in
      for place in start..<bytes.count {
        let byte = bytes[place]
        guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
        at = place
        return byte
      }
      at = bytes.count
      return nil
    }
  }

  private mutating func escape() throws(JSONFault) {
    guard let letter = peek() else { throw fault("an incomplete escape") }
    switch letter {
    case UInt8(ascii: "u"):
      let digits = bytes[(at + 1)...].prefix(4)
      guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit && $0 < 0x80 }) else {
        throw fault("a \\u without four hexadecimal digits")
      }
      at += 5
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      at += 1
    default: throw fault("an unknown escape")
    }
  }

  private mutating func number() throws(JSONFault) {
    let index = open(.number)
    _ = take("-")
    let first = peek()
    guard digits() > 0 else { throw fault("no value") }
    if first == UInt8(ascii: "0"),
      at - Int(nodes[index].start) > (bytes[Int(nodes[index].start)] == UInt8(ascii: "-") ? 2 : 1)
    {
      throw fault("a number with a leading zero")
    }
    if take(".") {
      guard digits() > 0 else { throw fault("no digit after the decimal point") }
    }
    if take("e") || take("E") {
      _ = take("+") || take("-")
      guard digits() > 0 else { throw fault("no digit in the exponent") }
    }
    close(index)
  }

  private mutating func digits() -> Int {
    let start = at
    while at < bytes.count, bytes[at] &- UInt8(ascii: "0") <= 9 { at += 1 }
    return at - start
  }

  private mutating func word(_ word: StaticString, _ kind: JSONDocument.Kind) throws(JSONFault) {
    let index = open(kind)
    guard bytes[at...].starts(with: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)) else {
      throw fault("no value")
    }
    at += word.utf8CodeUnitCount
    close(index)
  }

  private mutating func open(_ kind: JSONDocument.Kind) -> Int {
    nodes.append(.init(kind: kind, isEscaped: false, start: Int32(at), end: 0, next: 0))
    return nodes.count - 1
  }

  private mutating func close(_ index: Int) {
    nodes[index].end = Int32(at)
    nodes[index].next = Int32(nodes.count)
  }

  private mutating func skipSpace() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x0A, 0x0D, 0x09: at += 1
      default: return
      }
    }
  }

  private func peek() -> UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  private func fault(_ reason: String) -> JSONFault { JSONFault(reason, at: at, of: bytes) }
}
