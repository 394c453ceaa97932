package import Core
package import Engine
internal import Foundation
internal import GRDB

/// Totals of an unfinished file, added up from all tables of the outbox.
package struct FileSums: Sendable, Equatable {
  package var file: FileRecord
  package var waitingItems: Int
  package var settledAccepted: Int
  package var rejects: Int
}

/// The queries of `upsertd verify`.
extension Outbox {
  /// For all unfinished files; for those still being read the sums mean nothing.
  package func fileSums() async throws(OutboxError) -> [FileSums] {
    try await read { db in
      let sql = """
        SELECT file.*, coalesce(waiting.items, 0) AS waiting, coalesce(done.accepted_items, 0) AS settled,
          (SELECT count(*) FROM refused WHERE file_id = file.id) AS refusals
        FROM file
        LEFT JOIN (SELECT file_id, sum(items) AS items FROM batch GROUP BY target, file_id) AS waiting
          ON waiting.file_id = file.id
        LEFT JOIN (SELECT file_id, sum(accepted) AS accepted_items FROM settled GROUP BY file_id) AS done
          ON done.file_id = file.id
        WHERE \(Self.hasNoReceipt)
        ORDER BY file.id
        """
      return try SQLRow.fetchAll(db, sql: sql).compactMap(FileSums.init(row:))
    }
  }

  /// The stored records of those of these files that are finished.
  package func finished(_ ids: [FileID]) async throws(OutboxError) -> [FileID: FinishedFile] {
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT * FROM history WHERE file_id = ?")
      var found: [FileID: FinishedFile] = [:]
      for id in ids {
        found[id] = try SQLRow.fetchOne(statement, arguments: [id.text]).flatMap(FinishedFile.init(row:))
      }
      return found
    }
  }

  /// Finished files that are not among `ids`, oldest first.
  package func finished(without ids: Set<FileID>) async throws(OutboxError) -> [FinishedFile] {
    try await read { db in
      var missing: [FinishedFile] = []
      let rows = try SQLRow.fetchCursor(db, sql: "SELECT * FROM history ORDER BY file_id")
      while let row = try rows.next() {
        if let file = FinishedFile(row: row), !ids.contains(file.id) { missing.append(file) }
      }
      return missing
    }
  }

  /// The time from which every receipt written is known; nil for an outbox never opened by an upsertd that keeps them.
  package func receiptsKnownSince() async throws(OutboxError) -> Timestamp? {
    try await read { db in
      guard try db.tableExists("receipts_known_since") else { return nil }
      return try Int64.fetchOne(db, sql: "SELECT min(at_ms) FROM receipts_known_since").map(
        Timestamp.init(milliseconds:))
    }
  }

  /// Inboxes of all unfinished and finished files.
  package func inboxes() async throws(OutboxError) -> Set<String> {
    try await read { db in
      Set(try String.fetchAll(db, sql: "SELECT inbox FROM file UNION SELECT DISTINCT inbox FROM history"))
    }
  }
}

extension FileSums {
  fileprivate init?(row: SQLRow) {
    guard let file = FileRecord(row: row) else { return nil }
    self.file = file
    waitingItems = row["waiting"]
    settledAccepted = row["settled"]
    rejects = row["refusals"]
  }
}
