/// The hash of an item's bytes in the dropped file at the time they were checked: 64 bits, meaningless without the
/// outbox's `SourceKey`.
///
/// Bytes that are read again must still have it: whoever dropped the file may keep a hard link or a descriptor to it,
/// and can write to it at any time.
package struct SourceTag: Hashable, Sendable {
  package var value: UInt64

  package init(stored value: UInt64) { self.value = value }
}

/// The secret that an outbox makes tags with. Nobody who can change a dropped file may know it.
package struct SourceKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  package static let byteCount = 16

  fileprivate let halves: (UInt64, UInt64)
  /// Added to the words of a block: see `SourceHasher`.
  fileprivate let pads: [UInt64]

  /// Nil unless these are 16 bytes.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    let halves = bytes.withUnsafeBytes {
      (
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
    self.halves = halves
    pads = (0..<UInt8(SourceHasher.blockWords)).map { SipHash13.hash([0xFF, $0].span, key: halves) }
  }

  /// From the system's random number generator.
  package static func randomBytes() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<byteCount).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
  }

  package func tag(of bytes: Span<UInt8>) -> SourceTag {
    var hasher = SourceHasher(self)
    return hasher.tag(endingIn: bytes)
  }

  /// Keeps the secret out of logs.
  package var description: String { "SourceKey" }
  package var debugDescription: String { description }
}

/// Computes the tag of bytes that arrive piece by piece.
///
/// SipHash-1-3 alone would take 2.2 instructions per byte, twice for each byte of a JSON file. So each whole block of
/// 128 bytes is first reduced to 16 bytes by NH, the sum of the products of neighbouring words after secret pads are
/// added to them (UMAC, RFC 4418, section 5.2; in 64-bit words, as in VMAC). SipHash takes these, the bytes after the
/// last block, and the count. For two texts chosen without knowing the key, NH gives the same result with a probability
/// of 2^-64 per block.
package struct SourceHasher: Sendable {
  static let blockWords = 16
  private static let blockBytes = blockWords * 8

  private let pads: [UInt64]
  private var sip: SipHash13
  /// Bytes that do not fill a block yet.
  private var pending: [UInt8] = []
  private var count = 0

  package init(_ key: SourceKey) {
    pads = key.pads
    sip = SipHash13(key: key.halves)
  }

  package mutating func update(_ bytes: Span<UInt8>) {
    count += bytes.count
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      if !pending.isEmpty {
        let missing = rest.prefix(Self.blockBytes - pending.count)
        pending += missing
        rest = rest.dropFirst(missing.count)
        guard pending.count == Self.blockBytes else { return }
        let block = pending
        pending.removeAll(keepingCapacity: true)
        block.withUnsafeBytes { _ = takeBlocks(of: $0) }
      }
      let whole = UnsafeRawBufferPointer(rebasing: rest)
      pending += whole[takeBlocks(of: whole)...]
    }
  }

  /// The tag of all bytes.
  package var tag: SourceTag { SourceTag(stored: pending.withUnsafeBytes { hash(endingIn: $0) }) }

  /// The same as `update` and `tag`, without a copy if these are all the bytes.
  package mutating func tag(endingIn bytes: Span<UInt8>) -> SourceTag {
    guard pending.isEmpty else {
      update(bytes)
      return tag
    }
    count += bytes.count
    return SourceTag(
      stored: bytes.withUnsafeBytes { bytes in
        let taken = takeBlocks(of: bytes)
        return hash(endingIn: UnsafeRawBufferPointer(rebasing: bytes[taken...]))
      })
  }

  private func hash(endingIn rest: UnsafeRawBufferPointer) -> UInt64 {
    // The count is added separately: SipHash itself would include it only modulo 256.
    var sip = sip
    sip.combine(UInt64(truncatingIfNeeded: count))
    return sip.hash(endingIn: rest, count: rest.count)
  }

  /// Returns how many bytes these were.
  private mutating func takeBlocks(of bytes: UnsafeRawBufferPointer) -> Int {
    var place = 0
    // A local copy; otherwise each change of it would go through memory.
    var sip = sip
    pads.withUnsafeBufferPointer { pads in
      while place &+ Self.blockBytes <= bytes.count {
        var sum: UInt128 = 0
        for index in stride(from: 0, to: Self.blockWords, by: 2) {
          let first = UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: place &+ 8 &* index, as: UInt64.self))
          let second = UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: place &+ 8 &* index &+ 8, as: UInt64.self))
          sum &+= UInt128(first &+ pads[index]) &* UInt128(second &+ pads[index &+ 1])
        }
        sip.combine(UInt64(truncatingIfNeeded: sum))
        sip.combine(UInt64(truncatingIfNeeded: sum >> 64))
        place &+= Self.blockBytes
      }
    }
    self.sip = sip
    return place
  }
}

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
