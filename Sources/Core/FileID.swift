/// The name of one dropped file for its whole life: a ULID, 26 characters of Crockford's base 32.
///
/// As text, ids sort in the order in which they were made (<https://github.com/ulid/spec>).
package struct FileID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The 128 bits. A first character beyond 7 would need two more, so it is not allowed.
  package let value: UInt128

  package init(value: UInt128) { self.value = value }

  /// Sorts before every other id.
  package static let first = FileID(value: 0)

  package var text: String {
    String(unsafeUninitializedCapacity: 26) { digits in
      var rest = value
      for place in stride(from: 25, through: 0, by: -1) {
        digits[place] = Self.alphabet[Int(truncatingIfNeeded: rest & 31)]
        rest >>= 5
      }
      return 26
    }
  }

  package var description: String { text }

  package static func < (a: FileID, b: FileID) -> Bool { a.value < b.value }

  /// Nil unless `text` is 26 characters of the alphabet, the first from 0 to 7.
  package init?(_ text: some StringProtocol) {
    var text = String(text)
    guard let id = text.withUTF8({ FileID(utf8: $0.span) }) else { return nil }
    self = id
  }

  /// The same for the text's bytes.
  package init?(utf8 text: Span<UInt8>) {
    guard text.count == 26, text[0] <= UInt8(ascii: "7") else { return nil }
    var value: UInt128 = 0
    for place in text.indices {
      let digit = Self.values[Int(text[place])]
      guard digit < 32 else { return nil }
      value = value << 5 | UInt128(digit)
    }
    self.value = value
  }

  /// 48 bits of time, then 80 bits of `entropy` (its low 80 bits).
  package init(at time: Timestamp, entropy: UInt128) {
    value = UInt128(truncatingIfNeeded: time.milliseconds) << 80 | (entropy & ((1 << 80) - 1))
  }

  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  /// By byte; more than 31 for a byte that is not a digit.
  private static let values = (0...UInt8.max).map { UInt8(alphabet.firstIndex(of: $0) ?? 32) }
}

/// Makes ids that sort in the order of the calls, even within one millisecond or when the clock steps back.
package struct FileIDSource: Sendable {
  private var last: UInt128 = 0

  package init() {}

  package mutating func next(at time: Timestamp) -> FileID {
    var generator = SystemRandomNumberGenerator()
    return next(at: time, using: &generator)
  }

  package mutating func next(at time: Timestamp, using generator: inout some RandomNumberGenerator) -> FileID {
    let fresh =
      UInt128(truncatingIfNeeded: max(0, time.milliseconds)) << 80
      | UInt128.random(in: 0..<(1 << 79), using: &generator)
    // Within the last id's millisecond, or before it, count on from the last id.
    last = fresh >> 80 > last >> 80 ? fresh : last + 1
    return FileID(at: Timestamp(milliseconds: Int64(truncatingIfNeeded: last >> 80)), entropy: last)
  }

  /// Ensures that ids from here on sort after `id`, which an earlier run assigned.
  package mutating func skip(past id: FileID) {
    last = max(last, id.value)
  }
}

extension FileID {
  /// When it was made: the first ten characters, 48 bits of milliseconds.
  package var time: Timestamp {
    Timestamp(milliseconds: Int64(truncatingIfNeeded: value >> 80))
  }
}
