/// A small JSON document in memory: an API's answer, a control message.
package indirect enum JSONValue: Sendable {
  case object([(name: String, value: JSONValue)])
  case array([JSONValue])
  case string(String)
  /// The number as written.
  case number(String)
  case bool(Bool)
  case null

  /// Reads one document, including white space around it.
  ///
  /// - Throws: `JSONFault` if it is not JSON, continues after the value, or nests deeper than `maxNesting`.
  package static func parse(_ bytes: Span<UInt8>, maxNesting: Int = 512) throws(JSONFault) -> JSONValue {
    var scanner = JSONScanner()
    let end = try scanner.scan(bytes, from: 0)
    if end == nil { try scanner.finish() }
    let rest = afterSpace(bytes, from: end ?? bytes.count)
    guard rest == bytes.count else { throw JSONFault(offset: rest, reason: "more text follows the JSON value") }
    guard scanner.deepest <= maxNesting else {
      throw JSONFault(offset: 0, reason: "more than \(maxNesting) levels of objects and arrays")
    }
    let start = afterSpace(bytes, from: 0)
    return JSONValue(bytes, start..<(end ?? bytes.count))
  }

  package static func parse(_ bytes: [UInt8], maxNesting: Int = 512) throws(JSONFault) -> JSONValue {
    try parse(bytes.span, maxNesting: maxNesting)
  }

  /// The value at `range` of text that `JSONScanner` has validated; recursive, so its nesting must have been checked.
  package init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    var room = Int.max
    self.init(bytes, range, room: &room)
  }

  /// The value at `range`, keeping no more of it than fits; it is read once, however deep it is.
  ///
  /// - Parameter room: the bytes that values may take: 16 for each value, plus its text. A text that does not fit is
  ///   cut, everything after it is left out, and `room` is then negative.
  package init(_ bytes: Span<UInt8>, _ range: Range<Int>, room: inout Int) {
    var builder = JSONValueBuilder(room: room)
    self = builder.value(bytes, range.lowerBound, upTo: range.upperBound)
    room = builder.room
  }

  /// The first member called `name`; nil if there is none, or this is not an object.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }

  package var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  package var elements: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  package var members: [(name: String, value: JSONValue)]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// A whole number that fits, however it is spelled; nil for anything else.
  package var integer: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text) ?? DecimalNumber(text)?.integer
  }

  package var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// Appends the value as compact JSON text.
  package func append(to target: inout [UInt8]) {
    switch self {
    case .object(let members):
      target.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { target.append(UInt8(ascii: ",")) }
        appendQuoted(member.name, to: &target)
        target.append(UInt8(ascii: ":"))
        member.value.append(to: &target)
      }
      target.append(UInt8(ascii: "}"))
    case .array(let elements):
      target.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { target.append(UInt8(ascii: ",")) }
        element.append(to: &target)
      }
      target.append(UInt8(ascii: "]"))
    case .string(let text): appendQuoted(text, to: &target)
    case .number(let text): target += text.utf8
    case .bool(let value): target += (value ? "true" : "false").utf8
    case .null: target += "null".utf8
    }
  }
}
