package import Core
package import Engine
internal import Foundation
internal import GRDB

/// An alarm about expected files, as it was reported.
package struct ReportedAlarm: Sendable, Equatable {
  package var at: Timestamp
  package var key: Expectations.Key
  /// A word of `ExpectationAlarm.Kind`.
  package var kind: String
  /// The file that it is about; nil for none, or several.
  package var file: FileID?
  package var message: String
}

extension OutboxCommit {
  func keep(_ changes: ExpectationChanges) throws {
    for (key, snapshot) in changes.snapshots {
      let json = String(decoding: try JSONEncoder().encode(snapshot), as: UTF8.self)
      try db.cachedStatement(
        sql: """
          INSERT INTO expected (inbox, match, ordinal, snapshot) VALUES (?, ?, ?, ?)
          ON CONFLICT (inbox, match, ordinal) DO UPDATE SET snapshot = excluded.snapshot
          """
      ).execute(arguments: [key.inbox, key.match, key.ordinal, json])
    }
    for key in changes.forgotten {
      try db.execute(
        sql: "DELETE FROM expected WHERE inbox = ? AND match = ? AND ordinal = ?",
        arguments: [key.inbox, key.match, key.ordinal])
    }
    try Outbox.storeAlarms(changes.alarms, at: changes.at, db)
  }
}

extension Notice {
  fileprivate init(_ inboxAlarm: InboxAlarm, at moment: Timestamp) {
    let (key, alarm) = (inboxAlarm.key, inboxAlarm.alarm)
    let numbers = alarm.numbers.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    self.init(
      Event(alarm.kind), at: moment, inbox: key.inbox, file: alarm.file,
      occurrence: "\(key.match) \(key.ordinal) \(alarm.day) \(numbers)", message: alarm.message)
  }
}

extension Notice.Event {
  fileprivate init(_ kind: ExpectationAlarm.Kind) {
    self =
      switch kind {
      case .missing: .missing
      case .late: .late
      case .early: .early
      case .short: .short
      case .gap: .gap
      case .repeat: .repeat
      }
  }
}

extension Outbox {
  /// How many alarms are kept for `status` and the dashboard.
  private static let mostAlarms = 1_000

  /// Stores alarms about expected files, and queues their notices, in the commit of what they follow from: from here on
  /// they count as reported.
  static func storeAlarms(_ alarms: [InboxAlarm], at moment: Timestamp, _ db: Connection) throws {
    guard !alarms.isEmpty else { return }
    for alarm in alarms {
      let (key, alarm) = (alarm.key, alarm.alarm)
      try db.execute(
        sql: """
          INSERT INTO expectation_alarm (at_ms, inbox, match, ordinal, kind, day, file_id, message)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          moment.milliseconds, key.inbox, key.match, key.ordinal, alarm.kind.rawValue, alarm.day.description,
          alarm.file?.text, alarm.message,
        ])
    }
    try enqueue(alarms.map { Notice($0, at: moment) }, db)
    try db.execute(
      sql: "DELETE FROM expectation_alarm WHERE id <= (SELECT max(id) FROM expectation_alarm) - ?",
      arguments: [mostAlarms])
  }

  package func expected() async throws(OutboxError) -> [Expectations.Key: ExpectedFiles.Snapshot] {
    try await read { db in
      var snapshots: [Expectations.Key: ExpectedFiles.Snapshot] = [:]
      // A reader may open an outbox that only an older upsertd has written.
      guard try db.tableExists("expected") else { return snapshots }
      for row in try SQLRow.fetchAll(db, sql: "SELECT inbox, match, ordinal, snapshot FROM expected") {
        let json = Data((row["snapshot"] as String).utf8)
        let key = Expectations.Key(inbox: row["inbox"], match: row["match"], ordinal: row["ordinal"])
        snapshots[key] = try? JSONDecoder().decode(ExpectedFiles.Snapshot.self, from: json)
      }
      return snapshots
    }
  }

  /// The alarms reported since then, oldest first.
  package func alarms(since moment: Timestamp) async throws(OutboxError) -> [ReportedAlarm] {
    try await read { db in
      guard try db.tableExists("expectation_alarm") else { return [] }
      return try SQLRow.fetchAll(
        db, sql: "SELECT * FROM expectation_alarm WHERE at_ms >= ? ORDER BY id", arguments: [moment.milliseconds]
      ).map { row in
        ReportedAlarm(
          at: Timestamp(milliseconds: row["at_ms"]),
          key: Expectations.Key(inbox: row["inbox"], match: row["match"], ordinal: row["ordinal"]),
          kind: row["kind"], file: (row["file_id"] as String?).flatMap { FileID($0) }, message: row["message"])
      }
    }
  }
}
