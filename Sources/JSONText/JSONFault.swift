/// Why a text is not JSON, and where.
package struct JSONFault: Error, Equatable, Sendable {
  package enum Kind: Sendable {
    /// Not RFC 8259.
    case syntax
    /// Not UTF-8; the offset is that of the ill-formed sequence's first byte.
    case encoding
    /// The text ends inside the value; the offset is that of its end.
    case end
  }

  package var kind: Kind
  /// Bytes before the offending one, counted from where the value's first `scan` began, over all calls.
  package var offset: Int
  package var reason: String

  package init(_ kind: Kind = .syntax, offset: Int, reason: String) {
    self.kind = kind
    self.offset = offset
    self.reason = reason
  }

  /// The message for `byte`, or the end of the text, where something else is expected.
  package static func reason(for byte: UInt8?, expected: String) -> String {
    guard let byte else { return "expected \(expected), but the text ends" }
    return "expected \(expected), found \(name(of: byte))"
  }

  static func name(of byte: UInt8) -> String {
    if byte > 0x20, byte < 0x7F { return "'\(Unicode.Scalar(byte))'" }
    return "byte 0x" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }
}
