internal import Core

/// Keys and the places that hold them, outside memory: sorted runs that are written once and searched by key.
///
/// Kept in memory are a filter of eight bits per key, which avoids nearly all searches for keys that no run holds, and
/// the key of every 256th entry, so that a search reads one block of 4 KiB per run. Runs that fill a filter are merged
/// into one.
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

  fileprivate struct Run {
    /// Its start in the storage, in entries.
    var start: Int
    var count: Int
    /// The key of each block's first entry.
    var fences: [UInt64] = []
    /// For keys whose first entries are dead: how many entries of the run come before the first that may be live.
    var skipped: [KeyHash: Int] = [:]
  }

  /// Runs that share a filter.
  private struct Segment {
    var filter: KeyFilter
    var runs: [Run] = []
  }

  fileprivate static let block = 256
  private let storage: any KeyRunStorage
  private var segments: [Segment] = []
  private(set) var count = 0
  /// The start of the next run, in entries.
  private var end = 0
  /// Whether something could not be read: then batches may wait for entries that do not exist.
  private(set) var isBroken = false

  /// - Parameter storage: for these runs alone; it is emptied now.
  package init(storage: any KeyRunStorage) {
    self.storage = storage
    storage.removeAll()
  }

  var isEmpty: Bool { segments.isEmpty }

  /// - Throws: why they could not be written; nothing is added then.
  mutating func append(sorted: [Entry]) throws(WriteError) {
    guard !sorted.isEmpty else { return }
    var writer = RunWriter(storage: storage, start: end)
    for entry in sorted { try writer.add(entry) }
    let run = try writer.finish()
    end += run.count
    if segments.last.map({ !$0.filter.hasRoom(for: sorted.count) }) ?? true {
      mergeLast()
      segments.append(Segment(filter: KeyFilter(capacity: max(sorted.count, capacityOfNextFilter))))
    }
    for entry in sorted { segments[segments.count - 1].filter.insert(entry.key) }
    segments[segments.count - 1].runs.append(run)
    count += sorted.count
  }

  /// Merges the runs that share the last filter into one, since each costs a search. If reading or writing fails,
  /// nothing changes.
  ///
  /// The space of the replaced runs is not reused.
  private mutating func mergeLast() {
    guard let runs = segments.last?.runs, runs.count > 1 else { return }
    var readers = runs.map { RunReader(storage: storage, run: $0) }
    var writer = RunWriter(storage: storage, start: end)
    while true {
      var first: (reader: Int, entry: Entry)?
      for reader in readers.indices {
        guard let entry = readers[reader].next else { continue }
        if first.map({ entry < $0.entry }) ?? true { first = (reader, entry) }
      }
      guard let first else { break }
      readers[first.reader].advance()
      guard (try? writer.add(first.entry)) != nil else { return }
    }
    guard let merged = try? writer.finish(), merged.count == runs.reduce(0, { $0 + $1.count }) else { return }
    segments[segments.count - 1].runs = [merged]
    end += merged.count
  }

  /// Twice that of the previous filter, so that few have to be checked; from eight million keys on, an eighth of all, so
  /// that little of it is empty.
  private var capacityOfNextFilter: Int {
    min((segments.last?.filter.capacity ?? 0) * 2, max(1_000_000, count / 8))
  }

  /// The first place of the key that is not among `dead`.
  ///
  /// An unreadable key counts as held at the very first place, so that nothing overtakes it.
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

/// Writes a run in pieces: a copy of the whole would take megabytes.
private struct RunWriter {
  let storage: any KeyRunStorage
  private var run: KeyRuns.Run
  private var piece: [UInt64] = []

  init(storage: any KeyRunStorage, start: Int) {
    self.storage = storage
    run = KeyRuns.Run(start: start, count: 0)
  }

  mutating func add(_ entry: KeyRuns.Entry) throws(KeyRuns.WriteError) {
    if run.count % KeyRuns.block == 0 { run.fences.append(entry.key.value) }
    run.count += 1
    piece.append(entry.key.value)
    piece.append(entry.place.value)
    if piece.count >= 32 * KeyRuns.block { try write() }
  }

  mutating func finish() throws(KeyRuns.WriteError) -> KeyRuns.Run {
    try write()
    return run
  }

  private mutating func write() throws(KeyRuns.WriteError) {
    try storage.write(piece, at: (run.start + run.count) * 2 - piece.count)
    piece.removeAll(keepingCapacity: true)
  }
}

/// Reads a run from its beginning to its end, or until a read fails.
private struct RunReader {
  let storage: any KeyRunStorage
  let run: KeyRuns.Run
  private(set) var next: KeyRuns.Entry?
  private var words: [UInt64] = []
  private var index = 0

  init(storage: any KeyRunStorage, run: KeyRuns.Run) {
    self.storage = storage
    self.run = run
    read()
  }

  mutating func advance() {
    index += 1
    read()
  }

  private mutating func read() {
    next = nil
    guard index < run.count else { return }
    let offset = index % KeyRuns.block * 2
    if offset == 0 {
      words = storage.read(from: (run.start + index) * 2, count: min(KeyRuns.block, run.count - index) * 2) ?? []
    }
    guard offset < words.count else { return }
    next = KeyRuns.Entry(key: KeyHash(stored: words[offset]), place: Place(value: words[offset + 1]))
  }
}

/// Says whether a key is absent or may be present; an absent key is reported as "may be" about 3% of the time.
///
/// A Bloom filter whose four bits for a key lie in one cache line.
private struct KeyFilter {
  let capacity: Int
  private var words: [UInt64]
  private var count = 0

  init(capacity: Int) {
    self.capacity = capacity
    words = [UInt64](repeating: 0, count: max(1, (capacity * 8 + 511) / 512) * 8)
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

  /// The first word of the key's line, and hash bits that select places in it.
  private func place(of key: KeyHash) -> (line: Int, hash: UInt64) {
    // FNV's bits are not mixed well enough for this.
    var hash = (key.value ^ key.value >> 32) &* 0x9e37_79b9_7f4a_7c15
    hash = (hash ^ hash >> 29) &* 0xbf58_476d_1ce4_e5b9
    return (Int(hash.multipliedFullWidth(by: UInt64(words.count / 8)).high) * 8, hash ^ hash >> 31)
  }

  private func word(_ hash: UInt64, _ probe: Int) -> Int { Int(hash >> (probe * 9) & 7) }
  private func bit(_ hash: UInt64, _ probe: Int) -> UInt64 { 1 << (hash >> (probe * 9 + 3) & 63) }
}

/// Storage for runs: words, written one behind the other (again at the same place after a failure), and read from
/// anywhere. It need not outlive the process.
package protocol KeyRunStorage: Sendable {
  func write(_ words: [UInt64], at index: Int) throws(KeyRuns.WriteError)
  /// Nil if they can't be read.
  func read(from index: Int, count: Int) -> [UInt64]?
  func removeAll()
}
