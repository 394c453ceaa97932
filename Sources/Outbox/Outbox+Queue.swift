package import Core
package import Engine
internal import Foundation
internal import GRDB
internal import Runtime

/// Totals of the waiting batches of one file.
package struct QueuedFile: Sendable, Equatable {
  package var file: FileRecord
  /// By the wall clock as it is set now.
  package var claimedAt: Timestamp
  /// Waiting requests, their items and bytes.
  package var batches: Int
  package var items: Int
  package var bytes: Int
  /// Those that were tried, or are parts of tried ones.
  package var triedBatches: Int
  /// How many times in a row the one due first has failed.
  package var failures: Int
  /// When the first of the tried ones is due; nil if none was tried.
  package var dueAt: Timestamp?
  /// The result of that one's last try.
  package var problem: String?
}

/// One waiting batch, for display.
package struct QueuedRequest: Sendable, Equatable {
  package var items: Int
  package var attempts: Int
  /// Attempts whose outcome is unknown.
  package var unanswered: Int
  package var dueAt: Timestamp
  /// Why it waits, if known.
  package var problem: String?
}

/// The queries of `upsertd queue`. They use only each file's row and the index `batch_postponed`, since there may be a
/// million batches.
extension Outbox {
  /// The unfinished files, in order of arrival; a nil parameter filters nothing.
  package func queuedFiles(
    inbox: String? = nil, target: String? = nil, olderThan age: Duration? = nil, id: FileID? = nil,
    at reading: QueueClock.Reading = .now
  ) async throws(OutboxError) -> [QueuedFile] {
    try await read { db in
      let wall = try WallClockConversion(db, at: reading)
      let cutoff = age.map { wall.now - $0 }
      let sql = """
        SELECT file.*, tried, due_at_ms, failures, problem
        FROM file
        LEFT JOIN (
          SELECT file_id, due_at_ms, problem, failures, count(*) OVER (PARTITION BY file_id) AS tried,
            row_number() OVER (PARTITION BY file_id ORDER BY due_at_ms, failures, problem) AS place
          FROM batch WHERE problem IS NOT NULL) AS late ON late.file_id = id AND place = 1
        WHERE (CAST($1 AS TEXT) IS NULL OR inbox = $1) AND (CAST($2 AS TEXT) IS NULL OR file.target = $2)
          AND (CAST($3 AS BIGINT) IS NULL OR claimed_at_ms <= $3) AND (CAST($4 AS TEXT) IS NULL OR id = $4) AND \(Self.hasNoReceipt)
        ORDER BY id
        """
      return try SQLRow.fetchAll(db, sql: sql, arguments: [inbox, target, cutoff?.milliseconds, id?.text])
        .compactMap { QueuedFile(row: $0, wall) }
    }
  }

  /// The first waiting batches of a file, in line order.
  package func waitingBatches(
    of id: FileID, limit: Int, at reading: QueueClock.Reading = .now
  ) async throws(OutboxError) -> [QueuedRequest] {
    try await read { db in
      let wall = try WallClockConversion(db, at: reading)
      let sql = """
        SELECT items, attempts, unanswered, due_at_ms, problem FROM batch WHERE file_id = ? ORDER BY position LIMIT ?
        """
      return try SQLRow.fetchAll(db, sql: sql, arguments: [id.text, limit]).map { row in
        QueuedRequest(
          items: row[0], attempts: row[1], unanswered: row[2], dueAt: wall(row[3]), problem: row[4])
      }
    }
  }
}

extension QueuedFile {
  /// Nil if the row holds what no version of upsertd writes.
  fileprivate init?(row: SQLRow, _ wall: WallClockConversion) {
    guard let file = FileRecord(row: row) else { return nil }
    self.file = file
    claimedAt = wall(file.claimedAt.milliseconds)
    batches = row["waiting_batches"]
    items = row["waiting_items"]
    bytes = row["waiting_bytes"]
    triedBatches = row["tried"] ?? 0
    failures = row["failures"] ?? 0
    dueAt = (row["due_at_ms"] as Int64?).map { wall($0) }
    problem = row["problem"]
  }
}
