/// What the outbox knows of one item of a batch, beside its piece of the body.
package struct BatchItem: Sendable, Equatable {
  /// Counts from 1 in the file.
  package var number: Int
  /// Physical line, from 1.
  package var line: Int
  /// Where the item stands in the dropped file, after decompression; what a rejects file copies.
  package var source: Range<Int>
  /// Bytes of the item's piece of the body.
  package var pieceLength: Int
  /// What orders the item; nil where nothing does.
  package var key: KeyHash?

  package init(number: Int, line: Int, source: Range<Int>, pieceLength: Int, key: KeyHash?) {
    self.number = number
    self.line = line
    self.source = source
    self.pieceLength = pieceLength
    self.key = key
  }
}

extension BatchItem {
  /// Packs items for the outbox: LEB128 numbers (number, line and source start as the difference from the item before;
  /// source length; piece length), then the key's eight bytes, little-endian, all zero for none.
  package static func pack(_ items: [BatchItem]) -> [UInt8] {
    var packed: [UInt8] = []
    packed.reserveCapacity(items.count * 18)
    var number = 0
    var line = 0
    var start = 0
    for item in items {
      append(zigzag: item.number - number, to: &packed)
      append(zigzag: item.line - line, to: &packed)
      append(zigzag: item.source.lowerBound - start, to: &packed)
      append(UInt64(item.source.count), to: &packed)
      append(UInt64(item.pieceLength), to: &packed)
      var key = item.key?.value ?? 0
      for _ in 0..<8 {
        packed.append(UInt8(truncatingIfNeeded: key))
        key >>= 8
      }
      number = item.number
      line = item.line
      start = item.source.lowerBound
    }
    return packed
  }

  /// Nil where `packed` is not what `pack` makes: the outbox is damaged.
  package static func unpack(_ packed: [UInt8]) -> [BatchItem]? {
    var items: [BatchItem] = []
    var rest = packed[...]
    var number = 0
    var line = 0
    var start = 0
    while !rest.isEmpty {
      guard let numberStep = zigzag(&rest), let lineStep = zigzag(&rest), let startStep = zigzag(&rest),
        let length = plain(&rest), let pieceLength = plain(&rest), rest.count >= 8
      else { return nil }
      let key = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      rest = rest.dropFirst(8)
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

  private static func append(_ value: UInt64, to packed: inout [UInt8]) {
    var value = value
    while value >= 0x80 {
      packed.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    packed.append(UInt8(value))
  }

  private static func append(zigzag value: Int, to packed: inout [UInt8]) {
    append(UInt64(bitPattern: Int64((value << 1) ^ (value >> 63))), to: &packed)
  }

  private static func unsigned(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = rest.popFirst() {
      guard shift < 63 || byte <= 1 else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  private static func zigzag(_ rest: inout ArraySlice<UInt8>) -> Int? {
    unsigned(&rest).map { Int(truncatingIfNeeded: $0 >> 1) ^ -Int(truncatingIfNeeded: $0 & 1) }
  }

  private static func plain(_ rest: inout ArraySlice<UInt8>) -> Int? {
    unsigned(&rest).flatMap { Int(exactly: $0) }
  }
}
