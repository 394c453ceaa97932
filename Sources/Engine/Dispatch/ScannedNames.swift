internal import Core

/// The names of scanned batches by their places.
///
/// Batches that follow each other in one file, as nearly all do, are one run: the names of a million of them take no
/// more room than one. The runs are in scan order, which is also name order, so places can be found by name too. Names
/// at the beginning that are no longer needed can be dropped.
struct ScannedNames {
  private struct Run {
    /// The scan number of the first one.
    var start: Int
    var count: Int
    var file: FileID
    /// The position of the first one; the others count up from it.
    var position: PackedPosition

    var last: PackedPosition { position.advanced(by: count - 1) }
  }

  private var runs: [Run] = []
  private var nextNumber = 1
  /// Parts made since the scan.
  private var partNames: [Place: BatchName] = [:]
  private var partPlaces: [BatchName: Place] = [:]

  var runCount: Int { runs.count }
  var partCount: Int { partNames.count }

  /// The place of the next batch to be scanned.
  var nextPlace: Place { Place(scanNumber: nextNumber) }

  /// Nil for a position that no version of upsertd assigns.
  mutating func append(_ name: BatchName) -> Place? {
    guard let position = PackedPosition(name.position) else { return nil }
    let place = nextPlace
    if let last = runs.last, last.file == name.file, last.start + last.count == nextNumber,
      last.position.advanced(by: last.count) == position
    {
      runs[runs.count - 1].count += 1
    } else {
      runs.append(Run(start: nextNumber, count: 1, file: name.file, position: position))
    }
    nextNumber += 1
    return place
  }

  /// A place for a batch that is not found by its name: it is behind everything scanned.
  mutating func appendNameless() -> Place {
    defer { nextNumber += 1 }
    return nextPlace
  }

  mutating func note(part name: BatchName, at place: Place) {
    partNames[place] = name
    partPlaces[name] = place
  }

  mutating func forget(part name: BatchName) {
    if let place = partPlaces.removeValue(forKey: name) { partNames[place] = nil }
  }

  subscript(place: Place) -> BatchName? {
    if place.isPart { return partNames[place] }
    let index = firstRun { $0.start + $0.count > place.scanNumber }
    guard index < runs.count, runs[index].start <= place.scanNumber else { return nil }
    let run = runs[index]
    return BatchName(file: run.file, position: run.position.advanced(by: place.scanNumber - run.start).text)
  }

  subscript(name: BatchName) -> Place? {
    if let place = partPlaces[name] { return place }
    guard let position = PackedPosition(name.position) else { return nil }
    let index = firstRun { ($0.file, $0.last) >= (name.file, position) }
    guard index < runs.count, runs[index].file == name.file, let steps = runs[index].position.steps(to: position),
      steps < runs[index].count
    else { return nil }
    return Place(scanNumber: runs[index].start + steps)
  }

  /// Whether a batch of the file was scanned and its name is still kept.
  func holds(_ file: FileID) -> Bool {
    let index = firstRun { $0.file >= file }
    return index < runs.count && runs[index].file == file
  }

  /// Drops the names of batches before this one, except those that share a run with later ones.
  mutating func drop(before place: Place) {
    let index = firstRun { $0.start + $0.count > place.scanNumber }
    if index > 0 { runs.removeFirst(index) }
  }

  /// The first run that satisfies `isMeant`; all runs behind it do too.
  private func firstRun(where isMeant: (Run) -> Bool) -> Int {
    var (low, high) = (0, runs.count)
    while low < high {
      let middle = (low + high) / 2
      if isMeant(runs[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// A batch's position in eight bytes, which sort as the text does: the first eight digits in 27 bits, the further ones,
/// which are 0 or 1, in 32, and the number of these in five.
private struct PackedPosition: Comparable {
  private var bits: UInt64

  /// Nil for a position that no version of upsertd assigns.
  init?(_ position: String) {
    let text = position.utf8
    guard text.count >= 8, text.count < 8 + 32, let ordinal = UInt64(position.prefix(8)) else { return nil }
    var path: UInt64 = 0
    var length: UInt64 = 0
    for digit in text.dropFirst(8) {
      guard digit == UInt8(ascii: "0") || digit == UInt8(ascii: "1") else { return nil }
      path |= UInt64(digit - UInt8(ascii: "0")) << (31 - length)
      length += 1
    }
    bits = ordinal << 37 | path << 5 | length
  }

  private init(bits: UInt64) { self.bits = bits }

  /// The position of a whole batch this many after this one; itself for a part.
  func advanced(by steps: Int) -> PackedPosition { PackedPosition(bits: bits &+ UInt64(steps) << 37) }

  /// How many batches of a file lie between; nil if one of them is a part.
  func steps(to other: PackedPosition) -> Int? {
    guard other >= self, (other.bits &- bits) & (1 << 37 - 1) == 0 else { return nil }
    return Int((other.bits &- bits) >> 37)
  }

  var text: String {
    let digits = String(bits >> 37)
    var position = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    let path = bits >> 5 & 0xFFFF_FFFF
    for index in 0..<(bits & 31) { position += path >> (31 - index) & 1 == 1 ? "1" : "0" }
    return position
  }

  static func < (a: PackedPosition, b: PackedPosition) -> Bool { a.bits < b.bits }
}

/// Elements in order, without duplicates; fast for some thousands of them.
struct SortedArray<Element: Comparable>: Sequence {
  private(set) var elements: [Element] = []

  var first: Element? { elements.first }
  var last: Element? { elements.last }
  var count: Int { elements.count }
  var isEmpty: Bool { elements.isEmpty }

  func makeIterator() -> IndexingIterator<[Element]> { elements.makeIterator() }

  mutating func insert(_ element: Element) {
    if let last = elements.last, last < element { return elements.append(element) }
    let index = index(of: element)
    if index == elements.count || elements[index] != element { elements.insert(element, at: index) }
  }

  mutating func remove(_ element: Element) {
    let index = index(of: element)
    if index < elements.count, elements[index] == element { elements.remove(at: index) }
  }

  mutating func removeAll() { elements = [] }

  /// The index of the first element that is not before this one.
  private func index(of element: Element) -> Int {
    var (low, high) = (0, elements.count)
    while low < high {
      let middle = (low + high) / 2
      if elements[middle] < element { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension SortedArray: Sendable where Element: Sendable {}
