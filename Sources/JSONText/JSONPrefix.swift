/// The beginning of a JSON object whose end is missing, made whole: incomplete values are left out, and open containers
/// are closed.
///
/// Only the outer two levels are cut separately: `{"a": {"b": [1], "c": [2` becomes `{"a": {"b": [1]}}`.
package struct JSONPrefix {
  /// An object in valid JSON.
  package private(set) var object: [UInt8]
  /// Whether the last member, an object or array, was still open: it may have held more.
  package private(set) var isLastMemberOpen: Bool

  /// Nil if this is not the beginning of a JSON object, or nests deeper than `maxNesting`.
  package init?(_ bytes: [UInt8], maxNesting: Int) {
    let span = bytes.span
    var scanner = JSONScanner()
    do { if try scanner.scan(span, from: 0) != nil { return nil } } catch { return nil }
    guard scanner.deepest <= maxNesting else { return nil }
    var i = afterSpace(span, from: 0)
    guard i < span.count, span[i] == UInt8(ascii: "{") else { return nil }
    var depth = 0
    /// The last position before which everything is complete except for the open brackets.
    var mark = (end: i + 1, depth: 1)
    var memberClose = UInt8(ascii: "}")
    while i < span.count {
      switch span[i] {
      case UInt8(ascii: "\""):
        i = endOfString(span, from: i + 1).end
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth == 2 { memberClose = span[i] == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]") }
        if depth <= 2 { mark = (i + 1, depth) }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth <= 2 { mark = (i + 1, depth) }
      case UInt8(ascii: ","):
        if depth <= 2 { mark = (i, depth) }
      default: break
      }
      i += 1
    }
    isLastMemberOpen = mark.depth == 2
    object = Array(bytes[..<mark.end])
    if isLastMemberOpen { object.append(memberClose) }
    object.append(UInt8(ascii: "}"))
  }
}
