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
