/// The fields of an `application/x-www-form-urlencoded` text.
///
/// Lenient: the LUSID SDK sends bare spaces, and a `%` without two digits is literal.
struct FormFields: Sendable {
  private var values: [String: String] = [:]

  init(_ bytes: some Sequence<UInt8>) {
    for field in Array(bytes).split(separator: UInt8(ascii: "&")) {
      let equals = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
      values[Self.decoded(field[..<equals])] = Self.decoded(field[equals...].dropFirst())
    }
  }

  subscript(name: String) -> String? { values[name] }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    var result: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        result.append(value)
        rest = rest.dropFirst(2)
      } else {
        result.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
