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
