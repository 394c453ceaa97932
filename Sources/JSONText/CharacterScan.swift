/// One UTF-8 sequence of more than one byte, consumed byte by byte (RFC 3629, section 4).
struct CharacterScan: Equatable, Sendable {
  enum Step {
    case more
    case whole
    case broken
  }

  /// Bytes so far.
  private(set) var taken = 0
  private var left = 0
  private var allowed: ClosedRange<UInt8> = 0x80...0xBF

  init() {}

  /// Nil if no sequence begins with `lead`.
  init?(lead: UInt8) {
    switch lead {
    case 0xC2...0xDF: left = 1
    case 0xE0: (left, allowed) = (2, 0xA0...0xBF)
    case 0xED: (left, allowed) = (2, 0x80...0x9F)
    case 0xE1...0xEF: left = 2
    case 0xF0: (left, allowed) = (3, 0x90...0xBF)
    case 0xF1...0xF3: left = 3
    case 0xF4: (left, allowed) = (3, 0x80...0x8F)
    default: return nil
    }
    taken = 1
  }

  mutating func take(_ byte: UInt8) -> Step {
    guard allowed.contains(byte) else { return .broken }
    taken += 1
    left -= 1
    allowed = 0x80...0xBF
    return left == 0 ? .whole : .more
  }

  /// The end of the whole character at `i`; nil if it needs a closer check or more bytes.
  @inline(__always)
  static func endOfCommonCharacter(_ bytes: Span<UInt8>, at i: Int) -> Int? {
    let lead = bytes[i]
    guard i &+ 2 < bytes.count, bytes[i &+ 1] & 0xC0 == 0x80 else { return nil }
    if lead &- 0xC2 < 0x1E { return i &+ 2 }
    if lead &- 0xE1 < 0x0C || lead &- 0xEE < 2, bytes[i &+ 2] & 0xC0 == 0x80 { return i &+ 3 }
    return nil
  }
}
