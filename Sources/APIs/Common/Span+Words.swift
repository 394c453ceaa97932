// Searches that process eight bytes at a time. A byte of a word is marked by its highest bit; the lowest mark is exact,
// those above it may be false (a borrow), so only the lowest is used
// (<https://graphics.stanford.edu/~seander/bithacks.html>). All loads are checked against the span's bounds.

private let ones: UInt64 = 0x0101_0101_0101_0101
private let highs: UInt64 = 0x8080_8080_8080_8080

extension Span<UInt8> {
  @inline(__always)
  private func word(at place: Int) -> UInt64 {
    UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
  }

  /// The first quote or backslash from `start`.
  @inline(__always)
  func quoteOrBackslash(from start: Int) -> Int {
    var place = start
    while place &+ 8 <= count {
      let word = word(at: place)
      let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
      let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
      let found = ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes) & highs
      if found != 0 { return place &+ found.trailingZeroBitCount &>> 3 }
      place &+= 8
    }
    while place < count, self[place] != UInt8(ascii: "\""), self[place] != UInt8(ascii: "\\") { place &+= 1 }
    return place
  }

  /// A number that differs for nearly all distinct short texts: it covers the length and the first and last eight
  /// bytes.
  func fingerprint(of text: Range<Int>) -> UInt64 {
    var first: UInt64 = 0
    var last: UInt64 = 0
    if text.count >= 8 {
      first = word(at: text.lowerBound)
      last = word(at: text.upperBound &- 8)
    } else {
      for i in text { first = first &<< 8 | UInt64(self[i]) }
    }
    // Odd numbers without a pattern, from the golden ratio (Knuth, The Art of Computer Programming, 6.4).
    let mixed = (first &* 0x9E37_79B9_7F4A_7C15) ^ (last &* 0xC2B2_AE3D_27D4_EB4F)
    return mixed &+ UInt64(truncatingIfNeeded: text.count)
  }

  /// Whether both ranges hold the same bytes.
  func isSame(_ a: Range<Int>, _ b: Range<Int>) -> Bool { isSame(a, self, b) }

  /// Whether a range here and one of other bytes hold the same.
  @inline(__always)
  func isSame(_ a: Range<Int>, _ other: Span<UInt8>, _ b: Range<Int>) -> Bool {
    guard a.count == b.count else { return false }
    var i = 0
    while i &+ 8 <= a.count {
      guard word(at: a.lowerBound &+ i) == other.word(at: b.lowerBound &+ i) else { return false }
      i &+= 8
    }
    while i < a.count {
      guard self[a.lowerBound &+ i] == other[b.lowerBound &+ i] else { return false }
      i &+= 1
    }
    return true
  }
}
