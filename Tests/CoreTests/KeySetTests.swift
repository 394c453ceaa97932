import Core
import Testing

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
}
