import Core
import Testing

@Suite struct BatchItemTests {
  /// Items with numbers of all lengths; some without a key, some with the same.
  private static let items: [BatchItem] = (0..<300).map { index in
    let start = index * index * 7919
    return BatchItem(
      number: index + 1, line: index * 3 + 1, source: start..<start + index * 130, pieceLength: index * 5000,
      key: index.isMultiple(of: 7) ? nil : KeyHash(stored: UInt64(index % 50) &* 0x9E37_79B9_7F4A_7C15 | 1))
  }

  private static func keys(_ packed: [UInt8], count: Int) -> [KeyHash]? {
    BatchItem.distinctKeys(inPacked: packed.span, count: count, keyless: KeyHash(inbox: "in"))
  }

  @Test(arguments: [1, 2, 8, 299])
  func `the keys alone are those of the items, each once`(_ count: Int) {
    let items = Array(Self.items.suffix(count))
    let wanted = KeySet.distinct(items.map { $0.key ?? KeyHash(inbox: "in") })
    #expect(Self.keys(BatchItem.pack(items), count: count) == wanted)
  }

  @Test func `the keys of damaged items are none, as the items are none`() {
    let packed = BatchItem.pack(Array(Self.items.suffix(3)))
    #expect(Self.keys(packed, count: 3) != nil)
    for count in [-1, 0, 2, 4, .max] { #expect(Self.keys(packed, count: count) == nil) }
    for length in 0..<packed.count {
      #expect(Self.keys(Array(packed.prefix(length)), count: 3) == nil)
    }
    // A number that never ends, and one that is too large.
    #expect(Self.keys([UInt8](repeating: 0x80, count: 40), count: 1) == nil)
    let long = [UInt8](repeating: 0x80, count: 11) + [UInt8](repeating: 0, count: 13)
    #expect(BatchItem.unpack(long) == nil)
    #expect(Self.keys(long, count: 1) == nil)
    #expect(Self.keys(Array(long.suffix(13)), count: 1) == [KeyHash(inbox: "in")])
  }
}
