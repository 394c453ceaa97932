import Core
import GRDB
import Outbox
import Testing
import TestKit

@testable import Engine

@Suite struct `Alarms about expected files` {
  private static let key = Expectations.Key(inbox: "in", match: "*.csv")

  private func alarm(_ kind: ExpectationAlarm.Kind, day: Int64, file: FileID? = nil) -> InboxAlarm {
    InboxAlarm(
      key: Self.key,
      alarm: ExpectationAlarm(
        kind: kind, day: CivilDate(daysSince1970: day), file: file, message: "\(kind) of day \(day)"))
  }

  @Test func `each is kept, and told to those who want it, in one commit`() async throws {
    try await World.with { world in
      try World.sql(
        world.path,
        "INSERT INTO receiver (name, events) VALUES ('all', ' missing  late  gap '), ('some', ' late ')")
      let alarms = [
        alarm(.missing, day: 1), alarm(.missing, day: 2), alarm(.late, day: 2, file: world.id), alarm(.gap, day: 2),
      ]
      struct Stop: Error {}
      let changes = ExpectationChanges(at: World.time, alarms: alarms)
      #expect(throws: OutboxError.self) {
        try world.outbox.commit { commit in
          try commit.keep(changes)
          throw Stop()
        }
      }
      #expect(try await world.outbox.alarms(since: World.time) == [])
      try world.outbox.commit { try $0.keep(changes) }
      let told = try await world.outbox.alarms(since: World.time)
      #expect(told.map(\.message) == alarms.map(\.alarm.message))
      #expect(told.map(\.kind) == ["missing", "missing", "late", "gap"] && told.map(\.key) == alarms.map(\.key))
      #expect(told.map(\.file) == [nil, nil, world.id, nil])
      #expect(try await world.outbox.alarms(since: World.time + .milliseconds(1)) == [])
      let notices = try await DatabaseQueue(path: world.path).read { db in
        try String.fetchAll(db, sql: "SELECT receiver || ' ' || message FROM notice ORDER BY id")
      }
      #expect(
        notices == [
          "all missing of day 1", "all missing of day 2", "all late of day 2", "some late of day 2",
          "all gap of day 2",
        ])
    }
  }

  @Test func `only the last thousand are kept`() async throws {
    try await World.with { world in
      for day in 1...3 {
        let alarms = (1...400).map { _ in alarm(.missing, day: Int64(day)) }
        try world.outbox.commit { try $0.keep(ExpectationChanges(at: World.time, alarms: alarms)) }
      }
      let told = try await world.outbox.alarms(since: World.time)
      #expect(told.count == 1000 && told.first?.message == "missing of day 1")
    }
  }

  @Test func `a damaged snapshot is left out`() async throws {
    try await World.with { world in
      let other = Expectations.Key(inbox: "in", match: "*.json")
      try world.outbox.commit {
        try $0.keep(
          ExpectationChanges(
            at: World.time, snapshots: [(Self.key, ExpectedFiles.Snapshot()), (other, ExpectedFiles.Snapshot())]))
      }
      try world.sql("UPDATE expected SET snapshot = '{\"days\": 1' WHERE match = '*.csv'")
      #expect(try await world.outbox.expected() == [other: ExpectedFiles.Snapshot()])
    }
  }
}
