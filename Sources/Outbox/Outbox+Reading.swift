package import Delivery
internal import Foundation
internal import GRDB

extension Outbox {
  /// Runs `body` in one commit. Blocks: for the reader's own thread.
  ///
  /// - Throws: what `body` throws, as an `OutboxError`; nothing of the commit is kept then.
  package func commit<Value>(_ body: (OutboxCommit) throws -> Value) throws(OutboxError) -> Value {
    do {
      return try pool.write { db in try body(OutboxCommit(db: db)) }
    } catch {
      throw OutboxError(error, path: path)
    }
  }
}

/// What a file's reading leaves in the outbox, in one commit or in several.
package struct OutboxCommit {
  let db: Database

  /// Opens a row for a claimed file that is about to be read; what an earlier try left of it goes.
  ///
  /// A full disk fails that try, and then its `forget` as well.
  package func begin(_ id: FileID, inbox: String, name: [UInt8], receivedAt: Timestamp) throws {
    try forget(id)
    try db.cachedStatement(
      sql: "INSERT INTO file (id, inbox, name, state, received_at_ms) VALUES (?, ?, ?, 'reading', ?)"
    ).execute(arguments: [id.text, inbox, Data(name), receivedAt.milliseconds])
  }

  /// Adds batches, in order, and refused items of a file that is being read; nothing of it can be sent yet.
  ///
  /// `ordinal` counts the file's batches from 1.
  package func stage(
    _ batches: [(ordinal: Int, batch: QueuedBatch)], refused: [Refusal], of id: FileID, target: String
  ) throws {
    for (ordinal, batch) in batches {
      try Outbox.insert(batch, of: id, position: position(ordinal), target: target, db)
    }
    try Outbox.insert(refused, of: id, db)
  }

  /// Makes everything of a file sendable; a file without anything to send is finishing at once.
  package func publish(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws {
    try update(facts, of: id)
    try db.cachedStatement(
      sql: """
        UPDATE file SET items = ?, rejected = ?,
          state = CASE WHEN EXISTS (SELECT 1 FROM batch WHERE file_id = file.id) THEN 'queued' ELSE 'finishing' END
        WHERE id = ?
        """
    ).execute(arguments: [items, rejected, id.text])
  }

  /// Drops what was staged of a file that can't be used as a whole; it is finishing, with nothing but the error.
  package func fail(_ id: FileID, facts: FileFacts, fault: FileFault) throws {
    try db.cachedStatement(sql: "DELETE FROM batch WHERE file_id = ?").execute(arguments: [id.text])
    try db.cachedStatement(sql: "DELETE FROM refused WHERE file_id = ?").execute(arguments: [id.text])
    try update(facts, of: id)
    try db.cachedStatement(
      sql: """
        UPDATE file SET state = 'finishing', error_code = ?, error_message = ?, error_line = ?, error_column = ?
        WHERE id = ?
        """
    ).execute(arguments: [fault.code.rawValue, fault.message, fault.line, fault.column, id.text])
  }

  /// Forgets a file that went back to its inbox, or that will be read again.
  package func forget(_ id: FileID) throws {
    try db.cachedStatement(sql: "DELETE FROM file WHERE id = ? AND state = 'reading'").execute(arguments: [id.text])
  }

  /// The first file with the same bytes that was dropped in the same inbox, and whether something of it went, or may go, to the API.
  package func original(
    sha256: String, inbox: String, before id: FileID
  ) throws -> (id: FileID, wasUsed: Bool)? {
    let row = try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT min(id) AS id, max(used) AS used FROM (
            SELECT file_id AS id, accepted > 0 AS used FROM history WHERE inbox = $1 AND sha256 = $2
            UNION ALL
            SELECT id, error_code IS NULL FROM file WHERE inbox = $1 AND sha256 = $2 AND state <> 'reading')
          WHERE id < $3
          """), arguments: [inbox, sha256, id.text])
    return (row?["id"] as String?).flatMap { FileID($0) }.map { ($0, row?["used"] ?? false) }
  }

  private func position(_ ordinal: Int) -> String {
    let digits = String(ordinal)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  private func update(_ facts: FileFacts, of id: FileID) throws {
    try db.cachedStatement(
      sql: """
        UPDATE file SET format = ?, shape = ?, delimiter = ?, api = ?, target = ?, url = ?, success_mode = ?, ordering = ?,
          file_bytes = ?, sha256 = ?, corrects = ?, duplicate_of = ?
        WHERE id = ?
        """
    ).execute(arguments: [
      facts.format, facts.shape, facts.delimiter, facts.api?.rawValue, facts.target, facts.url,
      facts.successMode.rawValue,
      facts.ordering.rawValue, facts.bytes, facts.sha256, facts.corrects?.text, facts.duplicateOf?.text, id.text,
    ])
  }
}

extension Outbox {
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
        batchID, Data(body.literals), body.runs.isEmpty ? nil : Data(body.packedRuns),
        Int64(bitPattern: body.storedChecksum),
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
