import JSONText

/// Writes text in an encoding: messages, column names and separators beside rows that are copied.
package struct TextEncoder: ~Copyable {
  private let form: TextEncoding.Form
  /// Nil for the Unicode encodings.
  private let iconv: IconvDescriptor?

  /// - Parameters:
  ///   - encoding: one without a byte order gets little endian.
  ///   - path: of the file being written or read, for the error.
  /// - Throws: `ReadError` if iconv can't start: out of memory, or its tables are no longer installed.
  package init(_ encoding: TextEncoding, path: String) throws(ReadError) {
    switch encoding.form {
    case .utf8, .utf16, .utf32: iconv = nil
    case .singleByte, .iconv: iconv = try IconvDescriptor(from: "UTF-8", to: encoding.name, path: path)
    }
    form = encoding.form
  }

  /// The bytes with which a file's byte order mark is written; none if the encoding has no such character.
  package var byteOrderMark: [UInt8] {
    let mark = encoded("\u{FEFF}")
    return mark == encoded("?") ? [] : mark
  }

  /// The bytes of `text`, from the initial state to the initial state.
  ///
  /// What the encoding can't express is written as a question mark.
  package borrowing func encoded(_ text: String) -> [UInt8] { encoded(Array(text.utf8)) }

  /// The same, for UTF-8.
  package borrowing func encoded(_ text: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    switch form {
    case .utf8: return text
    case .utf16(let order):
      for unit in String(decoding: text, as: UTF8.self).utf16 {
        output.append(UInt32(unit), bytes: 2, order ?? .little)
      }
    case .utf32(let order):
      for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
        output.append(scalar.value, bytes: 4, order ?? .little)
      }
    case .singleByte, .iconv: iconv?.encode(text.span, into: &output)
    }
    return output
  }
}

extension IconvDescriptor {
  /// Appends the bytes of `text`, which is UTF-8, from the initial state to the initial state.
  fileprivate borrowing func encode(_ text: Span<UInt8>, into output: inout [UInt8]) {
    reset()
    var at = 0
    while at < text.count {
      // A letter of two bytes needs eight at most, with what ISO 2022 puts before it.
      let step = convert(text.extracting(at...), into: &output, upTo: 8 * (text.count - at) + Self.characterBytes)
      at += step.taken
      guard step.stop == .invalid || step.stop == .incomplete else { continue }
      // The encoding lacks this character.
      at += 1
      while at < text.count, text[at] & 0xC0 == 0x80 { at += 1 }
      let replacement = [UInt8(ascii: "?")]
      _ = convert(replacement.span, into: &output, upTo: Self.characterBytes)
    }
    finish(into: &output)
  }
}

extension [UInt8] {
  /// Appends the lowest `bytes` bytes of `value`.
  fileprivate mutating func append(_ value: UInt32, bytes: Int, _ order: TextEncoding.ByteOrder) {
    for index in 0..<bytes {
      let place = order == .little ? index : bytes - 1 - index
      append(UInt8(truncatingIfNeeded: value >> UInt32(8 * place)))
    }
  }
}
