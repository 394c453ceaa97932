package import Delivery
package import Engine
internal import Foundation
internal import GRDB

/// What the outbox holds of a file under way, added up from all its tables.
package struct FileSums: Sendable, Equatable {
  package var id: FileID
  package var inbox: String
  /// As dropped; bytes.
  package var name: [UInt8]
  package var state: FileRecord.State
  package var counts: FileCounts
  package var waitingItems: Int
  package var settledAccepted: Int
  package var refusals: Int
}

/// What `upsertd verify` asks.
extension Outbox {
  /// Of all files under way; of those still being read the sums say nothing.
  package func fileSums() async throws(OutboxError) -> [FileSums] {
    try await read { db in
      let sql = """
        SELECT file.id AS id, inbox, name, state, file.items AS items, accepted, unchanged, rejected, requests,
          coalesce(waiting.items, 0) AS waiting, coalesce(done.accepted_items, 0) AS settled,
          (SELECT count(*) FROM refused WHERE file_id = file.id) AS refusals
        FROM file
        LEFT JOIN (SELECT file_id, sum(items) AS items FROM batch GROUP BY target, file_id) AS waiting
          ON waiting.file_id = file.id
        LEFT JOIN (SELECT file_id, sum(accepted) AS accepted_items FROM settled GROUP BY file_id) AS done
          ON done.file_id = file.id
        ORDER BY file.id
        """
      return try Row.fetchAll(db, sql: sql).compactMap(FileSums.init(row:))
    }
  }

  /// What is kept of these files, those of them that are finished.
  package func finished(_ ids: [FileID]) async throws(OutboxError) -> [FileID: FinishedFile] {
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT * FROM history WHERE file_id = ?")
      var found: [FileID: FinishedFile] = [:]
      for id in ids {
        found[id] = try Row.fetchOne(statement, arguments: [id.text]).flatMap(FinishedFile.init(row:))
      }
      return found
    }
  }

  /// Finished files whose receipts are none of `ids`, oldest first.
  package func finished(without ids: Set<FileID>) async throws(OutboxError) -> [FinishedFile] {
    try await read { db in
      var missing: [FinishedFile] = []
      let rows = try Row.fetchCursor(db, sql: "SELECT * FROM history ORDER BY file_id")
      while let row = try rows.next() {
        if let file = FinishedFile(row: row), !ids.contains(file.id) { missing.append(file) }
      }
      return missing
    }
  }

  /// From when on each receipt that was written is known; nil for an outbox that no upsertd that keeps them has opened.
  package func receiptsKnownSince() async throws(OutboxError) -> Timestamp? {
    try await read { db in
      guard try db.tableExists("receipts_known_since") else { return nil }
      return try Int64.fetchOne(db, sql: "SELECT min(at_ms) FROM receipts_known_since").map(
        Timestamp.init(milliseconds:))
    }
  }

  /// Inboxes that files under way or finished ones came from.
  package func inboxes() async throws(OutboxError) -> Set<String> {
    try await read { db in
      Set(try String.fetchAll(db, sql: "SELECT inbox FROM file UNION SELECT DISTINCT inbox FROM history"))
    }
  }
}

extension FileSums {
  fileprivate init?(row: Row) {
    guard let id = FileID(row["id"] as String), let state = FileRecord.State(rawValue: row["state"]) else { return nil }
    self.id = id
    self.state = state
    inbox = row["inbox"]
    name = Array(row["name"] as Data)
    counts = FileCounts(row: row)
    waitingItems = row["waiting"]
    settledAccepted = row["settled"]
    refusals = row["refusals"]
  }
}
