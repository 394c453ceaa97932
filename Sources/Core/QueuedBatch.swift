/// A batch as it is queued: parts of its body may be given as places in the claimed file.
package struct QueuedBatch: Sendable, Equatable {
  package var items: [BatchItem]
  package var body: QueuedBody

  package init(items: [BatchItem], body: QueuedBody) {
    self.items = items
    self.body = body
  }

  /// A batch with all its bytes.
  package init(_ batch: Batch) {
    items = batch.items
    body = QueuedBody(batch.body)
  }

  /// The batch with all its bytes, if none of it has to be read from the file.
  package var whole: Batch? { body.runs.isEmpty ? Batch(items: items, body: body.literals) : nil }
}

extension QueuedBatch {
  struct Size: Sendable {
    var items = 0
    var literals = 0
    var runs = 0
  }

  var size: Size { Size(items: items.count, literals: body.literals.count, runs: body.runs.count) }

  mutating func reserveCapacity(asOf size: Size) {
    items.reserveCapacity(size.items)
    body.reserveCapacity(literals: size.literals + size.literals / 8, runs: size.runs)
  }

  /// The batch as it was queued, from the columns of the outbox.
  ///
  /// - Parameters:
  ///   - items: without tags.
  ///   - tags: as `BatchItem.packTags` makes them; nil if an older upsertd queued the batch.
  /// - Returns: nil if the parts do not fit together, which means that the outbox is damaged.
  package init?(
    items: [BatchItem], literals: [UInt8], packedRuns: [UInt8], tags: [UInt8]?, storedChecksum: UInt64?
  ) {
    guard
      let body = QueuedBody(
        literals: literals, packedRuns: packedRuns, tags: tags, storedChecksum: storedChecksum)
    else { return nil }
    self.init(items: items, body: body)
    if let tags, !BatchItem.unpackTags(tags, into: &self.items) { return nil }
  }

  /// The columns that the outbox keeps besides the items, the literals and the runs.
  package var tagsAndChecksum: (tags: [UInt8]?, checksum: UInt64) {
    let tags = BatchItem.packTags(items)
    return (tags, body.storedChecksum(tags: tags))
  }
}

/// A batch with its bytes, as far as the claimed file still matches what was checked.
package struct LoadedBatch: Sendable, Equatable {
  /// The items whose bytes match.
  package var batch: Batch
  /// The items whose bytes do not.
  package var changed: [BatchItem]

  package init(batch: Batch, changed: [BatchItem] = []) {
    self.batch = batch
    self.changed = changed
  }
}

extension QueuedBatch {
  /// The batch, with its runs filled in from the file by `read`.
  ///
  /// The bytes that are checked are the bytes returned: nothing is read twice. Items close together are read at once.
  /// - Parameters:
  ///   - key: nil if it is lost; then no item matches that has a tag and bytes in the file.
  ///   - read: appends the bytes of a range of the file, as many as there are.
  package func load<E: Error>(
    checkingWith key: SourceKey?, reading read: (Range<Int>, inout [UInt8]) throws(E) -> Void
  ) throws(E) -> LoadedBatch {
    if let whole { return LoadedBatch(batch: whole) }
    var loader = BatchLoader(self, key)
    for index in items.indices {
      if let range = loader.wantedRange(of: index) {
        var bytes: [UInt8] = []
        try read(range, &bytes)
        loader.take(bytes, from: range.lowerBound)
      }
      guard loader.add(index) else { break }
    }
    return loader.finish()
  }
}

/// Puts the pieces of a batch together, one item after the other.
private struct BatchLoader {
  private let queued: QueuedBatch
  private let key: SourceKey?
  private var loaded: LoadedBatch
  /// Bytes of the file from `start` on.
  private var bytes: [UInt8] = []
  private var start = 0
  // Already used: the opening byte is a literal.
  private var literals = 1
  private var runs = 0
  /// Of the runs without tags so far.
  private var checksum: UInt64 = 0
  private var hasUntagged = false
  private var isSound = true

  private static let smallGap = 4096

  init(_ queued: QueuedBatch, _ key: SourceKey?) {
    self.queued = queued
    self.key = key
    loaded = LoadedBatch(batch: Batch(items: [], body: Array(queued.body.literals.prefix(1))))
    // In a damaged outbox it may be any number.
    loaded.batch.body.reserveCapacity(min(queued.body.count, 64 << 20))
  }

  /// The range to read before this item is added; nil if there is none.
  ///
  /// It extends over gaps of up to `smallGap`, such as the line breaks between items.
  func wantedRange(of index: Int) -> Range<Int>? {
    let source = queued.items[index].source
    guard runs < queued.body.runs.count, source.contains(queued.body.runs[runs].source),
      source.lowerBound < start || source.upperBound > start + bytes.count
    else { return nil }
    var end = source.upperBound
    for item in queued.items[(index + 1)...] {
      guard item.source.lowerBound >= end, item.source.lowerBound - end <= Self.smallGap else { break }
      end = item.source.upperBound
    }
    return source.lowerBound..<end
  }

  mutating func take(_ bytes: [UInt8], from start: Int) {
    self.bytes = bytes
    self.start = start
  }

  /// Returns whether the parts of the batch fit together.
  mutating func add(_ index: Int) -> Bool {
    let (item, body) = (queued.items[index], queued.body)
    if index > 0 { literals += 1 }
    let mark = loaded.batch.body.count
    if !loaded.batch.items.isEmpty { loaded.batch.body.append(UInt8(ascii: ",")) }
    var left = item.pieceLength
    var agrees = true
    while runs < body.runs.count, body.runs[runs].literals - literals < left {
      let run = body.runs[runs]
      let before = run.literals - literals
      guard before >= 0, run.source.count <= left - before, item.source.contains(run.source) else { return isUnsound() }
      loaded.batch.body += body.literals[literals..<run.literals]
      literals = run.literals
      if agrees, let text = bytesIfUnchanged(item) {
        let range = run.source.lowerBound - item.source.lowerBound + text.startIndex
        let found = text[range..<range + run.source.count]
        if item.tag == nil {
          hasUntagged = true
          checksum = XXH64.hash(found.span, seed: checksum)
        }
        loaded.batch.body += found
      } else {
        agrees = false
      }
      left -= before + run.source.count
      runs += 1
    }
    guard left <= body.literals.count - literals else { return isUnsound() }
    if agrees {
      loaded.batch.body += body.literals[literals..<literals + left]
      loaded.batch.items.append(item)
    } else {
      loaded.batch.body.removeSubrange(mark...)
      loaded.changed.append(item)
    }
    literals += left
    return true
  }

  private func bytesIfUnchanged(_ item: BatchItem) -> ArraySlice<UInt8>? {
    guard item.source.lowerBound >= start, item.source.upperBound - start <= bytes.count else { return nil }
    let text = bytes[item.source.lowerBound - start..<item.source.upperBound - start]
    guard let tag = item.tag else { return text }
    return key?.tag(of: text.span) == tag ? text : nil
  }

  private mutating func isUnsound() -> Bool {
    isSound = false
    return false
  }

  mutating func finish() -> LoadedBatch {
    let body = queued.body
    isSound = isSound && runs == body.runs.count && literals == body.literals.count - 1
    // A batch queued by an older upsertd has one checksum for everything.
    if hasUntagged || loaded.changed.contains(where: { $0.tag == nil }), checksum != body.checksum { isSound = false }
    guard isSound, let close = body.literals.last else {
      return LoadedBatch(batch: Batch(items: [], body: []), changed: queued.items)
    }
    loaded.batch.body.append(close)
    return loaded
  }
}

extension Range<Int> {
  fileprivate func contains(_ other: Range<Int>) -> Bool {
    lowerBound <= other.lowerBound && other.upperBound <= upperBound
  }
}
