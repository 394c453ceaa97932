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
