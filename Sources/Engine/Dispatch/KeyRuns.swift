internal import Delivery

/// Keys and the places that hold them, outside memory: sorted runs that are written once and searched by key.
///
/// In memory stay a filter of ten bits a key, which spares nearly all searches for keys that no run holds, and of every 256th entry
/// the key, so that a search reads one block of 4 KiB a run.
package struct KeyRuns: Sendable {
  package struct WriteError: Error {
    package var reason: String

    package init(reason: String) { self.reason = reason }
  }

  struct Entry: Hashable, Comparable {
    var key: KeyHash
    var place: Place

    static func < (a: Entry, b: Entry) -> Bool { (a.key.value, a.place.value) < (b.key.value, b.place.value) }
  }

  private struct Run {
    /// Where it begins in the storage, in entries.
    var start: Int
    var count: Int
    /// The key of each block's first entry.
    var fences: [UInt64]
    /// For keys whose first entries are dead: how many entries of the run lie before the first that may live.
    var skipped: [KeyHash: Int] = [:]
  }

  /// Runs that share a filter, which is twice as large as the one before it.
  private struct Segment {
    var filter: KeyFilter
    var runs: [Run] = []
  }

  private static let block = 256
  private let storage: any KeyRunStorage
  private var segments: [Segment] = []
  private(set) var count = 0
  /// Whether something could not be read: then batches may wait for what is not there.
  private(set) var isBroken = false

  /// - Parameter storage: for these runs alone; emptied now.
  package init(storage: any KeyRunStorage) {
    self.storage = storage
    storage.removeAll()
  }

  var isEmpty: Bool { segments.isEmpty }

  mutating func append(_ entries: [Entry]) throws(WriteError) {
    guard !entries.isEmpty else { return }
    let sorted = entries.sorted()
    var words: [UInt64] = []
    words.reserveCapacity(sorted.count * 2)
    for entry in sorted {
      words.append(entry.key.value)
      words.append(entry.place.value)
    }
    try storage.append(words)
    let fences = stride(from: 0, to: sorted.count, by: Self.block).map { sorted[$0].key.value }
    if segments.last.map({ !$0.filter.hasRoom(for: sorted.count) }) ?? true {
      segments.append(
        Segment(filter: KeyFilter(capacity: max(sorted.count, (segments.last?.filter.capacity ?? 0) * 2))))
    }
    let last = segments.count - 1
    for entry in sorted { segments[last].filter.insert(entry.key) }
    segments[last].runs.append(Run(start: count, count: sorted.count, fences: fences))
    count += sorted.count
  }

  /// The first place of the key that is not among `dead`.
  ///
  /// What can't be read counts as held at the first place of all, so that nothing overtakes it.
  mutating func first(of key: KeyHash, notIn dead: Set<Place>) -> Place? {
    var found: Place?
    for segment in segments.indices where segments[segment].filter.mayHold(key) {
      for run in segments[segment].runs.indices {
        guard let place = first(of: key, in: &segments[segment].runs[run], notIn: dead) else { continue }
        if place.value == 0 { isBroken = true }
        found = min(found ?? place, place)
      }
    }
    return found
  }

  private func first(of key: KeyHash, in run: inout Run, notIn dead: Set<Place>) -> Place? {
    var index: Int
    if let known = run.skipped[key] {
      index = known
    } else {
      // The last block that begins before the key; equal keys may begin in it.
      var (low, high) = (0, run.fences.count)
      while low < high {
        let middle = (low + high) / 2
        if run.fences[middle] < key.value { low = middle + 1 } else { high = middle }
      }
      index = max(0, low - 1) * Self.block
    }
    let began = index
    var passedDead = false
    defer { if passedDead, index > began { run.skipped[key] = index } }
    while index < run.count {
      let words = storage.read(from: (run.start + index) * 2, count: min(Self.block, run.count - index) * 2)
      guard let words else { return Place(value: 0) }
      for offset in stride(from: 0, to: words.count, by: 2) {
        if words[offset] > key.value { return nil }
        if words[offset] == key.value {
          let place = Place(value: words[offset + 1])
          if !dead.contains(place) {
            index += offset / 2
            return place
          }
          passedDead = true
        }
      }
      index += words.count / 2
    }
    return nil
  }
}

/// Says of a key that it is not there, or that it may be: then, one time in a hundred, it is not.
///
/// A Bloom filter whose four bits for a key lie in one cache line.
private struct KeyFilter {
  let capacity: Int
  private var words: [UInt64]
  private var count = 0

  init(capacity: Int) {
    self.capacity = capacity
    words = [UInt64](repeating: 0, count: max(1, (capacity * 10 + 511) / 512) * 8)
  }

  func hasRoom(for more: Int) -> Bool { count + more <= capacity }

  mutating func insert(_ key: KeyHash) {
    count += 1
    let (line, hash) = place(of: key)
    for probe in 0..<4 { words[line + word(hash, probe)] |= bit(hash, probe) }
  }

  func mayHold(_ key: KeyHash) -> Bool {
    let (line, hash) = place(of: key)
    for probe in 0..<4 where words[line + word(hash, probe)] & bit(hash, probe) == 0 { return false }
    return true
  }

  /// The first word of the key's line, and bits to find places in it by.
  private func place(of key: KeyHash) -> (line: Int, hash: UInt64) {
    // FNV's bits are mixed too little for this.
    var hash = (key.value ^ key.value >> 32) &* 0x9e37_79b9_7f4a_7c15
    hash = (hash ^ hash >> 29) &* 0xbf58_476d_1ce4_e5b9
    return (Int(hash.multipliedFullWidth(by: UInt64(words.count / 8)).high) * 8, hash ^ hash >> 31)
  }

  private func word(_ hash: UInt64, _ probe: Int) -> Int { Int(hash >> (probe * 9) & 7) }
  private func bit(_ hash: UInt64, _ probe: Int) -> UInt64 { 1 << (hash >> (probe * 9 + 3) & 63) }
}

/// Where runs are kept: words, added at the end and read from anywhere. It need not outlive the process.
package protocol KeyRunStorage: Sendable {
  func append(_ words: [UInt64]) throws(KeyRuns.WriteError)
  /// Nil where they can't be read.
  func read(from index: Int, count: Int) -> [UInt64]?
  func removeAll()
}
