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
