/// The waiting batches of one target that stand first in line, and which of them may be sent.
///
/// A batch may be sent when it is due and no batch before it holds one of its keys; so two items with the same key travel in the
/// order in which they were dropped, while everything else passes by a batch that has to wait. The window is always the
/// beginning of the line: what is not in it comes later than everything that is.
package struct BatchWindow: Sendable {
  package struct Entry: Sendable {
    package var id: Int64
    /// Without repeats.
    package var keys: [KeyHash]
    package var due: Timestamp
    package var isUnderWay = false
    /// How many of its keys an earlier entry holds.
    fileprivate var blockers = 0
    /// Later entries that wait for this one, once for each shared key.
    fileprivate var successors: [(key: KeyHash, id: Int64)] = []

    package init(id: Int64, keys: some Sequence<KeyHash>, due: Timestamp) {
      self.id = id
      self.keys = KeySet.distinct(keys)
      self.due = due
    }
  }

  /// Ids in line.
  private var line: [Int64] = []
  private var entries: [Int64: Entry] = [:]
  /// The last entry in line that holds a key.
  private var tails: [KeyHash: Int64] = [:]

  package init() {}

  package var count: Int { line.count }
  package var isEmpty: Bool { line.isEmpty }
  /// How many different keys its batches hold.
  package var keyCount: Int { tails.count }
  package var first: Int64? { line.first }
  package var underWay: Int { entries.values.reduce(0) { $0 + ($1.isUnderWay ? 1 : 0) } }

  /// Adds a batch at the end of the line.
  package mutating func append(_ entry: Entry) {
    var entry = entry
    for key in entry.keys {
      if let before = tails.updateValue(entry.id, forKey: key) {
        entries[before]?.successors.append((key, entry.id))
        entry.blockers += 1
      }
    }
    line.append(entry.id)
    entries[entry.id] = entry
  }

  /// The first batch that may be sent at `now`.
  package func sendable(at now: Timestamp) -> Int64? {
    line.first { id in
      guard let entry = entries[id] else { return false }
      return !entry.isUnderWay && entry.blockers == 0 && entry.due <= now
    }
  }

  /// Every batch that may be sent at `now`, in line, as far as `take` wants them, for one request.
  ///
  /// - Parameter mayShareKeys: where all that a batch waits for is taken, it may be sent too: it travels behind them.
  package func sendable(at now: Timestamp, mayShareKeys: Bool, where take: (Int64) -> Bool) -> [Int64] {
    var taken: [Int64] = []
    // How many of a batch's blockers are taken.
    var ahead: [Int64: Int] = [:]
    for id in line {
      guard let entry = entries[id], !entry.isUnderWay, entry.blockers == ahead[id, default: 0], entry.due <= now,
        take(id)
      else { continue }
      taken.append(id)
      if mayShareKeys { for successor in entry.successors { ahead[successor.id, default: 0] += 1 } }
    }
    return taken
  }

  /// When the next batch that only waits for its time may be sent; nil where none does.
  package var nextDue: Timestamp? { nextDue(after: nil) }

  /// The same, of those that may not be sent at `now` already.
  package func nextDue(after now: Timestamp?) -> Timestamp? {
    entries.values.lazy.filter { !$0.isUnderWay && $0.blockers == 0 }.map(\.due).filter { due in
      now.map { due > $0 } ?? true
    }.min()
  }

  package mutating func begin(_ id: Int64) { entries[id]?.isUnderWay = true }

  /// Puts a batch back where it stood, to be sent again.
  package mutating func putBack(_ id: Int64, due: Timestamp) {
    entries[id]?.isUnderWay = false
    entries[id]?.due = due
  }

  /// Makes those batches due at once that `isMeant`.
  package mutating func makeDue(at now: Timestamp, where isMeant: (Int64) -> Bool) {
    for (id, entry) in entries where entry.due > now && isMeant(id) { entries[id]?.due = now }
  }

  /// Takes out a batch that has settled; what waited for it may go.
  package mutating func settle(_ id: Int64) { replace(id, by: []) }

  /// Puts `parts`, in order, in the place of a batch that was sent: its halves, or what is left of it.
  ///
  /// Whatever waited for the batch waits for the last part that holds the shared key.
  package mutating func replace(_ id: Int64, by parts: [Entry]) {
    guard let old = entries.removeValue(forKey: id), let place = line.firstIndex(of: id) else { return }
    // It may leave before those that it waited for, cancelled or sent together with them: then what follows waits for them.
    var lastHolder = old.blockers > 0 ? holders(before: id) : [:]
    for holder in lastHolder.values { entries[holder]?.successors.removeAll { $0.id == id } }
    var added: [Int64: Entry] = [:]
    for var part in parts {
      for key in part.keys {
        if let before = lastHolder.updateValue(part.id, forKey: key) {
          added[before]?.successors.append((key, part.id))
          entries[before]?.successors.append((key, part.id))
          part.blockers += 1
        }
      }
      added[part.id] = part
    }
    for (key, successor) in old.successors {
      if let holder = lastHolder[key] {
        added[holder]?.successors.append((key, successor))
        entries[holder]?.successors.append((key, successor))
      } else {
        entries[successor]?.blockers -= 1
      }
    }
    for key in old.keys where tails[key] == id {
      tails[key] = lastHolder[key]
    }
    entries.merge(added) { _, new in new }
    line.replaceSubrange(place...place, with: parts.map(\.id))
  }

  /// What a batch waits for, by the keys that it waits for.
  private func holders(before id: Int64) -> [KeyHash: Int64] {
    var holders: [KeyHash: Int64] = [:]
    for entry in entries.values {
      for successor in entry.successors where successor.id == id { holders[successor.key] = entry.id }
    }
    return holders
  }
}
