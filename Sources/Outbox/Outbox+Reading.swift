package import Delivery
internal import Foundation
internal import GRDB

/// What a file's reading leaves in the outbox. These block: they are called from the reader's own thread.
extension Outbox {
  /// Opens a row for a claimed file that is about to be read; what an earlier try left of it goes.
  ///
  /// A full disk fails that try, and then its `forget` as well.
  package func begin(_ id: FileID, inbox: String, name: [UInt8], receivedAt: Timestamp) throws(OutboxError) {
    try writeNow { db in
      try db.execute(sql: "DELETE FROM file WHERE id = ? AND state = 'reading'", arguments: [id.text])
      try db.execute(
        sql: "INSERT INTO file (id, inbox, name, state, received_at_ms) VALUES (?, ?, ?, 'reading', ?)",
        arguments: [id.text, inbox, Data(name), receivedAt.milliseconds])
    }
  }

  /// Adds batches, in order, and refused items of a file that is being read; nothing of it can be sent yet.
  ///
  /// `ordinal` counts the file's batches from 1.
  package func stage(
    _ batches: [(ordinal: Int, batch: QueuedBatch)], refused: [Refusal], of id: FileID, target: String
  ) throws(OutboxError) {
    try writeNow { db in
      for (ordinal, batch) in batches {
        try Self.insert(batch, of: id, position: position(ordinal), target: target, db)
      }
      try Self.insert(refused, of: id, db)
    }
  }

  /// Makes everything of a file sendable in one commit; a file without anything to send is finishing at once.
  package func publish(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws(OutboxError) {
    try writeNow { db in
      try Self.update(facts, of: id, db)
      try db.execute(
        sql: """
          UPDATE file SET items = ?, rejected = ?,
            state = CASE WHEN EXISTS (SELECT 1 FROM batch WHERE file_id = file.id) THEN 'queued' ELSE 'finishing' END
          WHERE id = ?
          """,
        arguments: [items, rejected, id.text])
    }
  }

  /// Drops what was staged of a file that can't be used as a whole; it is finishing, with nothing but the error.
  package func fail(_ id: FileID, facts: FileFacts, fault: FileFault) throws(OutboxError) {
    try writeNow { db in
      try db.execute(sql: "DELETE FROM batch WHERE file_id = ?", arguments: [id.text])
      try db.execute(sql: "DELETE FROM refused WHERE file_id = ?", arguments: [id.text])
      try Self.update(facts, of: id, db)
      try db.execute(
        sql: """
          UPDATE file SET state = 'finishing', error_code = ?, error_message = ?, error_line = ?, error_column = ?
          WHERE id = ?
          """,
        arguments: [fault.code.rawValue, fault.message, fault.line, fault.column, id.text])
    }
  }

  /// Forgets a file that went back to its inbox, or that will be read again.
  package func forget(_ id: FileID) throws(OutboxError) {
    try writeNow { db in
      try db.execute(sql: "DELETE FROM file WHERE id = ? AND state = 'reading'", arguments: [id.text])
    }
  }

  /// The first file with the same bytes that was dropped in the same inbox, and whether something of it went, or may go, to the API.
  package func original(
    sha256: String, inbox: String, before id: FileID
  ) throws(OutboxError) -> (id: FileID, wasUsed: Bool)? {
    try readNow { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT min(id) AS id, max(used) AS used FROM (
            SELECT file_id AS id, accepted > 0 AS used FROM history WHERE inbox = $1 AND sha256 = $2
            UNION ALL
            SELECT id, error_code IS NULL FROM file WHERE inbox = $1 AND sha256 = $2 AND state <> 'reading')
          WHERE id < $3
          """,
        arguments: [inbox, sha256, id.text])
      return (row?["id"] as String?).flatMap { FileID($0) }.map { ($0, row?["used"] ?? false) }
    }
  }

  private func writeNow(_ body: (Database) throws -> Void) throws(OutboxError) {
    do { try pool.write(body) } catch { throw OutboxError(error, path: path) }
  }

  private func position(_ ordinal: Int) -> String {
    let digits = String(ordinal)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  private static func update(_ facts: FileFacts, of id: FileID, _ db: Database) throws {
    try db.execute(
      sql: """
        UPDATE file SET format = ?, shape = ?, delimiter = ?, api = ?, target = ?, url = ?, success_mode = ?, ordering = ?,
          file_bytes = ?, sha256 = ?, corrects = ?, duplicate_of = ?
        WHERE id = ?
        """,
      arguments: [
        facts.format, facts.shape, facts.delimiter, facts.api?.rawValue, facts.target, facts.url,
        facts.successMode.rawValue,
        facts.ordering.rawValue, facts.bytes, facts.sha256, facts.corrects?.text, facts.duplicateOf?.text, id.text,
      ])
  }

  @discardableResult
  static func insert(
    _ batch: QueuedBatch, of id: FileID, position: String, target: String, _ db: Database
  ) throws -> Int64 {
    try db.cachedStatement(
      sql: "INSERT INTO batch (file_id, position, target, items, bytes, item_index) VALUES (?, ?, ?, ?, ?, ?)"
    ).execute(arguments: [
      id.text, position, target, batch.items.count, batch.body.count, Data(BatchItem.pack(batch.items)),
    ])
    let batchID = db.lastInsertedRowID
    let body = batch.body
    try db.cachedStatement(sql: "INSERT INTO body (batch_id, bytes, runs, checksum) VALUES (?, ?, ?, ?)")
      .execute(arguments: [
        batchID, Data(body.literals), body.runs.isEmpty ? nil : Data(body.packedRuns), Int64(bitPattern: body.checksum),
      ])
    return batchID
  }

  static func insert(_ refused: [Refusal], of id: FileID, _ db: Database) throws {
    guard !refused.isEmpty else { return }
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO refused (file_id, item, line, source_start, source_end, key, code, message)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """)
    for refusal in refused {
      try statement.execute(arguments: [
        id.text, refusal.item, refusal.line, refusal.source.lowerBound, refusal.source.upperBound, refusal.key,
        refusal.code, refusal.message,
      ])
    }
  }
}
