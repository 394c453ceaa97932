/// Gathers the items of one file into batches.
///
/// Where `keepsKeysApart` (LUSID), an item whose key is in a batch already goes into a later one; the batches stay in the
/// order in which they must be sent. Up to `openBatches` batches are filled at once, so one key that comes back
/// every few items does not make every batch small.
package struct Batcher: Sendable {
  private struct Open {
    var batch: QueuedBatch
    var keys = KeySet()
  }

  private let limits: BatchLimits
  private let keepsKeysApart: Bool
  private let brackets: (open: UInt8, close: UInt8)
  private var open: [Open] = []
  private let openBatches = 4

  package init(limits: BatchLimits, brackets: (open: UInt8, close: UInt8), keepsKeysApart: Bool) {
    self.limits = limits
    self.brackets = brackets
    self.keepsKeysApart = keepsKeysApart
  }

  /// Bytes of the bodies that are being filled.
  package var waitingBytes: Int { open.reduce(0) { $0 + $1.batch.body.count + 1 } }

  /// Adds an item; returns the batches that are full, in order, which is mostly none.
  ///
  /// - Parameter copied: which bytes of the piece stand in the file, and where; they are not kept.
  package mutating func add(_ item: BatchItem, piece: borrowing [UInt8], copied: CopiedText? = nil) -> [QueuedBatch] {
    var full: [QueuedBatch] = []
    // The first open batch behind the last one that holds the key.
    var place = 0
    if keepsKeysApart, let key = item.key, let last = open.lastIndex(where: { $0.keys.contains(key) }) {
      place = last + 1
    }
    while place < open.count, !fits(piece.count, in: open[place].batch) {
      // Full batches leave from the front; one behind an unfilled batch waits for its turn.
      if place == 0 {
        full.append(finished(open.removeFirst()))
      } else {
        place += 1
      }
    }
    if place == open.count {
      if place == openBatches {
        full.append(finished(open.removeFirst()))
        place -= 1
      }
      open.append(Open(batch: QueuedBatch(items: [], body: QueuedBody([brackets.open]))))
    }
    if !open[place].batch.items.isEmpty { open[place].batch.body.append(UInt8(ascii: ",")) }
    open[place].batch.body.append(piece, copied)
    open[place].batch.items.append(item)
    if keepsKeysApart, let key = item.key { _ = open[place].keys.insert(key) }
    return full
  }

  /// Returns what is left, in order.
  package mutating func finish() -> [QueuedBatch] {
    defer { open = [] }
    return open.map(finished)
  }

  private func fits(_ length: Int, in batch: QueuedBatch) -> Bool {
    batch.items.isEmpty || (batch.items.count < limits.maxItems && batch.body.count + length + 2 <= limits.maxBytes)
  }

  private func finished(_ open: Open) -> QueuedBatch {
    var batch = open.batch
    batch.body.append(brackets.close)
    return batch
  }
}

/// Bytes of an item's piece that stand in the file word for word.
package struct CopiedText: Sendable, Equatable {
  /// Where in the piece they begin.
  package var start: Int
  /// Where they stand in the file.
  package var source: Range<Int>

  package init(start: Int, source: Range<Int>) {
    self.start = start
    self.source = source
  }
}

extension QueuedBody {
  fileprivate mutating func append(_ piece: borrowing [UInt8], _ copied: CopiedText?) {
    guard let copied else { return append(copy piece) }
    let end = copied.start + copied.source.count
    append(piece[..<copied.start])
    append(piece.span.extracting(copied.start..<end), at: copied.source)
    append(piece[end...])
  }
}
