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
