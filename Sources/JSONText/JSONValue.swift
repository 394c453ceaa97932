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

extension JSONValue {
  /// A string; null for nil.
  package init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }

  /// A whole number; null for nil.
  package init(_ number: Int?) { self = number.map { .number(String($0)) } ?? .null }

  /// Members in the order given.
  package init(_ members: KeyValuePairs<String, JSONValue>) {
    self = .object(members.map { (name: $0.key, value: $0.value) })
  }

  /// The document, readable for humans and programs: one line for each member and for each element of a member that is
  /// a list; deeper values stay on that line.
  package var laidOut: [UInt8] {
    guard case .object(let members) = self else { return compact + Array("\n".utf8) }
    var out = Array("{".utf8)
    for (index, member) in members.enumerated() {
      out += (index == 0 ? "\n  " : ",\n  ").utf8
      appendQuoted(member.name, to: &out)
      out += ": ".utf8
      guard case .array(let elements) = member.value, !elements.isEmpty else {
        out += member.value.compact
        continue
      }
      out += "[\n    ".utf8
      for (place, element) in elements.enumerated() {
        if place > 0 { out += ",\n    ".utf8 }
        out += element.compact
      }
      out += "\n  ]".utf8
    }
    return out + Array("\n}\n".utf8)
  }

  private var compact: [UInt8] {
    var out: [UInt8] = []
    append(to: &out)
    return out
  }
}

extension JSONValue {
  /// Whether `part` is this value, or this object with fewer members.
  ///
  /// Members may be in any order and may lack members themselves; arrays must have equally many elements, each
  /// containing its counterpart; numbers are compared by value (`0.0`, `0` and `0e5` are equal), strings scalar by
  /// scalar.
  package func contains(_ part: JSONValue) -> Bool {
    switch (self, part) {
    case (.object(let members), .object(let fewer)):
      fewer.allSatisfy { wanted in
        members.contains { $0.name.utf8.elementsEqual(wanted.name.utf8) && $0.value.contains(wanted.value) }
      }
    case (.array(let elements), .array(let others)):
      elements.count == others.count && zip(elements, others).allSatisfy { $0.contains($1) }
    case (.string(let text), .string(let other)): text.utf8.elementsEqual(other.utf8)
    case (.number(let text), .number(let other)): DecimalNumber.same(text, other)
    case (.bool(let value), .bool(let other)): value == other
    case (.null, .null): true
    default: false
    }
  }
}

extension JSONValue: Equatable {
  /// Same value: each contains the other.
  package static func == (a: JSONValue, b: JSONValue) -> Bool { a.contains(b) && b.contains(a) }
}

extension JSONValue {
  /// Members sorted by name, so that the same state gives the same text.
  package static func counts(_ counts: [String: Int]) -> JSONValue {
    .object(counts.sorted { $0.key < $1.key }.map { ($0.key, JSONValue($0.value)) })
  }

  /// Compact.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  /// Compact, with a line break at the end.
  package var document: [UInt8] { bytes + [UInt8(ascii: "\n")] }
}

extension JSONValue {
  /// The value laid out for people: a line for each member and each element, indented by two blanks a level.
  ///
  /// Recursive: the value's nesting must have been checked.
  package var lines: [String] {
    switch self {
    case .object(let members) where !members.isEmpty:
      return Self.block("{", members.map { Self.quoted($0.name) + ": " }, members.map(\.value), "}")
    case .array(let elements) where !elements.isEmpty:
      return Self.block("[", elements.map { _ in "" }, elements, "]")
    default:
      var text: [UInt8] = []
      append(to: &text)
      return [String(decoding: text, as: UTF8.self)]
    }
  }

  private static func block(_ open: String, _ names: [String], _ values: [JSONValue], _ close: String) -> [String] {
    var lines = [open]
    for (index, value) in values.enumerated() {
      var inner = value.lines
      inner[0] = names[index] + inner[0]
      if index + 1 < values.count { inner[inner.count - 1] += "," }
      lines += inner.map { "  " + $0 }
    }
    return lines + [close]
  }

  private static func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    appendQuoted(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
