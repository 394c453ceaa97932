package import Delivery
internal import Foundation
internal import GRDB

/// What of one file waits, added up.
package struct QueuedFile: Sendable, Equatable {
  package var id: FileID
  package var inbox: String
  /// As dropped; bytes.
  package var name: [UInt8]
  package var state: FileRecord.State
  /// Nil until the file was read.
  package var target: String?
  package var receivedAt: Timestamp
  /// Waiting requests, their items and bytes.
  package var batches: Int
  package var items: Int
  package var bytes: Int
  /// Those that were tried, or are parts of what was.
  package var triedBatches: Int
  /// How often in a row the one that is due first has failed.
  package var failures: Int
  /// When the first of the tried ones is due; nil where none was tried.
  package var dueAt: Timestamp?
  /// What became of that one's last try.
  package var problem: String?
}

/// What `upsertd queue` asks. Served by indexes alone (`batch_line`, `batch_postponed`): rows of batches are large.
extension Outbox {
  /// The files under way, in the order of their arrival; what is nil does not matter.
  package func queuedFiles(
    inbox: String? = nil, target: String? = nil, receivedUpTo cutoff: Timestamp? = nil, id: FileID? = nil
  ) async throws(OutboxError) -> [QueuedFile] {
    try await read { db in
      let sql = """
        SELECT id, inbox, name, state, file.target, received_at_ms, batches, waiting.items, waiting.bytes,
          tried, due_at_ms, late.failures, problem
        FROM file
        LEFT JOIN (
          SELECT file_id, count(*) AS batches, sum(items) AS items, sum(bytes) AS bytes
          FROM batch GROUP BY target, file_id) AS waiting ON waiting.file_id = id
        LEFT JOIN (
          -- SQLite takes the other columns from the row that has the minimum.
          SELECT file_id, count(*) AS tried, min(due_at_ms) AS due_at_ms, problem, failures
          FROM batch WHERE problem IS NOT NULL GROUP BY file_id) AS late ON late.file_id = id
        WHERE ($1 IS NULL OR inbox = $1) AND ($2 IS NULL OR file.target = $2)
          AND ($3 IS NULL OR received_at_ms <= $3) AND ($4 IS NULL OR id = $4)
        ORDER BY id
        """
      return try Row.fetchAll(db, sql: sql, arguments: [inbox, target, cutoff?.milliseconds, id?.text])
        .compactMap(QueuedFile.init(row:))
    }
  }

  /// The waiting batches of a file in line, behind `position`; without what orders them.
  package func waitingBatches(
    of id: FileID, after position: String = "", limit: Int
  ) async throws(OutboxError) -> [WaitingBatch] {
    try await read { db in
      let sql = "\(WaitingBatch.columns) WHERE batch.file_id = ? AND position > ? ORDER BY position LIMIT ?"
      return try Row.fetchAll(db, sql: sql, arguments: [id.text, position, limit]).map(WaitingBatch.init(row:))
    }
  }
}

extension QueuedFile {
  /// Nil where the row holds what no version of upsertd writes.
  fileprivate init?(row: Row) {
    guard let id = FileID(row["id"] as String), let state = FileRecord.State(rawValue: row["state"]) else { return nil }
    self.id = id
    self.state = state
    inbox = row["inbox"]
    name = Array(row["name"] as Data)
    target = row["target"]
    receivedAt = Timestamp(milliseconds: row["received_at_ms"])
    batches = row["batches"] ?? 0
    items = row["items"] ?? 0
    bytes = row["bytes"] ?? 0
    triedBatches = row["tried"] ?? 0
    failures = row["failures"] ?? 0
    dueAt = (row["due_at_ms"] as Int64?).map(Timestamp.init(milliseconds:))
    problem = row["problem"]
  }
}
