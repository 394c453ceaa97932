/// Decodes a text to UTF-8, piece by piece.
///
/// For all but iconv, input and output of a step are the same characters. iconv may take bytes long before it writes
/// their characters: see `decodeExactly`.
enum CharacterDecoder: ~Copyable {
  case utf8
  case utf16(UTF16Text)
  case utf32(UTF32Text)
  case singleByte(SingleByteTable)
  case iconv(IconvDescriptor)

  /// - Parameters:
  ///   - encoding: one without a byte order gets little endian.
  ///   - path: of the file that is read, for the error.
  /// - Throws: `ReadError` if iconv can't start.
  init(_ encoding: TextEncoding, path: String) throws(ReadError) {
    switch encoding.form {
    case .utf8: self = .utf8
    case .utf16(let order): self = .utf16(UTF16Text(order: order ?? .little))
    case .utf32(let order): self = .utf32(UTF32Text(order: order ?? .little))
    case .singleByte(let table): self = .singleByte(table)
    case .iconv: self = .iconv(try IconvDescriptor(from: encoding.name, to: "UTF-8", path: path))
    }
  }

  /// Appends the text of `input`, as far as it fits into `room` bytes.
  borrowing func decode(_ input: Span<UInt8>, into text: inout [UInt8], upTo room: Int) -> DecodingStep {
    switch self {
    case .utf8:
      let part = input.extracting(first: min(room, input.count))
      let prefix = UTF8Prefix(of: part, from: 0)
      part.extracting(first: prefix.end).withUnsafeBufferPointer { text.append(contentsOf: $0) }
      if prefix.isBroken { return DecodingStep(taken: prefix.end, stop: .invalid) }
      if prefix.end == input.count { return DecodingStep(taken: prefix.end, stop: .inputEnd) }
      return DecodingStep(taken: prefix.end, stop: part.count < input.count ? .outputFull : .incomplete)
    case .utf16(let form): return form.decode(input, into: &text, upTo: room)
    case .utf32(let form): return form.decode(input, into: &text, upTo: room)
    case .singleByte(let table): return table.decode(input, into: &text, upTo: room)
    case .iconv(let iconv): return iconv.convert(input, into: &text, upTo: room)
    }
  }

  /// The same, but once `room` bytes are written, nothing after their characters has been taken.
  ///
  /// May stop before that, with `outputFull`; call it again with what is left of the room.
  borrowing func decodeExactly(_ input: Span<UInt8>, into text: inout [UInt8], upTo room: Int) -> DecodingStep {
    switch self {
    case .iconv(let iconv): iconv.convertExactly(input, into: &text, upTo: room)
    default: decode(input, into: &text, upTo: room)
    }
  }

  /// The number of bytes at the start of `input` that only change the meaning of those after them.
  borrowing func takeShifts(_ input: Span<UInt8>) -> Int {
    switch self {
    case .iconv(let iconv): iconv.takeShifts(input)
    default: 0
    }
  }

  /// Appends the character that was held back, at most `IconvDescriptor.characterBytes`, and returns to the initial
  /// state.
  borrowing func finish(into text: inout [UInt8]) {
    switch self {
    case .iconv(let iconv): iconv.finish(into: &text)
    default: break
    }
  }
}

extension IconvDescriptor {
  fileprivate borrowing func convertExactly(
    _ input: Span<UInt8>, into text: inout [UInt8], upTo room: Int
  ) -> DecodingStep {
    let near = Self.characterBytes
    if room > 2 * near { return convert(input, into: &text, upTo: room - near) }
    // Near the end, iconv gets no byte more than it needs. If a character that was held back fills the room, it leaves
    // the byte after it.
    let end = text.count + room
    var taken = 0
    var length = 1
    while text.count < end {
      guard taken + length <= input.count else {
        return DecodingStep(taken: taken, stop: taken < input.count ? .incomplete : .inputEnd)
      }
      let before = text.count
      let step = convert(input.extracting(taken..<taken + length), into: &text, upTo: end - before)
      taken += step.taken
      switch step.stop {
      case .inputEnd: length = 1
      case .incomplete:
        length += 1 - step.taken
        if length > near { return DecodingStep(taken: taken, stop: .invalid) }
      case .outputFull:
        if step.taken == 0, text.count == before { return DecodingStep(taken: taken, stop: .outputFull) }
        length = max(1, length - step.taken)
      case .invalid: return DecodingStep(taken: taken, stop: .invalid)
      }
    }
    return DecodingStep(taken: taken, stop: .outputFull)
  }

  fileprivate borrowing func takeShifts(_ input: Span<UInt8>) -> Int {
    var nothing: [UInt8] = []
    var taken = 0
    var length = 1
    // ESC, SO and SI (ISO 2022), and the hyphen that ends a run of UTF-7 (RFC 2152). Other bytes without text are the
    // beginning of a character.
    while taken + length <= input.count, [0x1B, 0x0E, 0x0F, 0x2D].contains(input[taken]) {
      // Without room for text, iconv leaves the bytes that have any.
      switch convert(input.extracting(taken..<taken + length), into: &nothing, upTo: 0).stop {
      case .inputEnd:
        taken += length
        length = 1
      case .incomplete: length += 1
      case .outputFull, .invalid: return taken
      }
    }
    return taken
  }
}
