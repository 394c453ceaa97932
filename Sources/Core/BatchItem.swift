/// What the outbox knows about one item of a batch, besides its piece of the body.
package struct BatchItem: Sendable, Equatable {
  /// Counts from 1 in the file.
  package var number: Int
  /// Physical line, from 1.
  package var line: Int
  /// The item's range in the dropped file, after decompression; a rejects file copies these bytes.
  package var source: Range<Int>
  /// Size of the item's piece of the body, in bytes.
  package var pieceLength: Int
  /// The key that orders the item; nil if nothing does.
  package var key: KeyHash?
  /// Of the bytes at `source`; nil if an older upsertd queued the item.
  package var tag: SourceTag?

  package init(
    number: Int, line: Int, source: Range<Int>, pieceLength: Int, key: KeyHash?, tag: SourceTag? = nil
  ) {
    self.number = number
    self.line = line
    self.source = source
    self.pieceLength = pieceLength
    self.key = key
    self.tag = tag
  }
}

extension BatchItem {
  /// Packs items for the outbox: LEB128 numbers (number, line and source start as the difference from the item before;
  /// source length; piece length), then the key's eight bytes, little-endian, all zero for none. The tags are packed
  /// separately, so that a page of the line, which is read only for the keys, is smaller.
  package static func pack(_ items: [BatchItem]) -> [UInt8] {
    var packed = PackedNumbers(reservingCapacity: items.count * 18)
    var number = 0
    var line = 0
    var start = 0
    for item in items {
      packed.append(zigzag: item.number - number)
      packed.append(zigzag: item.line - line)
      packed.append(zigzag: item.source.lowerBound - start)
      packed.append(UInt64(item.source.count))
      packed.append(UInt64(item.pieceLength))
      packed.append(word: item.key?.value ?? 0)
      number = item.number
      line = item.line
      start = item.source.lowerBound
    }
    return packed.bytes
  }

  /// Nil if `bytes` are not what `pack` makes, which means that the outbox is damaged.
  package static func unpack(_ bytes: [UInt8]) -> [BatchItem]? {
    var packed = PackedNumbers(bytes)
    var items: [BatchItem] = []
    var number = 0
    var line = 0
    var start = 0
    while !packed.isAtEnd {
      guard let numberStep = packed.nextZigzag(), let lineStep = packed.nextZigzag(),
        let startStep = packed.nextZigzag(), let length = packed.nextCount(), let pieceLength = packed.nextCount(),
        let key = packed.nextWord()
      else { return nil }
      number &+= numberStep
      line &+= lineStep
      start &+= startStep
      let (end, isTooFar) = start.addingReportingOverflow(length)
      guard start >= 0, !isTooFar else { return nil }
      items.append(
        BatchItem(
          number: number, line: line, source: start..<end, pieceLength: pieceLength,
          key: key == 0 ? nil : KeyHash(stored: key)))
    }
    return items
  }
}

extension BatchItem {
  /// The items' tags, eight bytes each, little-endian; nil unless all have one.
  package static func packTags(_ items: [BatchItem]) -> [UInt8]? {
    var packed = PackedNumbers(reservingCapacity: items.count * 8)
    for item in items {
      guard let tag = item.tag else { return nil }
      packed.append(word: tag.value)
    }
    return packed.bytes
  }

  /// Sets the items' tags; false if `bytes` are not what `packTags` makes of the same number of items.
  package static func unpackTags(_ bytes: [UInt8], into items: inout [BatchItem]) -> Bool {
    guard bytes.count == items.count * 8 else { return false }
    var packed = PackedNumbers(bytes)
    for index in items.indices { items[index].tag = packed.nextWord().map(SourceTag.init(stored:)) }
    return true
  }
}

extension BatchItem {
  /// The keys of `count` packed items, as `unpack` would return them, without repeats and in order; nil if the outbox
  /// is damaged.
  ///
  /// A page of the line is read only for these.
  /// - Parameter keyless: represents items without a key.
  package static func distinctKeys(inPacked bytes: Span<UInt8>, count: Int, keyless: KeyHash) -> [KeyHash]? {
    // Each item takes at least 13 bytes: a damaged count must not reserve memory.
    guard count > 0, count <= bytes.count / 13 else { return nil }
    var keys: [KeyHash] = []
    keys.reserveCapacity(count)
    var place = 0
    for _ in 0..<count {
      for _ in 0..<5 {
        var length = 0
        var byte: UInt8
        repeat {
          guard place < bytes.count, length < 10 else { return nil }
          byte = bytes[place]
          place += 1
          length += 1
        } while byte >= 0x80
      }
      guard bytes.count - place >= 8 else { return nil }
      let word = UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
      place += 8
      keys.append(word == 0 ? keyless : KeyHash(stored: word))
    }
    guard place == bytes.count else { return nil }
    return count == 1 ? keys : KeySet.distinct(keys)
  }
}
