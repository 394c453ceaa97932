/// SipHash-1-3, a keyed hash whose results can't be predicted without the key.
///
/// <https://github.com/veorq/SipHash>; the paper: <https://www.aumasson.jp/siphash/siphash.pdf>.
struct SipHash13: Sendable {
  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64

  init(key: (UInt64, UInt64)) {
    v0 = key.0 ^ 0x736F_6D65_7073_6575
    v1 = key.1 ^ 0x646F_7261_6E64_6F6D
    v2 = key.0 ^ 0x6C79_6765_6E65_7261
    v3 = key.1 ^ 0x7465_6462_7974_6573
  }

  @inline(__always)
  mutating func combine(_ word: UInt64) {
    v3 ^= word
    round()
    v0 ^= word
  }

  /// The hash of all words so far and the bytes after them.
  ///
  /// - Parameters:
  ///   - rest: its whole words are combined too.
  ///   - count: the total number of bytes; its lowest eight bits are hashed.
  func hash(endingIn rest: UnsafeRawBufferPointer, count: Int) -> UInt64 {
    var state = self
    var place = 0
    while place &+ 8 <= rest.count {
      state.combine(UInt64(littleEndian: rest.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
      place &+= 8
    }
    var last = UInt64(truncatingIfNeeded: count) << 56
    for (index, byte) in rest[place...].enumerated() { last |= UInt64(byte) << UInt64(8 &* index) }
    state.combine(last)
    state.v2 ^= 0xFF
    for _ in 0..<3 { state.round() }
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3
  }

  static func hash(_ bytes: Span<UInt8>, key: (UInt64, UInt64)) -> UInt64 {
    bytes.withUnsafeBytes { SipHash13(key: key).hash(endingIn: $0, count: $0.count) }
  }

  @inline(__always)
  private mutating func round() {
    v0 &+= v1
    v1 = rotated(v1, 13) ^ v0
    v0 = rotated(v0, 32)
    v2 &+= v3
    v3 = rotated(v3, 16) ^ v2
    v0 &+= v3
    v3 = rotated(v3, 21) ^ v0
    v2 &+= v1
    v1 = rotated(v1, 17) ^ v2
    v2 = rotated(v2, 32)
  }

  @inline(__always)
  private func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 &- bits) }
}
