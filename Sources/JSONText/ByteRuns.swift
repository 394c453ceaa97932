internal import Glibc

// Searches that process eight bytes at a time. A byte of a word is marked by its highest bit; the lowest mark is exact,
// those above it may be false (a borrow), so only the lowest is used
// (<https://graphics.stanford.edu/~seander/bithacks.html>). All loads are checked against the span's bounds.

private let ones: UInt64 = 0x0101_0101_0101_0101
private let highs: UInt64 = 0x8080_8080_8080_8080

/// Marks the bytes of `word` that equal `byte`.
@inline(__always)
private func marks(_ word: UInt64, equalTo byte: UInt8) -> UInt64 {
  let difference = word ^ (ones &* UInt64(byte))
  return (difference &- ones) & ~difference & highs
}

extension Span<UInt8> {
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// The first byte from `start` that can't simply be part of a JSON string: a quote, a backslash, a control character,
  /// a non-ASCII byte; `count` if there is none.
  @inline(__always)
  func endOfPlainText(from start: Int) -> Int {
    var i = start
    while i &+ 8 <= count {
      let word = word(at: i)
      let found =
        (word | (word &- ones &* 0x20) & ~word) & highs
        | marks(word, equalTo: UInt8(ascii: "\"")) | marks(word, equalTo: UInt8(ascii: "\\"))
      if found != 0 { return i &+ found.trailingZeroBitCount &>> 3 }
      i &+= 8
    }
    while i < count {
      let byte = self[i]
      if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return i }
      i &+= 1
    }
    return i
  }

  /// The first quote or backslash from `start`; `count` if there is none.
  @inline(__always)
  func quoteOrBackslash(from start: Int) -> Int {
    var i = start
    while i &+ 8 <= count {
      let word = word(at: i)
      let found = marks(word, equalTo: UInt8(ascii: "\"")) | marks(word, equalTo: UInt8(ascii: "\\"))
      if found != 0 { return i &+ found.trailingZeroBitCount &>> 3 }
      i &+= 8
    }
    while i < count, self[i] != UInt8(ascii: "\""), self[i] != UInt8(ascii: "\\") { i &+= 1 }
    return i
  }
}

extension Span<UInt8> {
  /// The first position from `start` that holds `byte`; nil if there is none.
  package func firstIndex(of byte: UInt8, from start: Int) -> Int? {
    var i = start
    while i &+ 8 <= count {
      let found = marks(word(at: i), equalTo: byte)
      if found != 0 { return i &+ found.trailingZeroBitCount &>> 3 }
      i &+= 8
    }
    while i < count {
      if self[i] == byte { return i }
      i &+= 1
    }
    return nil
  }

  /// How many bytes of `range` equal `byte`; fastest if few do.
  package func occurrences(of byte: UInt8, in range: Range<Int>) -> Int {
    var i = range.lowerBound
    var found = 0
    while i &+ 32 <= range.upperBound {
      let any =
        marks(word(at: i), equalTo: byte) | marks(word(at: i &+ 8), equalTo: byte)
        | marks(word(at: i &+ 16), equalTo: byte) | marks(word(at: i &+ 24), equalTo: byte)
      if any != 0 {
        for j in i..<i &+ 32 where self[j] == byte { found &+= 1 }
      }
      i &+= 32
    }
    while i < range.upperBound {
      if self[i] == byte { found &+= 1 }
      i &+= 1
    }
    return found
  }

  /// Appends the bytes of `range` to `target`.
  package func append(_ range: Range<Int>, to target: inout [UInt8]) {
    extracting(range).withUnsafeBufferPointer { target.append(contentsOf: $0) }
  }
}

extension Span<UInt8> {
  /// Whether both hold the same bytes.
  package func holdsSameBytes(as other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return withUnsafeBytes { mine in
      other.withUnsafeBytes { others in
        guard let a = mine.baseAddress, let b = others.baseAddress else { return true }
        return memcmp(a, b, count) == 0
      }
    }
  }
}
