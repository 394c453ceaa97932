import Calendar
import Core
import Engine
import Foundation
import Testing

/// Restarts, changed configurations and clocks. 2026-01-05 is a Monday.
@Suite struct ExpectedFilesOverTimeTests {
  @Test func `what was told is not told again after a restart`() throws {
    var world = ExpectationWorld(try makeTerms(sequence: "nav-([0-9]+).csv"))
    try world.comes("nav-1.csv", "2026-01-05T07:00Z")
    try world.comes("nav-3.csv", "2026-01-06T08:00Z")
    #expect(world.reported() == ["missing 2026-01-06", "late 2026-01-06", "gap 2026-01-06"])
    try world.restarts()
    try world.passes("2026-01-06T09:00Z")
    #expect(world.reported() == [])
    #expect(try world.shown("2026-01-06T09:00Z") == "late 2026-01-06T07:30 1")
    #expect(try world.expected.state(at: at("2026-01-06T09:00Z")).missingNumbers == [2])
  }

  @Test func `a daemon that was stopped at by tells it at its next start`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.passes("2026-01-05T07:00Z")
    try world.restarts()
    try world.passes("2026-01-05T12:00Z")
    #expect(world.reported() == ["missing 2026-01-05"])
  }

  @Test func `days on which the daemon was stopped had no file, and are told at the next start`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.comes("nav-1.csv", "2026-01-08T07:00Z")
    try world.restarts()
    try world.passes("2026-01-13T06:00Z")
    #expect(world.reported() == ["missing 2026-01-09", "missing 2026-01-12"], "Friday and Monday, not the weekend")
    try world.passes("2026-01-13T08:00Z")
    #expect(world.reported() == ["missing 2026-01-13"])
  }

  @Test func `of a long stop the last week is told`() throws {
    var world = ExpectationWorld(try makeTerms(days: "all"))
    try world.comes("nav-1.csv", "2026-01-05T07:00Z")
    try world.restarts()
    try world.passes("2027-01-31T06:00Z")
    #expect(world.reported() == (24...30).map { "missing 2027-01-\($0)" })
  }

  @Test func `a new entry begins with the current day`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.passes("2026-01-07T12:00Z")
    #expect(world.reported() == ["missing 2026-01-07"])
  }

  @Test func `a restart while a file is read finds it again`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.becomesReady("nav-1.csv", at: at("2026-01-05T07:29Z"), id: .first)
    try world.restarts()
    try world.passes("2026-01-05T08:00Z")
    try world.isRead(.first, items: 1, now: at("2026-01-05T08:01Z"))
    try world.passes("2026-01-05T09:00Z")
    #expect(world.reported() == [])
    #expect(try world.shown("2026-01-05T09:00Z") == "came 2026-01-05T07:30 1")
  }

  @Test func `of a damaged snapshot, numbers that can't be are dropped`() throws {
    let rule = try makeTerms(sequence: "nav-([0-9]+).csv")
    let ends = (Int64.min, Int64.max)
    for came in ["[[\(ends.0), \(ends.0)], [\(ends.1), \(ends.1)]]", "[[5, 6], [6, 8]]", "[[8, 9], [1, 2]]", "[]"] {
      for number in [ends.0, -1, 0, ends.1] {
        let day = #"{"number": \#(number), "files": \#(number), "firstReady": \#(number), "isDecided": true}"#
        let numbers =
          #"{"came": \#(came), "first": \#(number), "toldThrough": \#(number), "forgottenCount": \#(number)}"#
        let text =
          #"{"days": [\#(day), \#(day)], "undecided": \#(number), "pattern": "nav-([0-9]+).csv", "numbers": \#(numbers)}"#
        let kept = try JSONDecoder().decode(ExpectedFiles.Snapshot.self, from: Data(text.utf8))
        var expected = ExpectedFiles(rule, from: kept)
        let now = try at("2026-01-05T08:00Z")
        #expect(expected.state(at: now).missingCount == 0)
        _ = expected.read(.first, name: Array("nav-9.csv".utf8), readyAt: now, items: 1, now: now)
        #expect(expected.state(at: now).files == 1)
      }
    }
  }

  @Test func `a snapshot stays small, however many days and files there were`() throws {
    var world = ExpectationWorld(try makeTerms(days: "all", sequence: "nav-([0-9]+).csv"))
    let start = try at("2026-01-05T07:00Z")
    for day in 0..<500 {
      let id = FileID(value: UInt128(day))
      world.becomesReady("nav-\(day).csv", at: start + .seconds(86_400 * day), id: id)
      world.isRead(id, items: 1, now: start + .seconds(86_400 * day))
    }
    #expect(try JSONEncoder().encode(world.expected.snapshot).count < 2_000)
  }

  // MARK: - Clock

  @Test func `a clock that is set back does not tell a day again`() throws {
    var world = ExpectationWorld(try makeTerms(days: "all"))
    try world.passes("2026-01-05T08:00Z")
    try world.passes("2026-01-06T08:00Z")
    #expect(world.reported() == ["missing 2026-01-05", "missing 2026-01-06"])
    try world.passes("2026-01-05T01:00Z")
    try world.passes("2026-01-05T09:00Z")
    try world.restarts()
    try world.passes("2026-01-06T09:00Z")
    #expect(world.reported() == [])
    try world.passes("2026-01-07T09:00Z")
    #expect(world.reported() == ["missing 2026-01-07"])
  }

  @Test func `a clock that was far ahead does not silence the days until then`() throws {
    var world = ExpectationWorld(try makeTerms(days: "all"))
    try world.passes("2026-01-05T08:00Z")
    try world.passes("2099-01-05T08:00Z")
    _ = world.reported()
    try world.passes("2026-01-06T08:00Z")
    try world.passes("2026-01-07T08:00Z")
    #expect(world.reported() == ["missing 2026-01-06", "missing 2026-01-07"])
  }

  @Test func `the ends of all time are no trap`() throws {
    var world = ExpectationWorld(try makeTerms(sequence: "nav-([0-9]+).csv"))
    for milliseconds in [Int64.min, 0, .max, .min] {
      let moment = Timestamp(milliseconds: milliseconds)
      world.passes(moment)
      world.becomesReady("nav-1.csv", at: moment, id: .first)
      world.isRead(.first, items: .min, now: moment)
      _ = (world.expected.state(at: moment), world.expected.nextChange(after: moment))
    }
  }

  // MARK: - Another rule

  @Test func `a later by decides about the current day if it is still open`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.passes("2026-01-05T07:00Z")
    world.changes(try makeTerms(by: "10:00"))
    try world.passes("2026-01-05T09:00Z")
    #expect(world.reported() == [])
    try world.comes("nav-1.csv", "2026-01-05T09:30Z")
    try world.passes("2026-01-05T11:00Z")
    #expect(world.reported() == [])
    #expect(try world.shown("2026-01-05T11:00Z") == "came 2026-01-05T10:00 1")
  }

  @Test func `a day that was told is not told again, whatever by is changed to`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.passes("2026-01-05T08:00Z")
    world.changes(try makeTerms(by: "10:00"))
    #expect(try world.shown("2026-01-05T09:00Z") == "waiting 2026-01-05T10:00 0")
    try world.passes("2026-01-05T11:00Z")
    #expect(world.reported() == ["missing 2026-01-05"])
  }

  @Test func `an earlier by does not make a file missing that came in time`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.comes("nav-1.csv", "2026-01-05T07:00Z")
    world.changes(try makeTerms(by: "06:00"))
    try world.passes("2026-01-05T12:00Z")
    #expect(world.reported() == [])
  }

  @Test func `another sequence begins anew, also over a restart`() throws {
    for isRestart in [false, true] {
      var world = ExpectationWorld(try makeTerms(sequence: "nav-([0-9]+).csv"))
      try world.comes("nav-1.csv", "2026-01-05T07:00Z")
      try world.comes("nav-5.csv", "2026-01-06T07:00Z")
      #expect(world.reported() == ["gap 2026-01-06"])
      let other = try makeTerms(sequence: "nav-2026-([0-9]+).csv")
      if isRestart { try world.restarts(as: other) } else { world.changes(other) }
      #expect(try world.expected.state(at: at("2026-01-06T07:00Z")).missingNumbers == [])
      try world.comes("nav-2026-5.csv", "2026-01-07T07:00Z")
      #expect(world.reported() == [])
      #expect(try world.shown("2026-01-06T09:00Z") == "came 2026-01-06T07:30 1", "days are kept")
    }
  }
}
