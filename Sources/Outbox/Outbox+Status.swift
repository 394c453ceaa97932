package import Core
package import Engine
internal import Foundation
internal import GRDB
internal import Runtime

/// Counts of what waits.
package struct QueueCounts: Sendable, Equatable {
  package var files = 0
  package var batches = 0
  package var items = 0
  package var bytes = 0
  /// When the oldest unfinished file was claimed, by the wall clock as it is set now.
  package var oldestAt: Timestamp?

  package init() {}
}

/// The last known state of a target.
package struct TargetNote: Sendable, Equatable {
  package var state: TargetState
  package var reason: Hindrance?
  package var until: Timestamp?
  /// Since when nothing could be delivered, where it is on hold or can't be reached.
  package var since: Timestamp?
}

package enum PausableKind: String, Sendable {
  case inbox
  case target
}

extension Outbox {
  package func queue(at reading: QueueClock.Reading = .now) async throws(OutboxError) -> QueueCounts {
    try await read { db in
      let wall = try WallClockConversion(db, at: reading)
      var counts = QueueCounts()
      let sql = """
        SELECT count(*) AS files, min(claimed_at_ms) AS oldest, coalesce(sum(waiting_batches), 0) AS batches,
          coalesce(sum(waiting_items), 0) AS items, coalesce(sum(waiting_bytes), 0) AS bytes
        FROM file WHERE \(Self.hasNoReceipt)
        """
      if let row = try SQLRow.fetchOne(db, sql: sql) {
        counts.files = row["files"]
        counts.oldestAt = (row["oldest"] as Int64?).map { wall($0) }
        counts.batches = row["batches"]
        counts.items = row["items"]
        counts.bytes = row["bytes"]
      }
      return counts
    }
  }

  /// Whether there is no unfinished file; fast, however much waits.
  package func isEmpty() async throws(OutboxError) -> Bool {
    try await read { db in try Bool.fetchOne(db, sql: "SELECT NOT EXISTS (SELECT 1 FROM file)") ?? true }
  }

  /// Whether every unfinished file has been read, and waits for its release or was claimed after that time and has items
  /// waiting for one of these targets.
  package func onlyWaits(for targets: Set<String>, claimedAfter time: QueueTime) async throws(OutboxError) -> Bool {
    try await read { db in
      let sql = """
        SELECT NOT EXISTS (
          SELECT 1 FROM file
          WHERE NOT (state = 'reading' AND waits_for_release = 1 AND line_id IS NULL)
            AND (state <> 'queued' OR claimed_at_ms <= ?1 OR target IS NULL OR \(SQLArguments.isNone("target", of: targets, from: 2))))
        """
      return try Bool.fetchOne(
        db, sql: sql, arguments: [time.milliseconds] + SQLArguments(targets)) ?? false
    }
  }

  package func targetNotes(
    at reading: QueueClock.Reading = .now
  ) async throws(OutboxError) -> [String: TargetNote] {
    try await read { db in
      let wall = try WallClockConversion(db, at: reading)
      var notes: [String: TargetNote] = [:]
      // An outbox that the daemon has not upgraded has no such table, or lacks columns.
      let sql =
        try db.tableExists("hold")
        ? "SELECT target.*, since_ms FROM target LEFT JOIN hold ON target = name"
        : "SELECT *, NULL AS since_ms FROM target"
      for row in try SQLRow.fetchAll(db, sql: sql) {
        // A newer upsertd may know more states.
        guard let state = TargetState(rawValue: row["state"]) else { continue }
        let reason = (row["reason"] as String?).map { reason in
          Hindrance(
            reason, advice: row["advice"],
            remedy: (row["remedy"] as String?).flatMap(Hindrance.Remedy.init(rawValue:)) ?? .retry,
            isUnreachable: (row["is_unreachable"] as Bool?) ?? false)
        }
        let isOut = state == .held || reason?.isUnreachable == true
        notes[row["name"]] = TargetNote(
          state: state, reason: reason, until: (row["until_ms"] as Int64?).map { wall($0) },
          since: isOut ? (row["since_ms"] as Int64?).map { wall($0) } : nil)
      }
      return notes
    }
  }

  /// The last receipts without their batches, newest first.
  package func recentReceipts(limit: Int) async throws(OutboxError) -> [String] {
    try await read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT receipt FROM recent ORDER BY completed_at_ms DESC, file_id DESC LIMIT ?
          """, arguments: [limit])
    }
  }

  package func paused(_ kind: PausableKind) async throws(OutboxError) -> Set<String> {
    try await read { db in
      Set(try String.fetchAll(db, sql: "SELECT name FROM paused WHERE kind = ?", arguments: [kind.rawValue]))
    }
  }

  package func setPaused(_ kind: PausableKind, _ name: String, _ isPaused: Bool) async throws(OutboxError) {
    try await write { db in
      try db.execute(
        sql: isPaused
          ? "INSERT INTO paused (kind, name) VALUES (?, ?) ON CONFLICT DO NOTHING"
          : "DELETE FROM paused WHERE kind = ? AND name = ?",
        arguments: [kind.rawValue, name])
    }
  }

  package func file(_ id: FileID) async throws(OutboxError) -> FileRecord? {
    try await read { db in
      try SQLRow.fetchOne(db, sql: "SELECT * FROM file WHERE id = ?", arguments: [id.text]).flatMap(
        FileRecord.init(row:))
    }
  }

  /// The receipt status of a finished file; nil if it is not finished.
  package func finishedStatus(_ id: FileID) async throws(OutboxError) -> String? {
    try await read { db in
      try String.fetchOne(db, sql: "SELECT status FROM history WHERE file_id = ?", arguments: [id.text])
    }
  }

  /// Ids of all unfinished files, and the newest id ever assigned.
  package func filesUnderWay() async throws(OutboxError) -> (ids: Set<FileID>, newest: FileID?) {
    try await read { db in
      let ids = try String.fetchAll(db, sql: "SELECT id FROM file").compactMap { FileID($0) }
      let lines =
        try db.hasColumn("line_id", in: "file")
        ? String.fetchOne(db, sql: "SELECT max(line_id) FROM file").flatMap { FileID($0) } : nil
      // An id that a replay got is never given to another file, even if that replay has left nothing else.
      let tables = try ["history"] + (db.tableExists("replay") ? ["replay"] : [])
      let last = try tables.compactMap { try String.fetchOne(db, sql: "SELECT max(file_id) FROM \($0)") }
        .compactMap { FileID($0) }
      return (Set(ids), (ids + last + [lines].compactMap { $0 }).max())
    }
  }

  /// Names of the targets that batches wait for, whether or not the configuration still has them.
  package func awaitedTargets() async throws(OutboxError) -> Set<String> {
    try await read { db in
      // One step in the index `batch_line` for each; DISTINCT would scan every batch.
      let sql = """
        WITH RECURSIVE found (target) AS (
          SELECT min(target) FROM batch
          UNION ALL
          SELECT (SELECT min(target) FROM batch WHERE target > found.target) FROM found WHERE found.target IS NOT NULL)
        SELECT target FROM found WHERE target IS NOT NULL
        """
      return Set(try String.fetchAll(db, sql: sql))
    }
  }
}
