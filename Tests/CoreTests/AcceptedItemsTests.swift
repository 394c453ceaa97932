import Core
import Testing

@Suite struct AcceptedItemsTests {
  private static func items() -> [AcceptedItem] {
    (0..<300).map { index in
      var item = AcceptedItem()
      (item.number, item.line, item.isUnchanged) = (index * 2 + 5, index * 3 + 2, index.isMultiple(of: 7))
      item.key = index.isMultiple(of: 11) ? [] : Array("InvestorRecord/A/B=IR_\(index * 37)".utf8)
      item.recordID = Array("IR000\(index)".utf8)
      item.recordVersion = index.isMultiple(of: 5) ? [] : Array("\(index % 3)".utf8)
      return item
    }
  }

  private static func packed(_ items: [AcceptedItem]) -> AcceptedItems {
    var packed = AcceptedItems()
    for item in items {
      packed.append(
        number: item.number, line: item.line, isUnchanged: item.isUnchanged, key: item.key,
        record: (item.recordID[...], item.recordVersion[...]))
    }
    return packed
  }

  /// The items up to the end, or nil if it is damaged.
  private static func read(_ bytes: [UInt8]) -> [AcceptedItem]? {
    var reader = AcceptedItemReader(bytes)
    var items: [AcceptedItem] = []
    while true {
      switch reader.next() {
      case .item: items.append(reader.item)
      case .end: return items
      case .damaged: return nil
      }
    }
  }

  @Test func `accepted items are read as they were packed, and what keys have in common is kept once`() {
    let items = Self.items()
    let packed = Self.packed(items)
    #expect(packed.first == 5 && packed.count == 300)
    #expect(Self.read(packed.bytes) == items)
    #expect(packed.bytes.count < 300 * 16)
    #expect(Self.read([]) == [])
  }

  @Test func `items that are cut off or changed are never read beyond their end`() {
    let bytes = Self.packed(Array(Self.items().prefix(40))).bytes
    for length in 0..<bytes.count {
      let read = Self.read(Array(bytes[..<length]))
      #expect(read.map { $0.count < 40 } ?? true)
    }
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      var changed = bytes
      changed[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = Self.read(changed)
    }
  }

  @Test func `names of records belong to their items, and to the part that is taken of them`() {
    var names = RecordNames(count: 4)
    let (a, bc, one, none) = (Array("a".utf8), Array("bc".utf8), Array("1".utf8), [UInt8]())
    names.note(1, id: a.span, version: one.span)
    names.note(3, id: bc.span, version: none.span)
    names.note(4, id: a.span, version: none.span)
    #expect(Array(names[1].id) == Array("a".utf8) && Array(names[1].version) == Array("1".utf8))
    #expect(names[0].id.isEmpty && names[4].id.isEmpty && names[-1].id.isEmpty)
    let part = names.extracting(2..<4)
    #expect(part[0].id.isEmpty && Array(part[1].id) == Array("bc".utf8))
  }
}
