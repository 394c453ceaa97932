import Testing

@testable import Core

@Suite struct KeySetTests {
  @Test func `holds what was put in and nothing else, however it is spread`() {
    for spread in [1, 1 << 32, 0x9E37_79B9_7F4A_7C15] as [UInt64] {
      var set = KeySet()
      let wasNew = (0..<5000 as Range<UInt64>).map { set.insert(KeyHash(stored: $0 &* spread)) }
      #expect(!wasNew.contains(false))
      let isHeld = (0..<10_000 as Range<UInt64>).map { set.contains(KeyHash(stored: $0 &* spread)) }
      #expect(isHeld == (0..<10_000).map { $0 < 5000 })
      let isNew = (0..<5000 as Range<UInt64>).map { set.insert(KeyHash(stored: $0 &* spread)) }
      #expect(!isNew.contains(true))
      #expect(set.count == 5000)
      set.removeAll()
      #expect(set.isEmpty && !set.contains(KeyHash(stored: spread)))
    }
  }

  @Test func `keys chosen to share a slot by their own bits are spread by the secret of the process`() {
    // The halves of each cancel each other out.
    let keys = (1...20_000 as ClosedRange<UInt64>).map { KeyHash(stored: $0 << 32 | $0) }
    let slots = Set(keys.map { $0.slotHash & 0xFFFF })
    // Evenly spread, 20,000 keys take some 17,000 of 65,536 slots.
    #expect(slots.count > 12_000)
    #expect(Set(keys).count == keys.count)
  }
}
