internal import Delivery
internal import JSONText

extension JSONValue {
  static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

  static func time(_ time: Timestamp?) -> JSONValue { text(time?.description) }

  static func count(_ number: Int) -> JSONValue { .number(String(number)) }

  /// Members in the names' order, so that the same state gives the same text.
  static func counts(_ counts: [String: Int]) -> JSONValue {
    .object(counts.sorted { $0.key < $1.key }.map { ($0.key, count($0.value)) })
  }

  /// Compact, with a line's end.
  var document: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }
}
