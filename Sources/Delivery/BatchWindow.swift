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
      self.keys = Array(Set(keys))
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

  /// When the next batch that only waits for its time may be sent; nil where none does.
  package var nextDue: Timestamp? {
    entries.values.lazy.filter { !$0.isUnderWay && $0.blockers == 0 }.map(\.due).min()
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
    var lastHolder: [KeyHash: Int64] = [:]
    var added: [Int64: Entry] = [:]
    for var part in parts {
      for key in part.keys {
        if let before = lastHolder.updateValue(part.id, forKey: key) {
          added[before]?.successors.append((key, part.id))
          part.blockers += 1
        }
      }
      added[part.id] = part
    }
    for (key, successor) in old.successors {
      if let holder = lastHolder[key] {
        added[holder]?.successors.append((key, successor))
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
}
