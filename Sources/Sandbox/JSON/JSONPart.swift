/// One value of a `JSONDocument`.
struct JSONPart: Sendable {
  let document: JSONDocument
  let index: Int

  var kind: JSONDocument.Kind { document.nodes[index].kind }

  /// The value's own bytes, including outer quotes.
  var raw: ArraySlice<UInt8> {
    let node = document.nodes[index]
    return document.bytes[Int(node.start)..<Int(node.end)]
  }

  /// A string's text; for other values, their text as written.
  ///
  /// An unpaired surrogate becomes U+FFFD.
  var text: String {
    let node = document.nodes[index]
    guard node.kind == .string else { return String(decoding: raw, as: UTF8.self) }
    let inner = document.bytes[Int(node.start) + 1..<Int(node.end) - 1]
    return node.isEscaped ? JSONPart.unescaped(inner) : String(decoding: inner, as: UTF8.self)
  }

  func says(_ text: StaticString) -> Bool {
    let node = document.nodes[index]
    guard node.kind == .string else { return false }
    guard !node.isEscaped else { return self.text == text.description }
    return document.bytes.holds(text, from: Int(node.start) + 1, to: Int(node.end) - 1)
  }

  /// Whether a string has more than `limit` UTF-16 units.
  func isLonger(than limit: Int) -> Bool {
    // No text has more UTF-16 units than bytes.
    raw.count - 2 > limit && text.utf16.count > limit
  }

  var members: Members { Members(document: document, at: index + 1, end: Int(document.nodes[index].next)) }

  var elements: Elements { Elements(document: document, at: index + 1, end: Int(document.nodes[index].next)) }

  /// The member's value; if several have the same name, the last.
  func member(_ name: StaticString) -> JSONPart? { member { $0.says(name) } }

  func member(whereName fits: (JSONPart) -> Bool) -> JSONPart? {
    guard kind == .object else { return nil }
    var found: JSONPart?
    for member in members where fits(member.name) { found = member.value }
    return found
  }

  struct Members: Sequence, IteratorProtocol {
    fileprivate let document: JSONDocument
    fileprivate var at: Int
    fileprivate let end: Int

    mutating func next() -> (name: JSONPart, value: JSONPart)? {
      guard at < end else { return nil }
      let member = (JSONPart(document: document, index: at), JSONPart(document: document, index: at + 1))
      at = Int(document.nodes[at + 1].next)
      return member
    }
  }

  struct Elements: Sequence, IteratorProtocol {
    fileprivate let document: JSONDocument
    fileprivate var at: Int
    fileprivate let end: Int

    mutating func next() -> JSONPart? {
      guard at < end else { return nil }
      defer { at = Int(document.nodes[at].next) }
      return JSONPart(document: document, index: at)
    }
  }

  private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
    var units: [UInt16] = []
    units.reserveCapacity(bytes.count)
    var rest = bytes
    while let backslash = rest.firstIndex(of: UInt8(ascii: "\\")) {
      units.append(contentsOf: String(decoding: rest[..<backslash], as: UTF8.self).utf16)
      let letter = rest[backslash + 1]
      rest = rest[(backslash + 2)...]
      switch letter {
      case UInt8(ascii: "b"): units.append(8)
      case UInt8(ascii: "f"): units.append(12)
      case UInt8(ascii: "n"): units.append(10)
      case UInt8(ascii: "r"): units.append(13)
      case UInt8(ascii: "t"): units.append(9)
      case UInt8(ascii: "u"):
        units.append(UInt16(String(decoding: rest.prefix(4), as: UTF8.self), radix: 16) ?? 0xFFFD)
        rest = rest.dropFirst(4)
      default: units.append(UInt16(letter))
      }
    }
    units.append(contentsOf: String(decoding: rest, as: UTF8.self).utf16)
    return String(decoding: units, as: UTF16.self)
  }
}
