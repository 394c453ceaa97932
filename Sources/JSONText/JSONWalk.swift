// Walks text that `JSONScanner` has validated: fast, and without checks of its own. Other text may be walked wrongly,
// but never out of bounds.

package enum JSONKind: Sendable, Equatable {
  case object
  case array
  case string
  case number
  case `true`
  case `false`
  case null
}

/// A member of an object; all ranges refer to the bytes being walked.
package struct JSONMember: Sendable, Equatable {
  /// The text between the name's quotes.
  package var name: Range<Int>
  package var nameHasEscapes: Bool
  package var value: Range<Int>
  package var kind: JSONKind
  /// From the name's opening quote to the value's end.
  package var whole: Range<Int> { name.lowerBound - 1..<value.upperBound }
}

/// The kind of the value whose first byte is at `i`.
package func kind(of bytes: Span<UInt8>, at i: Int) -> JSONKind {
  switch bytes[i] {
  case UInt8(ascii: "{"): .object
  case UInt8(ascii: "["): .array
  case UInt8(ascii: "\""): .string
  case UInt8(ascii: "t"): .true
  case UInt8(ascii: "f"): .false
  case UInt8(ascii: "n"): .null
  default: .number
  }
}

/// Calls `body` for each member of the object at `object`, in order, duplicates included.
///
/// `object` may have white space around the braces.
package func forEachMember<E: Error>(
  of bytes: Span<UInt8>, in object: Range<Int>, _ body: (JSONMember) throws(E) -> Void
) throws(E) {
  var i = afterSpace(bytes, from: object.lowerBound) + 1
  let end = min(object.upperBound, bytes.count)
  while true {
    i = afterSpace(bytes, from: i)
    guard i < end, bytes[i] == UInt8(ascii: "\"") else { return }
    let (nameEnd, hasEscapes) = endOfString(bytes, from: i + 1)
    let name = i + 1..<nameEnd
    i = afterSpace(bytes, from: min(afterSpace(bytes, from: nameEnd + 1) + 1, end))
    guard i < end else { return }
    let value = i..<endOfValue(bytes, at: i)
    try body(JSONMember(name: name, nameHasEscapes: hasEscapes, value: value, kind: kind(of: bytes, at: i)))
    i = afterSpace(bytes, from: value.upperBound)
    guard i < end, bytes[i] == UInt8(ascii: ",") else { return }
    i += 1
  }
}

/// Calls `body` for each element of the array at `array`, in order.
package func forEachElement<E: Error>(
  of bytes: Span<UInt8>, in array: Range<Int>, _ body: (Range<Int>, JSONKind) throws(E) -> Void
) throws(E) {
  var i = afterSpace(bytes, from: array.lowerBound) + 1
  let end = min(array.upperBound, bytes.count)
  while true {
    i = afterSpace(bytes, from: i)
    guard i < end, bytes[i] != UInt8(ascii: "]") else { return }
    let value = i..<endOfValue(bytes, at: i)
    try body(value, kind(of: bytes, at: i))
    i = afterSpace(bytes, from: value.upperBound)
    guard i < end, bytes[i] == UInt8(ascii: ",") else { return }
    i += 1
  }
}

/// The first byte from `start` that is not JSON white space; `count` if there is none.
package func afterSpace(_ bytes: Span<UInt8>, from start: Int) -> Int {
  var i = start
  while i < bytes.count {
    let byte = bytes[i]
    guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return i }
    i &+= 1
  }
  return i
}

/// The end of the value that starts at `start`.
private func endOfValue(_ bytes: Span<UInt8>, at start: Int) -> Int {
  var i = start
  var depth = 0
  while i < bytes.count {
    switch bytes[i] {
    case UInt8(ascii: "\""):
      i = min(endOfString(bytes, from: i + 1).end + 1, bytes.count)
      if depth == 0 { return i }
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      depth &+= 1
      i &+= 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      // This closes the container of a number or a literal.
      if depth == 0 { return i }
      depth &-= 1
      i &+= 1
      if depth == 0 { return i }
    case UInt8(ascii: ","), 0x20, 0x0A, 0x0D, 0x09:
      if depth == 0 { return i }
      i &+= 1
    default: i &+= 1
    }
  }
  return i
}

/// The closing quote of the string whose content starts at `start`.
@inline(__always)
func endOfString(_ bytes: Span<UInt8>, from start: Int) -> (end: Int, hasEscapes: Bool) {
  var i = bytes.quoteOrBackslash(from: start)
  if i < bytes.count, bytes[i] == UInt8(ascii: "\"") { return (i, false) }
  while i < bytes.count, bytes[i] == UInt8(ascii: "\\") {
    i = bytes.quoteOrBackslash(from: min(i + 2, bytes.count))
  }
  return (i, true)
}
