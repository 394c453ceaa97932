import Calendar
import Core
import Testing
import TestKit

@testable import Engine

/// Gaps and repeats in the numbers of files.
@Suite struct FileSequenceTests {
  private var world: ExpectationWorld
  private var seconds: Int64 = 0

  init() throws { world = ExpectationWorld(try makeTerms(days: "all", sequence: "nav-([0-9]+).csv")) }

  private var now: Timestamp { Timestamp(milliseconds: 1_767_571_200_000 + seconds * 1000) }

  /// What is reported when files with these numbers come, one after the other.
  private mutating func reported(_ numbers: Int64...) -> [String] {
    for number in numbers {
      becomesReady(number)
      isRead(number)
    }
    return reported()
  }

  private mutating func reported() -> [String] {
    let alarms = world.alarms
    _ = world.reported()
    return alarms.map { alarm in
      alarm.kind.rawValue + alarm.numbers.map { " \($0.lowerBound)-\($0.upperBound)" }.joined()
    }
  }

  private func id(_ number: Int64) -> FileID { FileID(value: UInt128(number)) }

  private mutating func becomesReady(_ number: Int64) {
    world.becomesReady("nav-\(number).csv", at: now, id: id(number))
  }

  private mutating func isRead(_ number: Int64) {
    seconds += 1
    world.isRead(id(number), items: 1, now: now)
  }

  private var missing: [Int64] { world.expected.state(at: now).missingNumbers }

  @Test mutating func `numbers that follow each other tell nothing`() {
    #expect(reported(7, 8, 9, 10) == [])
    #expect(missing == [])
  }

  @Test mutating func `a number above the highest and 1 is a gap, until the numbers come`() {
    #expect(reported(7, 10) == ["gap 8-9"])
    #expect(missing == [8, 9])
    #expect(reported(9) == [])
    #expect(missing == [8])
    #expect(reported(11, 13) == ["gap 12-12"])
    #expect(missing == [8, 12])
    #expect(reported(8, 12) == [])
    #expect(missing == [])
  }

  @Test mutating func `a gap names the file that revealed it, and none where it had to wait`() {
    becomesReady(7)
    isRead(7)
    becomesReady(10)
    isRead(10)
    #expect(world.alarms.map(\.file) == [id(10)])
    _ = world.reported()
    becomesReady(12)
    becomesReady(11)
    isRead(12)
    seconds += 1
    world.isGone(id(11), now: now)
    #expect(world.alarms.map(\.kind) == [.gap] && world.alarms.map(\.file) == [nil])
  }

  @Test mutating func `a number that came before is a repeat, every time`() {
    #expect(reported(7, 7, 8, 7) == ["repeat 7-7", "repeat 7-7"])
    #expect(reported(10, 9, 9) == ["gap 9-9", "repeat 9-9"])
  }

  @Test mutating func `numbers below the first one are no gap, and repeats only if they came`() {
    #expect(reported(100, 50, 51, 98) == [])
    #expect(missing == [])
    #expect(reported(50, 98) == ["repeat 50-50", "repeat 98-98"])
    #expect(reported(99, 102) == ["gap 101-101"])
  }

  @Test mutating func `a name without a number has no part in the sequence`() throws {
    #expect(reported(7) == [])
    try world.comes("nav-final.csv", "2026-01-05T00:00Z")
    try world.comes("nav-99999999999999999999.csv", "2026-01-05T00:00Z")
    #expect(reported() == [])
    #expect(reported(8) == [])
  }

  @Test mutating func `files that are dropped together make no gap, in whatever order they are read`() {
    #expect(reported(1) == [])
    for number: Int64 in [2, 3, 4, 6] { becomesReady(number) }
    isRead(4)
    isRead(6)
    #expect(reported() == [])
    isRead(2)
    isRead(3)
    #expect(reported() == ["gap 5-5"], "this one was not dropped")
  }

  @Test mutating func `a gap is told when the file that may fill it turns out not to count`() {
    #expect(reported(1) == [])
    becomesReady(3)
    #expect(reported(2, 4) == [])
    world.isGone(id(3), now: now)
    #expect(reported() == ["gap 3-3"])
  }

  @Test mutating func `a gap below a file that is being read is told at once`() {
    #expect(reported(1) == [])
    becomesReady(7)
    #expect(reported(5) == ["gap 2-4"])
    #expect(reported(9) == [], "from 6 to 8, the file with the number 7 may still come")
    world.isGone(id(7), now: now)
    #expect(reported() == ["gap 6-8"])
  }

  @Test mutating func `a gap that a lost file held up is told after a restart`() throws {
    #expect(reported(1) == [])
    world.expected.ready(.first, name: Array("nav-2.csv".utf8), at: now)
    #expect(reported(3) == [])
    try world.restarts()
    world.passes(now)
    #expect(reported() == ["gap 2-2"])
  }

  @Test mutating func `the highest and lowest numbers are no trap`() {
    #expect(reported(.max, 0, .max, 5, .max - 1) == ["repeat 9223372036854775807-9223372036854775807"])
    world = ExpectationWorld(world.expected.rule)
    #expect(reported(0, .max) == ["gap 1-9223372036854775806"])
    #expect(world.expected.state(at: now).missingCount == .max - 1)
    #expect(missing == Array(1...1000), "as many as are shown")
    #expect(reported(.max - 1) == [])
  }

  @Test mutating func `many gaps at once are one alarm, with the first of them`() {
    #expect(reported(0) == [])
    let numbers: [Int64] = (1...30).map { $0 * 2 }
    // The lowest gap is held up, and so are those above it.
    becomesReady(1)
    for number in numbers { _ = reported(number) }
    world.isGone(id(1), now: now)
    let alarm = world.alarms.last
    #expect(alarm?.numbers.count == 20)
    #expect(alarm?.message.hasSuffix("35, 37, 39 and 10 more gaps") == true)
    #expect(world.expected.state(at: now).missingCount == 30)
  }

  @Test func `memory is bounded, and says nothing about what it forgot`() throws {
    var numbers = SequenceNumbers(first: 0)
    for number in 1..<1500 as Range<Int64> { #expect(numbers.arrived(number * 2) == .new) }
    #expect(numbers.missingCount == 1499)
    #expect(numbers.missing.count == 999)
    #expect(numbers.arrived(2) == .unknown, "it came before, but is forgotten")
    #expect(numbers.arrived(1) == .unknown, "it is missing, but is forgotten")
    #expect(numbers.missingCount == 1499)
    #expect(numbers.arrived(2996) == .seenBefore)
    #expect(numbers.arrived(2997) == .new)
    #expect(numbers.isValid)
  }

  @Test(arguments: 0..<30) func `any order of numbers gives what the rule says`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var numbers = SequenceNumbers(first: 50)
    var seen: Set<Int64> = [50]
    for _ in 0..<200 {
      let number = Int64.random(in: 0...99, using: &random)
      #expect(numbers.arrived(number) == (seen.insert(number).inserted ? .new : .seenBefore))
      let highest = seen.max() ?? 0
      #expect(numbers.missing.flatMap(Array.init) == (50...max(50, highest)).filter { !seen.contains($0) })
      #expect(numbers.isValid)
    }
  }
}
