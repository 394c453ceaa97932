import Calendar
import Core
import Engine
import Testing
import TestKit

/// Several entries, of several inboxes. 2026-01-05 is a Monday.
@Suite struct ExpectationsTests {
  private static let id = FileID(value: 7)

  private func file(_ name: String, _ text: String) throws -> ExpectedFiles.Arrival {
    ExpectedFiles.Arrival(name: Array(name.utf8), at: try at(text))
  }

  private func passed(_ expectations: inout Expectations, _ text: String) throws -> [ExpectationAlarm.Kind] {
    expectations.passed(try at(text)).map(\.alarm.kind)
  }

  private func shown(_ expectations: Expectations, _ inbox: String, _ text: String) throws -> [String] {
    expectations.states(of: inbox, at: try at(text)).map { "\($0.state.state.rawValue) \($0.state.files)" }
  }

  @Test func `a file counts for each entry that it fits, in its own inbox`() throws {
    var other = try makeTerms()
    other.match = "pos-*.csv"
    var all = Expectations([("a", [try makeTerms(), try makeTerms(by: "06:00"), other]), ("b", [try makeTerms()])])
    all.ready(Self.id, in: "a", try file("nav-1.csv", "2026-01-05T07:00Z"))
    let alarms = all.read(Self.id, items: 1, now: try at("2026-01-05T07:00Z"))
    #expect(alarms.map { "\($0.key.ordinal) \($0.alarm.kind.rawValue)" } == ["1 missing", "1 late"])
    #expect(try shown(all, "a", "2026-01-05T07:00Z") == ["came 1", "late 1", "waiting 0"])
    #expect(try shown(all, "b", "2026-01-05T07:00Z") == ["waiting 0"])
  }

  @Test func `what was stored comes back to its own entry, also beside one with the same match`() throws {
    let entries: [(name: String, entries: [ExpectationRule])] = [
      ("a", [try makeTerms(by: "06:00"), try makeTerms()])
    ]
    var all = Expectations(entries)
    all.ready(Self.id, in: "a", try file("nav-1.csv", "2026-01-05T07:00Z"))
    _ = all.read(Self.id, items: 1, now: try at("2026-01-05T07:00Z"))
    let changes = all.changes(at: try at("2026-01-05T07:00Z"))
    #expect(changes.snapshots.count == 2)
    let kept = Dictionary(changes.snapshots.map { ($0.key, $0.snapshot) }) { $1 }
    var again = Expectations(entries, from: kept)
    #expect(try passed(&again, "2026-01-05T08:00Z") == [])
    #expect(try shown(again, "a", "2026-01-05T08:00Z") == ["late 1", "came 1"])
    all.stored()
    #expect(try all.changes(at: at("2026-01-05T07:00Z")).isEmpty)
  }

  @Test func `an entry that the configuration no longer has is forgotten`() throws {
    let key = Expectations.Key(inbox: "a", match: "old-*")
    var all = Expectations([("a", [try makeTerms()])], from: [key: ExpectedFiles.Snapshot()])
    #expect(try all.changes(at: at("2026-01-05T07:00Z")).forgotten == [key])
    all.stored()
    #expect(try all.changes(at: at("2026-01-05T07:00Z")).forgotten == [])
  }

  @Test func `a ready file that can't be claimed is not missing`() throws {
    var all = Expectations([("a", [try makeTerms(sequence: "nav-([0-9]+).csv")])])
    all.waiting([try file("nav-1.csv", "2026-01-05T07:00Z")], in: "a")
    #expect(try passed(&all, "2026-01-05T08:00Z") == [])
    #expect(try shown(all, "a", "2026-01-05T08:00Z") == ["waiting 0"])
    all.ready(Self.id, in: "a", try file("nav-1.csv", "2026-01-05T07:00Z"))
    all.waiting([], in: "a")
    let alarms = all.read(Self.id, items: 1, now: try at("2026-01-05T09:00Z"))
    #expect(alarms == [])
    #expect(try shown(all, "a", "2026-01-05T09:00Z") == ["came 1"])
    // It is removed from the folder.
    all.waiting([try file("nav-2.csv", "2026-01-06T07:00Z")], in: "a")
    #expect(try passed(&all, "2026-01-06T08:00Z") == [])
    all.waiting([], in: "a")
    #expect(try passed(&all, "2026-01-06T08:01Z") == [.missing])
  }

  @Test func `a rejects file does not count, and nothing waits for it`() throws {
    let name = "nav-1.\(Self.id).rejected.csv"
    try #require(RejectsFileName(Array(name.utf8)) != nil)
    var all = Expectations([("a", [try makeTerms()])])
    all.ready(Self.id, in: "a", try file(name, "2026-01-05T07:00Z"))
    #expect(!all.awaits(Self.id))
    #expect(try passed(&all, "2026-01-05T08:00Z") == [.missing])
  }
}
