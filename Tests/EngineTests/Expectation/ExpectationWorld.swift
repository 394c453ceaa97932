import Calendar
import Core
import Engine
import Foundation
import Testing

/// An entry of `expect`, with files that come and time that passes. Times are written as in RFC 3339.
struct ExpectationWorld {
  var expected: ExpectedFiles
  private(set) var alarms: [ExpectationAlarm] = []
  /// Files that became ready and were not read, as they are in `work/`.
  private var underWay: [FileID: (name: String, at: Timestamp)] = [:]

  init(_ rule: ExpectationRule) { expected = ExpectedFiles(rule) }

  /// The alarms since the last call: kind and day.
  mutating func reported() -> [String] {
    defer { alarms = [] }
    return alarms.map { "\($0.kind.rawValue) \($0.day)" }
  }

  /// The same as messages.
  mutating func reportedMessages() -> [String] {
    defer { alarms = [] }
    return alarms.map(\.message)
  }

  mutating func passes(_ moment: Timestamp) { alarms += expected.passed(moment) }
  mutating func passes(_ text: String) throws { passes(try at(text)) }

  mutating func becomesReady(_ name: String, at moment: Timestamp, id: FileID) {
    underWay[id] = (name, moment)
    expected.ready(id, name: Array(name.utf8), at: moment)
  }

  mutating func isRead(_ id: FileID, items: Int, now: Timestamp) {
    guard let file = underWay.removeValue(forKey: id) else { return }
    alarms += expected.read(id, name: Array(file.name.utf8), readyAt: file.at, items: items, now: now)
  }

  mutating func isGone(_ id: FileID, because reason: String? = nil, now: Timestamp) {
    underWay[id] = nil
    alarms += expected.gone(id, because: reason, now: now)
  }

  /// A file becomes ready, and is read at once.
  mutating func comes(_ name: String, _ text: String, items: Int = 1) throws {
    let moment = try at(text)
    let id = FileID(at: moment, entropy: 0)
    becomesReady(name, at: moment, id: id)
    isRead(id, items: items, now: moment)
  }

  /// The snapshot is stored and read again, as outside of this process; the claimed files are found again.
  mutating func restarts(as rule: ExpectationRule? = nil) throws {
    let stored = try JSONEncoder().encode(expected.snapshot)
    let kept = try JSONDecoder().decode(ExpectedFiles.Snapshot.self, from: stored)
    #expect(kept == expected.snapshot)
    expected = ExpectedFiles(rule ?? expected.rule, from: kept)
    for (id, file) in underWay { expected.ready(id, name: Array(file.name.utf8), at: file.at) }
  }

  mutating func changes(_ rule: ExpectationRule) { expected.change(rule) }

  /// `waiting 2026-01-05T07:30 0`: what is shown, its due time and the number of files.
  func shown(_ text: String) throws -> String {
    let state = expected.state(at: try at(text))
    return "\(state.state.rawValue) \(state.due.description.prefix(16)) \(state.files)"
  }
}

func at(_ text: String) throws -> Timestamp { try #require(Timestamp(written: text), "\(text)") }

/// From Monday to Friday by 07:30, in Dublin if nothing else is said.
func makeTerms(
  from: String = "00:00", by: String = "07:30", zone: String = "Europe/Dublin", days: String = "mon-fri",
  minItems: Int? = nil, sequence: String? = nil
) throws -> ExpectationRule {
  ExpectationRule(
    match: "nav-*.csv",
    deadline: try DailyDeadline(
      from: TimeOfDay(from), by: TimeOfDay(by), days: DaysOfWeek(days), zone: Zone(named: zone)),
    minItems: minItems, sequence: try sequence.map { try SequencePattern($0) })
}
