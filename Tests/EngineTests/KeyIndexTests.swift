import Core
import Synchronization
import Testing
import TestKit

@testable import Engine

/// The index must say what a plain table of keys and places says, wherever its entries are.
@Suite struct KeyIndexTests {
  @Test(arguments: 1...20)
  func `finds the first holder of each key as a plain table does, with and without spilled runs`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var index = KeyIndex(runs: KeyRuns(storage: RunsInMemory()))
    var plain: [Place: [KeyHash]] = [:]
    var next = 1
    for _ in 0..<400 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let place = Place(scanNumber: next)
        next += 1
        let keys = KeySet.distinct(
          (0..<Int.random(in: 1...4, using: &random)).map { _ in key(.random(in: 0..<30, using: &random)) })
        index.insert(keys, at: place)
        plain[place] = keys
      case 5..<9:
        guard let place = plain.keys.sorted().randomElement(using: &random), let keys = plain.removeValue(forKey: place)
        else { continue }
        let told = Set(index.remove(keys, at: place))
        let wanted = Set(keys.compactMap { key in plain.filter { $0.value.contains(key) }.keys.min() })
        // The new first holder is reported if this place was the first before.
        #expect(told.isSubset(of: wanted))
        for key in keys {
          guard let first = plain.filter({ $0.value.contains(key) }).keys.min(), first > place else { continue }
          #expect(told.contains(first), "the next holder is told")
        }
      default:
        let kept = Set(plain.keys.shuffled(using: &random).prefix(5))
        try index.spill { kept.contains($0) }
      }
      let asked = key(.random(in: 0..<32, using: &random))
      let found = index.firstHolder(of: asked)
      #expect(found == plain.filter { $0.value.contains(asked) }.keys.min())
      let place = Place(scanNumber: .random(in: 1...next, using: &random))
      let isHeld = plain.contains { $0.key < place && $0.value.contains(asked) }
      let held = index.held([asked], before: place)
      #expect((held != nil) == isHeld)
    }
  }

  @Test func `a long row of holders of one key is gone through from its start, in memory and spilled`() throws {
    var index = KeyIndex(runs: KeyRuns(storage: RunsInMemory()))
    let places = (1...5000).map { Place(scanNumber: $0) }
    for place in places { index.insert([key(7)], at: place) }
    try index.spill { $0.value % 2 == 0 && $0.scanNumber > 4990 }
    for (place, next) in zip(places, places.dropFirst()) {
      let first = index.firstHolder(of: key(7))
      #expect(first == place)
      let told = index.remove([key(7)], at: place)
      #expect(told == [next])
    }
  }

  @Test func `a run that could be written in part only is written again, and found`() throws {
    let storage = RunsInMemory()
    var index = KeyIndex(runs: KeyRuns(storage: storage))
    var keys = (1...20_000).map { key($0) }
    for number in 1...3 {
      index.insert(keys, at: Place(scanNumber: number))
      storage.fail(after: 2)
      #expect(throws: KeyRuns.WriteError.self) { try index.spill { _ in false } }
      try index.spill { _ in false }
      #expect(index.count == 0)
      for key in [keys[0], keys[9_999], keys[19_999]] {
        #expect(index.firstHolder(of: key) == Place(scanNumber: number))
      }
      keys = keys.map { KeyHash(stored: $0.value &+ 1) }
    }
  }

  @Test func `places of parts lie between those of the neighbours, in order`() throws {
    var line = [Place(scanNumber: 1), Place(scanNumber: 2), Place(scanNumber: 3)]
    for _ in 0..<23 {
      let (first, second) = try #require(line[1].parts)
      #expect(line[0] < first && first < second && second < line[2])
      #expect(first.isPart && second.isPart && !Place(scanNumber: 4).isPart)
      line[1] = second
      line[0] = first
    }
    #expect(line[1].parts == nil, "a place that was divided too often has no room left")
  }

  private func key(_ number: Int) -> KeyHash { KeyHash(stored: UInt64(number) &* 0x9e37_79b9_7f4a_7c15) }
}

@Suite struct ScannedNamesTests {
  @Test func `names are found by their places and places by their names`() throws {
    var names = ScannedNames()
    var known: [(BatchName, Place)] = []
    for file in 1...5 {
      for ordinal in [1, 2, 3, 99_999_999] {
        for suffix in ["", "0", "01", "0110"] {
          var name = BatchName(file: FileID(value: UInt128(file)), ordinal: ordinal)
          name.position += suffix
          let place = names.append(name)
          known.append((name, try #require(place)))
        }
      }
    }
    #expect(known.map(\.0) == known.map(\.0).sorted(), "the test scans in order")
    for (name, place) in known {
      #expect(names[place] == name)
      #expect(names[name] == place)
    }
    names.drop(before: known[30].1)
    #expect(names[known[29].1] == nil && names[known[29].0] == nil)
    for (name, place) in known[30...] { #expect(names[place] == name && names[name] == place) }
    #expect(names[BatchName(file: FileID(value: 9), ordinal: 1)] == nil)
    let rejects = names.append(BatchName(file: FileID(value: 9), position: "0000000x"))
    #expect(rejects == nil)
  }
}

/// Keeps runs in memory.
final class RunsInMemory: KeyRunStorage {
  private let words = Mutex<[UInt64]>([])
  private let writesBeforeFailure = Mutex(Int.max)

  /// The write after so many fails, and none after it.
  func fail(after writes: Int) { writesBeforeFailure.withLock { $0 = writes } }

  func write(_ more: [UInt64], at index: Int) throws(KeyRuns.WriteError) {
    let fails = writesBeforeFailure.withLock { left in
      left -= 1
      return left == -1
    }
    if fails { throw KeyRuns.WriteError(reason: "no space left on device") }
    words.withLock { $0.replaceSubrange(index..., with: more) }
  }

  func read(from index: Int, count: Int) -> [UInt64]? {
    words.withLock { words in
      index + count <= words.count ? Array(words[index..<index + count]) : nil
    }
  }
  func removeAll() { words.withLock { $0 = [] } }
}
