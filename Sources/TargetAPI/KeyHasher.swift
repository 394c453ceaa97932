import JSONText

/// FNV-1a with 64 bits (draft-eastlake-fnv): small, fast on short text, and the same on every machine and in every run.
struct KeyHasher {
  private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  @inline(__always)
  mutating func add(_ byte: UInt8) {
    hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }

  mutating func add(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    for i in range { add(bytes[i]) }
  }

  /// Adds the least significant byte first.
  mutating func add(_ word: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
  }

  /// Keeps `a`, `bc` apart from `ab`, `c`: the byte occurs in no UTF-8 text.
  mutating func separate() { add(0xFF as UInt8) }

  /// Adds the text that JSON string content stands for.
  mutating func addText(_ bytes: Span<UInt8>, _ content: Range<Int>) {
    guard bytes.hasEscapes(in: content) else { return add(bytes, content) }
    for byte in stringContent(bytes, content).utf8 { add(byte) }
  }

  /// Adds a value: a string by its text, all else as it is written.
  mutating func addValue(_ bytes: Span<UInt8>, _ value: Range<Int>) {
    if kind(of: bytes, at: value.lowerBound) == .string {
      addText(bytes, value.content)
    } else {
      add(bytes, value)
    }
  }
}
