import Core
import Testing
import TestKit

@Suite struct BatchTests {
  private func item(_ number: Int, key: UInt64? = nil, bytes: Int) -> BatchItem {
    BatchItem(
      number: number, line: number, source: number * 10..<number * 10 + 5, pieceLength: bytes,
      key: key.map(KeyHash.init(stored:)))
  }

  /// Numbers of the items of each batch, in order.
  private func batches(
    _ keys: [UInt64?], maxItems: Int = 3, maxBytes: Int = 1000, keepsKeysApart: Bool = true,
    setsHotKeysApart: Bool = false, framing: BodyFraming = .array
  ) -> [[Int]] {
    var batcher = Batcher(
      limits: BatchLimits(maxItems: maxItems, maxBytes: maxBytes, framing: framing),
      brackets: (UInt8(ascii: "["), UInt8(ascii: "]")), keepsKeysApart: keepsKeysApart,
      setsHotKeysApart: setsHotKeysApart)
    var all: [QueuedBatch] = []
    for (index, key) in keys.enumerated() {
      all += batcher.add(item(index + 1, key: key, bytes: 2), literals: Array("{}".utf8)[...])
    }
    all += batcher.finish()
    for batch in all {
      #expect(
        String(decoding: batch.body.literals, as: UTF8.self)
          == "[\(batch.items.map { _ in "{}" }.joined(separator: ","))]")
      #expect(batch.whole?.pieces?.count == batch.items.count)
    }
    return all.map { $0.items.map(\.number) }
  }

  @Test func `a batch is full at its number of items`() {
    #expect(batches([1, 2, 3, 4]) == [[1, 2, 3], [4]])
  }

  @Test func `a batch is full at its number of bytes, and one large item travels alone`() {
    #expect(batches([1, 2, 3], maxBytes: 7) == [[1, 2], [3]])
    #expect(batches([1, 2], maxBytes: 1) == [[1], [2]])
  }

  @Test func `what an API wants around and between items counts, though it is not queued`() {
    let framing = BodyFraming(open: #"{"a":["#, separator: ", ", close: "]}")
    // {"a":[{}, {}]}
    #expect(batches([1, 2, 3], maxBytes: 14, framing: framing) == [[1, 2], [3]])
    #expect(batches([1, 2, 3], maxBytes: 13, framing: framing) == [[1], [2], [3]])
    #expect(batches([1, 2, 3], maxBytes: 18, framing: framing) == [[1, 2, 3]])
    #expect(batches([1, 2, 3], maxBytes: 17, framing: framing) == [[1, 2], [3]])
  }

  @Test func `two items with the same key never share a batch, and keep their order`() {
    #expect(batches([1, 1, 1]) == [[1], [2], [3]])
    #expect(batches([1, 1], keepsKeysApart: false) == [[1, 2]])
  }

  @Test func `a hot key does not make every batch small`() {
    #expect(batches([1, 1, 2, 3, 4, 5]) == [[1, 3, 4], [2, 5, 6]])
  }

  @Test(arguments: [true, false])
  func `a key that comes back all the time is in few batches`(_ keepsKeysApart: Bool) {
    // Every tenth item has the same key.
    let keys = (1...1000).map { number in (number.isMultiple(of: 10) ? 1 : UInt64(number) + 1) as UInt64? }
    let all = batches(keys, maxItems: 20, keepsKeysApart: keepsKeysApart, setsHotKeysApart: true)
    let holders = all.filter { batch in batch.contains { $0.isMultiple(of: 10) } }
    #expect(all.count - holders.count >= 42, "of 45 batches of other items, all but the first go their own way")
    #expect(keepsKeysApart || holders.count <= 8)
    #expect(all.flatMap { $0 }.sorted() == Array(1...1000))
  }

  @Test(arguments: [true, false])
  func `random keys keep their order over batches and never share one`(_ setsHotKeysApart: Bool) {
    for seed in 1...100 as ClosedRange<UInt64> {
      var random = SplitMix64(seed: seed)
      let keys = (0..<40).map { _ in UInt64.random(in: 1...5, using: &random) as UInt64? }
      let order = batches(keys, setsHotKeysApart: setsHotKeysApart).flatMap { batch in
        #expect(Set(batch.map { keys[$0 - 1] }).count == batch.count, "seed \(seed)")
        return batch
      }
      #expect(order.sorted() == Array(1...40))
      for key in 1...5 as ClosedRange<UInt64> {
        let numbers = order.filter { keys[$0 - 1] == key }
        #expect(numbers == numbers.sorted(), "seed \(seed)")
      }
    }
  }

  @Test func `halves hold every item once, in order, and are bodies of their own`() {
    let pieces = ["{\"a\":1}", "{}", "{\"b\":[2]}"]
    var batch = Batch(items: [], body: Array("[".utf8))
    for (index, piece) in pieces.enumerated() {
      if index > 0 { batch.body += Array(",".utf8) }
      batch.body += Array(piece.utf8)
      batch.items.append(item(index + 1, bytes: piece.utf8.count))
    }
    batch.body += Array("]".utf8)
    let (first, second) = batch.halves
    #expect(String(decoding: first.body, as: UTF8.self) == "[{\"a\":1}]")
    #expect(String(decoding: second.body, as: UTF8.self) == "[{},{\"b\":[2]}]")
    #expect(first.items.map(\.number) + second.items.map(\.number) == [1, 2, 3])
  }

  @Test func `what the outbox keeps of items comes back as it was`() {
    let items = [
      BatchItem(number: 1, line: 2, source: 0..<0, pieceLength: 0, key: nil),
      BatchItem(number: 70_000, line: 3, source: 5..<1 << 40, pieceLength: 1 << 33, key: KeyHash(inbox: "a")),
      BatchItem(number: 12, line: 1, source: 1..<300, pieceLength: 300, key: KeyHash(stored: .max)),
    ]
    let packed = BatchItem.pack(items)
    #expect(BatchItem.unpack(packed) == items)
    #expect(BatchItem.unpack(Array(packed.dropLast())) == nil, "a damaged outbox is noticed")
  }
}
