internal import Delivery

/// Which places in line hold each key, of the whole line as far as it was scanned.
///
/// Exact, whatever the length of the line: beyond some hundred thousand entries, those of batches that are not in play move to sorted runs
/// outside memory (`KeyRuns`). An entry there can't be taken out, so the places that have left are noted; when they are many, the
/// line is scanned anew and the index begins empty.
struct KeyIndex {
  /// The first place in memory that holds a key; nearly always the only one.
  private var first: [KeyHash: Place] = [:]
  /// Further places in memory, in order.
  private var more: [KeyHash: PlaceQueue] = [:]
  /// Entries in memory.
  private(set) var count = 0
  private var runs: KeyRuns
  /// Places that have left, but whose entries stand in a run.
  private var dead: Set<Place> = []

  init(runs: KeyRuns) { self.runs = runs }

  /// Entries outside memory.
  var spilledCount: Int { runs.count }
  var deadCount: Int { dead.count }
  /// Whether some could not be read: then batches may wait for what is not there.
  var isBroken: Bool { runs.isBroken }

  mutating func insert(_ keys: [KeyHash], at place: Place) {
    for key in keys { insert(key, at: place) }
    count += keys.count
  }

  private mutating func insert(_ key: KeyHash, at place: Place) {
    guard let holder = first.updateValue(place, forKey: key) else { return }
    // Mostly the new place is behind all others.
    first[key] = min(holder, place)
    more[key, default: PlaceQueue()].insert(max(holder, place))
  }

  /// Takes the keys of a place out; returns the places that hold one of them first from now on, perhaps repeated.
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

  /// One of these keys that is held before `place`; nil where none is.
  mutating func held(_ keys: [KeyHash], before place: Place) -> KeyHash? {
    if runs.isEmpty { return keys.first { key in first[key].map { $0 < place } ?? false } }
    for key in keys where firstHolder(of: key).map({ $0 < place }) ?? false { return key }
    return nil
  }

  /// Whether all that holds the key before `place` is among these places.
  func isHeld(_ key: KeyHash, before place: Place, onlyBy others: Set<Place>) -> Bool {
    guard runs.isEmpty, let holder = first[key], holder < place else { return runs.isEmpty }
    guard others.contains(holder) else { return false }
    return more[key]?.allSatisfy { $0 >= place || others.contains($0) } ?? true
  }

  /// Moves the entries of places that are not `kept` out of memory.
  ///
  /// - Throws: what keeps the runs from being written; everything is then as it was.
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
    // What was only held once; what is in `more` is settled above.
    first = first.filter { kept($0.value) }
    count -= run.count
  }
}

/// A place in line: they sort as the names of batches do.
///
/// The upper 40 bits number the batches in the order of the scan; the lower 24 are those of a binary tree, whose root is the batch and whose
/// leaves are its parts, so that parts have places of their own between those of the neighbours.
struct Place: Hashable, Comparable {
  var value: UInt64

  init(value: UInt64) { self.value = value }

  init(scanNumber: Int) { value = UInt64(scanNumber) << 24 | 1 << 23 }

  var scanNumber: Int { Int(value >> 24) }

  static func < (a: Place, b: Place) -> Bool { a.value < b.value }

  /// The places of two parts that replace the batch of this one; nil where it was divided too often.
  var parts: (Place, Place)? {
    let lowest = value & (~value &+ 1)
    guard lowest > 1 else { return nil }
    return (Place(value: value - lowest / 2), Place(value: value + lowest / 2))
  }

  /// Whether it is the place of a part.
  var isPart: Bool { value & (1 << 24 - 1) != 1 << 23 }
}

/// Places in order, most of which are added at the end and taken from the start.
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
