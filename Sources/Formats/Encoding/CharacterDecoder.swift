/// Decodes a text to UTF-8, piece by piece.
///
/// Once the room is filled, exactly the bytes of the text in it have been taken. For iconv, this is true only between
/// some characters: see `convertFitting`.
enum CharacterDecoder: ~Copyable {
  case utf8
  case utf16(UTF16Text)
  case utf32(UTF32Text)
  case singleByte(SingleByteTable)
  case iconv(IconvDescriptor)

  /// How much text a byte may become: in TSCII, up to four characters of three bytes.
  static var mostBytesOfText: Int { 16 }

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
    case .iconv(let iconv): return iconv.convertFitting(input, into: &text, upTo: room)
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
  /// The same as `convert`, but gives iconv only as much as is sure to fit, and single bytes when room is short.
  ///
  /// If it got more, it would also take shift sequences, and letters that it holds back, whose text belongs after the
  /// room. A letter that was held back and then fills the room does not take the byte after it along, unless that byte
  /// is such a letter, too.
  ///
  /// So the output is not full before the room ends. glibc's EUC-JISX0213 and Shift_JISX0213 depend on that: they have
  /// codes for two characters, and if there is room for one only, each further call writes the other again (glibc 2.36).
  fileprivate borrowing func convertFitting(
    _ input: Span<UInt8>, into text: inout [UInt8], upTo room: Int
  ) -> DecodingStep {
    var count = min(input.count, max(1, (room - Self.characterBytes) / CharacterDecoder.mostBytesOfText))
    let before = text.count
    while true {
      let step = convert(input.extracting(first: count), into: &text, upTo: room)
      guard count < input.count else { return step }
      switch step.stop {
      // It was cut within a character here.
      case .incomplete where step.taken == 0 && text.count == before: count += 1
      case .incomplete, .inputEnd: return DecodingStep(taken: step.taken, stop: .outputFull)
      case .outputFull, .invalid: return step
      }
    }
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
