/// The limits of one request.
package struct BatchLimits: Sendable, Equatable {
  package var maxItems: Int
  /// Bytes of the whole body; an item that is larger alone travels alone.
  package var maxBytes: Int

  package init(maxItems: Int, maxBytes: Int) {
    self.maxItems = maxItems
    self.maxBytes = maxBytes
  }
}

/// Items in the order in which they travel, and the request body that they make.
package struct Batch: Sendable, Equatable {
  package var items: [BatchItem]
  /// The opening byte, the pieces with commas between, the closing byte: what is sent.
  package var body: [UInt8]

  package init(items: [BatchItem], body: [UInt8]) {
    self.items = items
    self.body = body
  }

  /// Where each item's piece stands in the body; nil where the two do not fit together: the outbox is damaged.
  package var pieces: [Range<Int>]? {
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(items.count)
    var start = 1
    for item in items {
      ranges.append(start..<start + item.pieceLength)
      start += item.pieceLength + 1
    }
    return start == body.count || (items.isEmpty && body.count == 2) ? ranges : nil
  }

  /// The batch of only those items whose index `isIncluded` takes.
  package func filtered(_ isIncluded: (Int) -> Bool) -> Batch {
    guard let pieces, let open = body.first, let close = body.last else { return self }
    var part = Batch(items: [], body: [open])
    for (index, item) in items.enumerated() where isIncluded(index) {
      if !part.items.isEmpty { part.body.append(UInt8(ascii: ",")) }
      part.items.append(item)
      part.body += body[pieces[index]]
    }
    part.body.append(close)
    return part
  }

  /// The first and the second half, in order.
  package var halves: (Batch, Batch) {
    let middle = items.count / 2
    return (filtered { $0 < middle }, filtered { $0 >= middle })
  }
}

/// Gathers the items of one file into batches.
///
/// Where `keepsKeysApart` (LUSID), an item whose key is in a batch already goes into a later one; the batches stay in the
/// order in which they must be sent. Up to `openBatches` batches are filled at once, so one key that comes back
/// every few items does not make every batch small.
package struct Batcher: Sendable {
  private struct Open {
    var batch: Batch
    var keys: Set<KeyHash> = []
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
  package mutating func add(_ item: BatchItem, piece: borrowing [UInt8]) -> [Batch] {
    var full: [Batch] = []
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
      open.append(Open(batch: Batch(items: [], body: [brackets.open])))
    }
    if !open[place].batch.items.isEmpty { open[place].batch.body.append(UInt8(ascii: ",")) }
    open[place].batch.body += piece
    open[place].batch.items.append(item)
    if keepsKeysApart, let key = item.key { open[place].keys.insert(key) }
    return full
  }

  /// Returns what is left, in order.
  package mutating func finish() -> [Batch] {
    defer { open = [] }
    return open.map(finished)
  }

  private func fits(_ length: Int, in batch: Batch) -> Bool {
    batch.items.isEmpty || (batch.items.count < limits.maxItems && batch.body.count + length + 2 <= limits.maxBytes)
  }

  private func finished(_ open: Open) -> Batch {
    var batch = open.batch
    batch.body.append(brackets.close)
    return batch
  }
}
