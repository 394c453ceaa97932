/// Gathers the items of one file into batches.
///
/// If `keepsKeysApart`, an item whose key is already in a batch goes into a later one; the batches stay in the order in
/// which they must be sent. Up to `openBatches` batches are filled at once, so a key that comes back every few items
/// does not make every batch small.
///
/// If `setsHotKeysApart`, items whose key comes back batch after batch go into batches of their own; otherwise each
/// batch would have to wait for the one before it. The order of items with the same key is kept; that of others is not.
package struct Batcher: Sendable {
  private struct Open {
    var batch: QueuedBatch
    var keys = KeySet()

    /// A method of the batch itself: one of the batcher would copy the batch, which the batcher holds, for each item.
    mutating func append(
      _ item: BatchItem, _ literals: ArraySlice<UInt8>, _ copied: CopiedText?, notingKey notesKey: Bool
    ) {
      if !batch.items.isEmpty { batch.body.append(UInt8(ascii: ",")) }
      batch.body.append(literals, copied)
      batch.items.append(item)
      if notesKey, let key = item.key { _ = keys.insert(key) }
    }
  }

  private let limits: BatchLimits
  private let keepsKeysApart: Bool
  private let brackets: (open: UInt8, close: UInt8)
  /// Bytes of a body that are not queued: around all pieces, and between each two.
  private let beyondQueued: (around: Int, between: Int)
  private var open: [Open] = []
  private let openBatches = 4
  /// Of the last full batch: the next one will be about as large, and need not grow step by step.
  private var lastSize = QueuedBatch.Size()
  /// Nil if hot keys are not set apart.
  private var hotKeys: HotKeys?
  private var hot: Open?

  package init(
    limits: BatchLimits, brackets: (open: UInt8, close: UInt8), keepsKeysApart: Bool, setsHotKeysApart: Bool = false
  ) {
    self.limits = limits
    self.brackets = brackets
    let around = limits.framing.bytesBeyondQueued(items: 1)
    beyondQueued = (around, limits.framing.bytesBeyondQueued(items: 2) - around)
    self.keepsKeysApart = keepsKeysApart
    if setsHotKeysApart { hotKeys = HotKeys() }
  }

  /// Bytes of the bodies that are being filled.
  package var waitingBytes: Int {
    open.reduce(0) { $0 + waitingBytes(of: $1) } + (hot.map { waitingBytes(of: $0) } ?? 0)
  }

  private func waitingBytes(of open: Open) -> Int {
    let between = beyondQueued.between * max(0, open.batch.items.count - 1)
    return open.batch.body.count + 1 + beyondQueued.around + between
  }

  /// Adds an item; returns the full batches in order, usually none.
  ///
  /// - Parameters:
  ///   - literals: its piece, without the bytes that are in the file.
  ///   - copied: where in the file these are, if there are any; then the item must have a tag.
  package mutating func add(
    _ item: BatchItem, literals: ArraySlice<UInt8>, copied: CopiedText? = nil
  ) -> [QueuedBatch] {
    precondition(copied == nil || item.tag != nil, "what is left in the file can't be checked without a tag")
    var full: [QueuedBatch] = []
    if let key = item.key, isHot(key, leaving: &full) {
      if let batch = hot, !fits(item.pieceLength, in: batch.batch) || keepsKeysApart && batch.keys.contains(key) {
        full.append(finished(batch))
        hot = nil
      }
      if hot == nil { hot = begun() }
      hot?.append(item, literals, copied, notingKey: true)
      return full
    }
    // The first open batch after the last one that holds the key.
    var place = 0
    if keepsKeysApart, let key = item.key, let last = open.lastIndex(where: { $0.keys.contains(key) }) {
      place = last + 1
    }
    while place < open.count, !fits(item.pieceLength, in: open[place].batch) {
      // Full batches leave from the front; a full one behind an unfilled batch waits its turn.
      if place == 0 {
        let first = open.removeFirst()
        full.append(finished(first))
      } else {
        place += 1
      }
    }
    if place == open.count {
      if place == openBatches {
        let first = open.removeFirst()
        full.append(finished(first))
        place -= 1
      }
      open.append(begun())
    }
    open[place].append(item, literals, copied, notingKey: keepsKeysApart || hotKeys != nil)
    return full
  }

  /// Returns the remaining batches, in order.
  package mutating func finish() -> [QueuedBatch] {
    var rest: [QueuedBatch] = []
    for batch in open { rest.append(finished(batch)) }
    if let hot { rest.append(finished(hot)) }
    (open, hot) = ([], nil)
    return rest
  }

  private func begun() -> Open {
    var batch = Open(batch: QueuedBatch(items: [], body: QueuedBody([brackets.open])))
    batch.batch.reserveCapacity(asOf: lastSize)
    return batch
  }

  /// Hot items may overtake the batches being filled, so batches that hold a key leave when it becomes hot.
  private mutating func isHot(_ key: KeyHash, leaving full: inout [QueuedBatch]) -> Bool {
    guard hotKeys != nil else { return false }
    if hotKeys?.contains(key) == true { return true }
    guard hotKeys?.wasSentLately(key) == true else { return false }
    let holders = open.indices.filter { open[$0].keys.contains(key) }
    // A single holder still has room for others. A key sent lately that has no holder, or several, keeps coming back.
    guard holders.count != 1, hotKeys?.insert(key) == true else { return false }
    guard let last = holders.last else { return true }
    for batch in open[...last] { full.append(finished(batch)) }
    open.removeSubrange(...last)
    return true
  }

  private func fits(_ length: Int, in batch: QueuedBatch) -> Bool {
    batch.items.isEmpty
      || (batch.items.count < limits.maxItems
        && batch.body.count + length + 2 + beyondQueued.around + beyondQueued.between * batch.items.count
          <= limits.maxBytes)
  }

  private mutating func finished(_ open: Open) -> QueuedBatch {
    var batch = open.batch
    for item in batch.items { if let key = item.key { hotKeys?.note(key) } }
    batch.body.append(brackets.close)
    lastSize = batch.size
    return batch
  }
}

/// Bytes of an item's piece that are in the file verbatim.
package struct CopiedText: Sendable, Equatable {
  /// How many of the piece's other bytes come before them.
  package var start: Int
  /// Their range in the file.
  package var source: Range<Int>

  package init(start: Int, source: Range<Int>) {
    self.start = start
    self.source = source
  }
}

extension QueuedBody {
  fileprivate mutating func append(_ literals: ArraySlice<UInt8>, _ copied: CopiedText?) {
    guard let copied else { return append(literals) }
    if copied.start > 0 { append(literals.prefix(copied.start)) }
    append(at: copied.source)
    if literals.count > copied.start { append(literals.dropFirst(copied.start)) }
  }
}

/// The keys that recur in batch after batch of one file.
///
/// Recently sent keys are remembered in a table of fixed size, where a key replaces another now and then: a forgotten
/// key is merely not hot yet.
struct HotKeys {
  private var lately = [UInt64](repeating: 0, count: 1 << 14)
  private var keys = KeySet()
  private static let mostKeys = 10_000

  func contains(_ key: KeyHash) -> Bool { !keys.isEmpty && keys.contains(key) }

  func wasSentLately(_ key: KeyHash) -> Bool { lately[place(of: key)] == key.value }

  mutating func note(_ key: KeyHash) { lately[place(of: key)] = key.value }

  /// Once a key is hot it stays hot: its later items must not overtake it. Returns whether it is hot.
  mutating func insert(_ key: KeyHash) -> Bool {
    guard keys.count < Self.mostKeys else { return false }
    _ = keys.insert(key)
    return true
  }

  private func place(of key: KeyHash) -> Int {
    Int(truncatingIfNeeded: key.value ^ key.value >> 32) & (lately.count - 1)
  }
}
