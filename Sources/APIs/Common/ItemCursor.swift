import JSONText

/// Reads text that `JSONScanner` has validated, from front to back, each byte once.
///
/// For the checks that every item goes through: `forEachMember` finds a member's end before passing it on, so that it
/// would read a value five levels down five times.
struct ItemCursor {
  /// The next byte to read: a value's first byte after `init` and `nextName`.
  private(set) var place: Int

  init(at value: Int) { place = value }

  func isAtObject(_ bytes: Span<UInt8>) -> Bool { bytes[place] == UInt8(ascii: "{") }
  func isAtArray(_ bytes: Span<UInt8>) -> Bool { bytes[place] == UInt8(ascii: "[") }
  func isAtString(_ bytes: Span<UInt8>) -> Bool { bytes[place] == UInt8(ascii: "\"") }
  func isAtNull(_ bytes: Span<UInt8>) -> Bool { bytes[place] == UInt8(ascii: "n") }
  func isAtNumber(_ bytes: Span<UInt8>) -> Bool {
    bytes[place] == UInt8(ascii: "-") || bytes[place] &- UInt8(ascii: "0") < 10
  }

  /// Enters the object or array that starts here.
  mutating func enter() { place += 1 }

  /// The next member's name, leaving the cursor at its value; nil at the object's end, leaving the cursor past it.
  @inline(__always)
  mutating func nextName(_ bytes: Span<UInt8>) -> MemberName? {
    // In valid text, only white space and one comma can be between two members.
    skip(bytes, or: UInt8(ascii: ","))
    place += 1
    guard bytes[place - 1] == UInt8(ascii: "\"") else { return nil }
    let start = place
    let hasEscapes = skipString(bytes)
    let name = MemberName(content: start..<place - 1, hasEscapes: hasEscapes)
    skip(bytes, or: UInt8(ascii: ":"))
    return name
  }

  /// Whether another element follows in the array, with the cursor at it; otherwise the cursor is past the array.
  mutating func nextElement(_ bytes: Span<UInt8>) -> Bool {
    skip(bytes, or: UInt8(ascii: ","))
    guard bytes[place] == UInt8(ascii: "]") else { return true }
    place += 1
    return false
  }

  /// Skips the value that starts here.
  @discardableResult
  @inline(__always)
  mutating func skipValue(_ bytes: Span<UInt8>) -> Range<Int> {
    let start = place
    switch bytes[start] {
    case UInt8(ascii: "\""):
      place += 1
      skipString(bytes)
    case UInt8(ascii: "{"), UInt8(ascii: "["): skipNested(bytes)
    default:
      while place < bytes.count, !Self.endsToken(bytes[place]) { place += 1 }
    }
    return start..<place
  }

  @inline(__always)
  private static func endsToken(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
  }

  @inline(__always)
  private mutating func skip(_ bytes: Span<UInt8>, or separator: UInt8) {
    while bytes[place] <= 0x20 || bytes[place] == separator { place += 1 }
  }

  private mutating func skipNested(_ bytes: Span<UInt8>) {
    var depth = 0
    repeat {
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""): skipString(bytes)
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
    } while depth > 0
  }

  /// Skips the string whose content starts here.
  ///
  /// - Returns: whether it has escapes.
  @discardableResult
  @inline(__always)
  private mutating func skipString(_ bytes: Span<UInt8>) -> Bool {
    var i = bytes.quoteOrBackslash(from: place)
    let hasEscapes = bytes[i] == UInt8(ascii: "\\")
    while bytes[i] == UInt8(ascii: "\\") { i = bytes.quoteOrBackslash(from: i + 2) }
    place = i + 1
    return hasEscapes
  }
}

/// A member's name as `ItemCursor` found it.
struct MemberName {
  /// The text between the quotes.
  var content: Range<Int>
  var hasEscapes: Bool

  @inline(__always)
  func isCalled(_ name: StaticString, in bytes: Span<UInt8>) -> Bool {
    if hasEscapes { return isCalledWithEscapes(name, in: bytes) }
    guard content.count == name.utf8CodeUnitCount else { return false }
    return name.withUTF8Buffer { letters in
      var i = 0
      while i < letters.count, letters[i] == bytes[content.lowerBound + i] { i += 1 }
      return i == letters.count
    }
  }

  @inline(__always)
  func isCalled(_ name: [UInt8], in bytes: Span<UInt8>) -> Bool {
    if hasEscapes { return stringContent(bytes, content).utf8.elementsEqual(name) }
    guard content.count == name.count else { return false }
    var i = 0
    while i < name.count, name[i] == bytes[content.lowerBound + i] { i += 1 }
    return i == name.count
  }

  @inline(never)
  private func isCalledWithEscapes(_ name: StaticString, in bytes: Span<UInt8>) -> Bool {
    equals(bytes, content, "\(name)", hasEscapes: true)
  }

  /// The name for messages, cut to a readable length.
  func spelled(_ bytes: Span<UInt8>) -> String { stringContent(bytes, content).cut(to: 200) }
}
