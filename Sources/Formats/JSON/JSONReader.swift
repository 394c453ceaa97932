package import Core
internal import JSONText

/// Reads a JSON file: an array of items, one item, or an object of request ids.
///
/// The whole file is checked (RFC 8259, UTF-8), but at most one item is kept in memory, and nothing of an item over the
/// limit. Items are passed on as they are read, before the rest of the file is known to be valid: a later fault
/// invalidates all of them.
package struct JSONReader: Sendable {
  private let limits: ReaderLimits
  private let objects: ObjectShape
  private let chunkBytes: Int
  private let key: SourceKey?

  /// - Parameter key: makes the items' tags; nil for none.
  package init(limits: ReaderLimits, objects: ObjectShape, chunkBytes: Int = 256 << 10, key: SourceKey? = nil) {
    self.key = key
    self.limits = limits
    self.objects = objects
    self.chunkBytes = chunkBytes
  }

  package var decoder: any ItemDecoder { JSONItemDecoder(key: key) }

  /// Calls `each` with blocks of all items, for `decoder` to complete.
  ///
  /// An id that is itself over the limit is not kept: that item is too large and has none.
  /// - Throws: `FileFault` for a file that can't be used, after a last block; `ReadError`, and any error of `each`.
  package func read<S: ByteSource & ~Copyable>(
    _ source: inout S, each: (ItemBlock) throws -> Void
  ) throws -> DocumentShape {
    var block = ItemBlock()
    return try block.passOnFault(to: each) { try find(&source, &$0, each) }
  }

  /// Calls `each` with every item as its decoder leaves it, on this thread.
  ///
  /// - Throws: as `read`.
  package func readItems<S: ByteSource & ~Copyable>(
    _ source: inout S, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> DocumentShape {
    try read(&source) { try decoder.decode($0, each: each) }
  }

  private func find<S: ByteSource & ~Copyable>(
    _ source: inout S, _ block: inout ItemBlock, _ each: (ItemBlock) throws -> Void
  ) throws -> DocumentShape {
    var text = JSONCursor(limits: limits, chunkBytes: chunkBytes, key: key)
    try text.skipByteOrderMark(&source)
    let mark = text.position
    guard let first = try text.next(&source) else { throw FileFault.empty(bytes: text.position - mark) }
    let shape: DocumentShape
    switch first {
    case UInt8(ascii: "["):
      shape = .array
      try readArray(&text, &source, &block, each)
    case UInt8(ascii: "{") where try objects.idsAllowed && !isItem(&text, &source):
      shape = .requestIDs
      try readRequests(&text, &source, &block, each)
    default:
      shape = .single
      text.beginItem()
      try hand(text.value(&source), number: 1, from: &text, &block)
    }
    if let more = try text.next(&source) {
      let hint =
        more == UInt8(ascii: "{") || more == UInt8(ascii: "[")
        ? ": if the file has one item per line, name it .ndjson" : ""
      throw try text.fault(&source, reason: "more text follows the JSON value" + hint)
    }
    return shape
  }

  private func readArray<S: ByteSource & ~Copyable>(
    _ text: inout JSONCursor, _ source: inout S, _ block: inout ItemBlock, _ each: (ItemBlock) throws -> Void
  ) throws {
    text.position += 1
    var number = 0
    if try text.next(&source) == UInt8(ascii: "]") {
      text.position += 1
      return
    }
    while true {
      number += 1
      _ = try text.next(&source)
      text.beginItem()
      try hand(text.value(&source), number: number, from: &text, &block)
      if block.isFull { try each(block.take()) }
      if try text.separator(&source, closing: UInt8(ascii: "]")) == .end { return }
    }
  }

  private func readRequests<S: ByteSource & ~Copyable>(
    _ text: inout JSONCursor, _ source: inout S, _ block: inout ItemBlock, _ each: (ItemBlock) throws -> Void
  ) throws {
    text.position += 1
    var number = 0
    if try text.next(&source) == UInt8(ascii: "}") {
      text.position += 1
      return
    }
    while true {
      number += 1
      guard try text.next(&source) == UInt8(ascii: "\"") else {
        throw try text.unexpected(&source, expected: "a request id in quotes")
      }
      text.beginItem()
      let name = try text.value(&source)
      let id = name.isTooLarge ? nil : text.bytes(of: name.range.lowerBound + 1..<name.range.upperBound - 1)
      guard try text.next(&source) == UInt8(ascii: ":") else {
        throw try text.unexpected(&source, expected: "':'")
      }
      text.position += 1
      _ = try text.next(&source)
      var value = try text.value(&source)
      value.isTooLarge = value.isTooLarge || name.isTooLarge
      hand(value, number: number, member: name, id: id, from: &text, &block)
      if block.isFull { try each(block.take()) }
      if try text.separator(&source, closing: UInt8(ascii: "}")) == .end { return }
    }
  }

  private func hand(
    _ value: JSONCursor.Value, number: Int, member: JSONCursor.Value? = nil, id: [UInt8]? = nil,
    from text: inout JSONCursor, _ block: inout ItemBlock
  ) {
    let fault: ItemFault? =
      if value.isTooLarge {
        .tooLarge(limits)
      } else if value.deepest > limits.maxNesting {
        .tooDeep(value.deepest, limits)
      } else {
        nil
      }
    let start = member?.range.lowerBound ?? value.range.lowerBound
    var item = RawItem(
      number: number, line: member?.line ?? value.line, source: start..<value.range.upperBound,
      textStart: value.range.lowerBound, requestID: id, fault: fault)
    // The decoder makes the others: it has all bytes that the tag covers.
    if member != nil || value.isTooLarge { item.tag = text.endItem() }
    text.withBytes(of: value.isTooLarge ? nil : value.range) { block.append(item, $0) }
  }

  /// Whether the object at the cursor is an item, judged by its first `maxItemBytes`.
  private func isItem<S: ByteSource & ~Copyable>(_ text: inout JSONCursor, _ source: inout S) throws -> Bool {
    try text.lookAhead(&source, bytes: limits.maxItemBytes) { bytes in
      let names = objects.itemMembers + ["_error", "_raw"]
      var i = afterSpace(bytes, from: 1)
      while i < bytes.count, bytes[i] == UInt8(ascii: "\"") {
        var name = JSONScanner()
        // Invalid JSON is reported when the file is read.
        guard let nameEnd = try? name.scan(bytes, from: i) else { return false }
        if names.contains(where: { equals(bytes, i + 1..<nameEnd - 1, $0, hasEscapes: true) }) { return true }
        i = afterSpace(bytes, from: nameEnd)
        guard i < bytes.count, bytes[i] == UInt8(ascii: ":") else { return false }
        var value = JSONScanner()
        guard let valueEnd = try? value.scan(bytes, from: i + 1) else { return false }
        i = afterSpace(bytes, from: valueEnd)
        guard i < bytes.count, bytes[i] == UInt8(ascii: ",") else { return false }
        i = afterSpace(bytes, from: i + 1)
      }
      return false
    }
  }
}

/// How an API interprets a JSON file that is one object.
package struct ObjectShape: Sendable, Equatable {
  /// Names of top-level members that mark the object as a single item.
  package var itemMembers: [String]
  /// Whether it may be an object of request ids at all.
  package var idsAllowed: Bool

  package init(itemMembers: [String], idsAllowed: Bool) {
    self.itemMembers = itemMembers
    self.idsAllowed = idsAllowed
  }

  /// Every object is a single item.
  package static let item = ObjectShape(itemMembers: [], idsAllowed: false)
}
