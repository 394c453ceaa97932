package import Core
package import Engine
internal import Foundation
internal import GRDB

/// The stored record of a finished file.
package struct FinishedFile: Sendable, Equatable {
  package var id: FileID
  package var inbox: String
  /// As dropped; bytes.
  package var name: [UInt8]
  package var sha256: String?
  package var status: String
  package var receivedAt: Timestamp
  package var completedAt: Timestamp
  package var items: Int
  package var accepted: Int
  package var rejected: Int
  /// Of the receipt as it was written, in hexadecimal; nil if an earlier upsertd wrote it.
  package var receiptSHA256: String?
}

/// The queries of `upsertd show`.
extension Outbox {
  package func finished(_ id: FileID) async throws(OutboxError) -> FinishedFile? {
    try await read { db in
      try SQLRow.fetchOne(db, sql: "SELECT * FROM history WHERE file_id = ?", arguments: [id.text])
        .flatMap(FinishedFile.init(row:))
    }
  }

  /// Ids of files, unfinished or finished, with this prefix; newest first.
  package func ids(startingWith prefix: String, limit: Int) async throws(OutboxError) -> [FileID] {
    try await read { db in
      // Sorts after every character of an id.
      let end = prefix + "~"
      let sql = """
        SELECT id FROM file WHERE id >= $1 AND id < $2
        UNION SELECT file_id FROM history WHERE file_id >= $1 AND file_id < $2 ORDER BY 1 DESC LIMIT $3
        """
      return try String.fetchAll(db, sql: sql, arguments: [prefix, end, limit]).compactMap { FileID($0) }
    }
  }

  /// Ids of files that were dropped under this name; newest first. Reads the whole history.
  package func ids(named name: [UInt8], limit: Int) async throws(OutboxError) -> [FileID] {
    try await read { db in
      let sql = """
        SELECT id FROM file WHERE name = $1 UNION SELECT file_id FROM history WHERE name = $1 ORDER BY 1 DESC LIMIT $2
        """
      return try String.fetchAll(db, sql: sql, arguments: [Data(name), limit]).compactMap { FileID($0) }
    }
  }

  /// Other files of the inbox with the same bytes, oldest first.
  package func ids(sameAs id: FileID, inbox: String, sha256: String) async throws(OutboxError) -> [FileID] {
    try await read { db in
      let sql = """
        SELECT id FROM file WHERE inbox = $1 AND sha256 = $2 AND id <> $3
        UNION SELECT file_id FROM history WHERE inbox = $1 AND sha256 = $2 AND file_id <> $3 ORDER BY 1
        """
      return try String.fetchAll(db, sql: sql, arguments: [inbox, sha256, id.text]).compactMap { FileID($0) }
    }
  }

  /// Unfinished files that claim to correct others; `items` is 0 for those that are not read yet.
  package func correcting() async throws(OutboxError) -> [(id: FileID, corrects: FileID, items: Int)] {
    try await read { db in
      let sql = "SELECT id, corrects, items FROM file WHERE corrects IS NOT NULL ORDER BY id"
      return try SQLRow.fetchAll(db, sql: sql).compactMap { row -> (id: FileID, corrects: FileID, items: Int)? in
        guard let id = FileID(row[0] as String), let corrects = FileID(row[1] as String) else { return nil }
        return (id, corrects, row[2])
      }
    }
  }

  /// Unfinished files that claim to correct this one.
  package func ids(correcting id: FileID) async throws(OutboxError) -> [FileID] {
    try await read { db in
      try String.fetchAll(db, sql: "SELECT id FROM file WHERE corrects = ? ORDER BY id", arguments: [id.text])
        .compactMap { FileID($0) }
    }
  }
}

extension FinishedFile {
  init?(row: SQLRow) {
    guard let id = FileID(row["file_id"] as String) else { return nil }
    self.id = id
    inbox = row["inbox"]
    name = Array(row["name"] as Data)
    sha256 = row["sha256"]
    status = row["status"]
    receivedAt = Timestamp(milliseconds: row["received_at_ms"])
    completedAt = Timestamp(milliseconds: row["completed_at_ms"])
    items = row["items"]
    accepted = row["accepted"]
    rejected = row["rejected"]
    // The column does not exist until the daemon has upgraded the outbox.
    receiptSHA256 = row["receipt_sha256"]
  }
}
