/// The name of one dropped file for its whole life: a ULID, 26 characters of Crockford's base 32.
///
/// Ids sort as text in the order in which they were made (<https://github.com/ulid/spec>).
package struct FileID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let text: String

  package var description: String { text }

  package static func < (a: FileID, b: FileID) -> Bool { a.text < b.text }

  /// Nil unless `text` is 26 characters of the alphabet with a first one of 0 to 7.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count == 26, let first = text.utf8.first, first <= UInt8(ascii: "7"),
      text.utf8.allSatisfy({ Self.alphabet.contains($0) })
    else { return nil }
    self.text = String(text)
  }

  /// 48 bits of time, then 80 bits of `entropy` (its low 80 bits).
  package init(at time: Timestamp, entropy: UInt128) {
    var value = UInt128(truncatingIfNeeded: time.milliseconds) << 80 | (entropy & ((1 << 80) - 1))
    var digits = [UInt8](repeating: 0, count: 26)
    for place in digits.indices.reversed() {
      digits[place] = Self.alphabet[Int(value & 31)]
      value >>= 5
    }
    text = String(decoding: digits, as: UTF8.self)
  }

  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
}

/// Makes ids that sort in the order of the calls, even within one millisecond or when the clock steps back.
package struct FileIDSource: Sendable {
  private var last: UInt128 = 0

  package init() {}

  package mutating func next(at time: Timestamp) -> FileID {
    var generator = SystemRandomNumberGenerator()
    let fresh =
      UInt128(truncatingIfNeeded: max(0, time.milliseconds)) << 80
      | UInt128.random(in: 0..<(1 << 79), using: &generator)
    // Within the last id's millisecond, or before it, count on from the last id.
    last = fresh >> 80 > last >> 80 ? fresh : last + 1
    return FileID(at: Timestamp(milliseconds: Int64(truncatingIfNeeded: last >> 80)), entropy: last)
  }

  /// Makes sure that ids from here on sort after `id`, which an earlier run gave out.
  package mutating func skip(past id: FileID) {
    var value: UInt128 = 0
    for digit in id.text.utf8 {
      value = value << 5 | UInt128(FileID.value(of: digit))
    }
    last = max(last, value)
  }
}

extension FileID {
  fileprivate static func value(of digit: UInt8) -> Int { alphabet.firstIndex(of: digit) ?? 0 }
}

extension FileID {
  /// When it was made: the first ten characters, 48 bits of milliseconds.
  package var time: Timestamp {
    Timestamp(milliseconds: text.utf8.prefix(10).reduce(0) { $0 << 5 | Int64(Self.value(of: $1)) })
  }
}
