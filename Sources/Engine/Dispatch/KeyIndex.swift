internal import Core

/// Which places in line hold each key, for the line as far as it was scanned.
///
/// Exact, whatever the length of the line. Beyond some ten thousand entries, those of batches that are not in
/// memory move to sorted runs outside memory (`KeyRuns`). An entry there can't be removed, so the places that have left
/// are noted. Once there are many of them, the line is scanned again and the index starts empty.
struct KeyIndex {
  /// The first place in memory that holds a key; nearly always the only one.
  private var first: [KeyHash: Place] = [:]
  /// Further places in memory, in order.
  private var more: [KeyHash: PlaceQueue] = [:]
  /// Entries in memory.
  private(set) var count = 0
  private var runs: KeyRuns
  /// Places that have left but still have entries in a run.
  private var dead: Set<Place> = []

  init(runs: KeyRuns) { self.runs = runs }

  /// Entries outside memory.
  var spilledCount: Int { runs.count }
  var deadCount: Int { dead.count }
  /// Whether some could not be read: then batches may wait for entries that do not exist.
  var isBroken: Bool { runs.isBroken }

  mutating func insert(_ keys: [KeyHash], at place: Place) {
    for key in keys { insert(key, at: place) }
    count += keys.count
  }

  private mutating func insert(_ key: KeyHash, at place: Place) {
    guard let holder = first.updateValue(place, forKey: key) else { return }
    // Usually the new place is behind all others.
    first[key] = min(holder, place)
    more[key, default: PlaceQueue()].insert(max(holder, place))
  }

  /// Removes the keys of a place; returns the places that are now the first to hold one of them, possibly repeated.
  mutating func remove(_ keys: [KeyHash], at place: Place) -> [Place] {
    var next: [Place] = []
    var isSpilled = false
    for key in keys {
      if let index = first.index(forKey: key), first[index].value == place {
        if !more.isEmpty, let follower = more[key]?.popFirst() {
          first.values[index] = follower
          if more[key]?.isEmpty == true { more[key] = nil }
          if runs.isEmpty { next.append(follower) }
        } else {
          first.remove(at: index)
        }
        count -= 1
      } else if !more.isEmpty, more[key]?.remove(place) == true {
        if more[key]?.isEmpty == true { more[key] = nil }
        count -= 1
      } else {
        isSpilled = true
      }
    }
    if isSpilled { dead.insert(place) }
    guard !runs.isEmpty else { return next }
    return keys.compactMap { firstHolder(of: $0) }
  }

  /// The first place that holds the key.
  mutating func firstHolder(of key: KeyHash) -> Place? {
    let inMemory = first[key]
    guard !runs.isEmpty else { return inMemory }
    let spilled = runs.first(of: key, notIn: dead)
    return [inMemory, spilled].compactMap { $0 }.min()
  }

  /// One of these keys that is held before `place`; nil if there is none.
  mutating func held(_ keys: [KeyHash], before place: Place) -> KeyHash? {
    if runs.isEmpty { return keys.first { key in first[key].map { $0 < place } ?? false } }
    for key in keys where firstHolder(of: key).map({ $0 < place }) ?? false { return key }
    return nil
  }

  /// Whether all holders of the key before `place` are among these places.
  func isHeld(_ key: KeyHash, before place: Place, onlyBy others: Set<Place>) -> Bool {
    guard runs.isEmpty, let holder = first[key], holder < place else { return runs.isEmpty }
    guard others.contains(holder) else { return false }
    return more[key]?.allSatisfy { $0 >= place || others.contains($0) } ?? true
  }

  /// Moves the entries of places that are not `kept` out of memory.
  ///
  /// - Throws: why the runs can't be written; nothing is changed then.
  mutating func spill(keeping kept: (Place) -> Bool) throws(KeyRuns.WriteError) {
    var run: [KeyRuns.Entry] = []
    run.reserveCapacity(count)
    for (key, place) in first where !kept(place) { run.append(KeyRuns.Entry(key: key, place: place)) }
    for (key, places) in more {
      places.forEach { place in if !kept(place) { run.append(KeyRuns.Entry(key: key, place: place)) } }
    }
    run.sort()
    try runs.append(sorted: run)
    for (key, places) in more {
      var left = [first[key]].compactMap { $0 }.filter(kept)
      places.forEach { if kept($0) { left.append($0) } }
      first[key] = left.first
      more[key] = left.count > 1 ? PlaceQueue(left.dropFirst()) : nil
    }
    // The keys with only one holder; those in `more` are handled above.
    first = first.filter { kept($0.value) }
    count -= run.count
  }
}

/// A place in line. Places sort as the names of batches do.
///
/// The upper 40 bits number the batches in scan order. The lower 24 are a node of a binary tree, whose root is the
/// batch and whose leaves are its parts, so that parts have places of their own between those of the neighbours.
struct Place: Hashable, Comparable {
  var value: UInt64

  init(value: UInt64) { self.value = value }

  init(scanNumber: Int) { value = UInt64(scanNumber) << 24 | 1 << 23 }

  var scanNumber: Int { Int(value >> 24) }

  static func < (a: Place, b: Place) -> Bool { a.value < b.value }

  /// The places of two parts that replace this one's batch; nil if it was divided too often.
  var parts: (Place, Place)? {
    let lowest = value & (~value &+ 1)
    guard lowest > 1 else { return nil }
    return (Place(value: value - lowest / 2), Place(value: value + lowest / 2))
  }

  /// Whether it is the place of a part.
  var isPart: Bool { value & (1 << 24 - 1) != 1 << 23 }
}

/// Places in order; most are added at the end and removed from the start.
struct PlaceQueue {
  private var places: [Place]
  private var head = 0

  init() { places = [] }

  init(_ sorted: some Sequence<Place>) { places = Array(sorted) }

  var isEmpty: Bool { head == places.count }

  mutating func insert(_ place: Place) {
    if let last = places.last, head < places.count, last > place {
      places.insert(place, at: index(of: place))
    } else {
      places.append(place)
    }
  }

  mutating func popFirst() -> Place? {
    guard head < places.count else { return nil }
    defer {
      head += 1
      if head > 32, head * 2 > places.count {
        places.removeFirst(head)
        head = 0
      }
    }
    return places[head]
  }

  mutating func remove(_ place: Place) -> Bool {
    let index = index(of: place)
    guard index < places.count, places[index] == place else { return false }
    places.remove(at: index)
    return true
  }

  func forEach(_ body: (Place) -> Void) { for place in places[head...] { body(place) } }

  func allSatisfy(_ condition: (Place) -> Bool) -> Bool { places[head...].allSatisfy(condition) }

  private func index(of place: Place) -> Int {
    var (low, high) = (head, places.count)
    while low < high {
      let middle = (low + high) / 2
      if places[middle] < place { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
