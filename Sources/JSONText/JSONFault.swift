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

extension JSONFault {
  /// The fault for the unexpected byte at `start`: `reason`, unless the bytes from there on are not UTF-8 or end in the
  /// middle of a character.
  ///
  /// The offset counts from `start`; `bytes` must continue for four bytes, or to the end.
  package static func stray(_ bytes: Span<UInt8>, at start: Int, reason: String) -> JSONFault {
    let syntax = JSONFault(offset: 0, reason: reason)
    guard bytes[start] >= 0x80 else { return syntax }
    guard var character = CharacterScan(lead: bytes[start]) else { return encoding(at: 0) }
    for i in start + 1..<bytes.count {
      switch character.take(bytes[i]) {
      case .more: break
      case .whole: return syntax
      case .broken: return encoding(at: 0)
      }
    }
    return JSONFault(.end, offset: bytes.count - start, reason: "the text ends inside a character")
  }

  static func encoding(at offset: Int) -> JSONFault {
    JSONFault(.encoding, offset: offset, reason: "a byte that is not UTF-8")
  }
}
