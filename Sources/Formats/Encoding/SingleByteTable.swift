/// The characters of an encoding in which every byte is one.
struct SingleByteTable: Sendable {
  /// For each byte, its character's UTF-8, first byte lowest, and the length of that in the highest byte; zero if the
  /// byte is no character.
  private let entries: [UInt32]
  private let isASCIICompatible: Bool

  /// Nil if a byte may be a part of a character, or change the meaning of those after it.
  init?(_ iconv: borrowing IconvDescriptor) {
    var entries: [UInt32] = []
    entries.reserveCapacity(256)
    for byte in UInt8.min...UInt8.max {
      iconv.reset()
      var text: [UInt8] = []
      let input = [byte]
      let step = iconv.convert(input.span, into: &text, upTo: IconvDescriptor.characterBytes)
      if step == DecodingStep(taken: 0, stop: .invalid) {
        entries.append(0)
        continue
      }
      let length = text.count
      // What iconv holds back until it knows the next byte is not the character of this byte alone.
      iconv.finish(into: &text)
      guard step == DecodingStep(taken: 1, stop: .inputEnd), text.count == length, 1...3 ~= length,
        UTF8Prefix(of: text.span, from: 0).end == length,
        String(decoding: text, as: UTF8.self).unicodeScalars.count == 1
      else { return nil }
      entries.append(text.reversed().reduce(0) { $0 << 8 | UInt32($1) } | UInt32(length) << 24)
    }
    self.entries = entries
    isASCIICompatible = (0..<0x80).allSatisfy { entries[$0] == Self.entry(ascii: $0) }
  }

  private static func entry(ascii byte: Int) -> UInt32 { 1 << 24 | UInt32(byte) }

  /// Appends the text of `input`, as far as it fits into `room` bytes.
  func decode(_ input: Span<UInt8>, into output: inout [UInt8], upTo room: Int) -> DecodingStep {
    output.appendRaw(upTo: min(room, input.count * 3)) { target, limit, end in
      let raw = input.bytes
      let entries = entries.span
      var at = 0
      while at < input.count {
        if isASCIICompatible {
          // Eight bytes at a time up to the first that is not ASCII; what was stored after it is overwritten.
          while at &+ 8 <= input.count, end &+ 8 <= limit {
            let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
            target.storeBytes(of: word.littleEndian, toByteOffset: end, as: UInt64.self)
            let others = word & 0x8080_8080_8080_8080
            let plain = others.trailingZeroBitCount &>> 3
            at &+= plain
            end &+= plain
            if others != 0 { break }
          }
          if at == input.count { break }
        }
        repeat {
          let entry = entries[Int(input[at])]
          let length = Int(entry &>> 24)
          guard length > 0 else { return DecodingStep(taken: at, stop: .invalid) }
          guard end &+ length <= limit else { return DecodingStep(taken: at, stop: .outputFull) }
          target.storeBytes(of: (entry & 0xFF_FFFF).littleEndian, toByteOffset: end, as: UInt32.self)
          at &+= 1
          end &+= length
        } while at < input.count && (input[at] >= 0x80 || !isASCIICompatible)
      }
      return DecodingStep(taken: at, stop: .inputEnd)
    }
  }
}

extension [UInt8] {
  /// Appends what `body` stores.
  ///
  /// - Parameter body: is given the memory of the whole array, where the stored bytes must end at the latest, and where
  ///   they end, which it moves on. Eight bytes after the limit may be overwritten, so that whole words can be stored.
  mutating func appendRaw<R>(
    upTo room: Int, _ body: (_ target: inout MutableRawSpan, _ limit: Int, _ end: inout Int) -> R
  ) -> R {
    let limit = count + room
    var end = count
    append(addingCapacity: room + 8) { $0.append(repeating: 0, count: room + 8) }
    var span = mutableSpan
    var target = span.mutableBytes
    let result = body(&target, limit, &end)
    removeLast(limit + 8 - end)
    return result
  }
}
