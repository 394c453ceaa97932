internal import Core
package import Engine
internal import Foundation
internal import GRDB

extension Outbox: IntakeStore {
  package func commit<Value>(_ body: (any IntakeCommit) throws -> Value) throws(OutboxError) -> Value {
    do {
      return try pool.write { db in try body(SQLiteCommit(db: db)) }
    } catch {
      throw OutboxError(error, path: path)
    }
  }

  package func unreadFiles() async throws(OutboxError) -> [FileRecord] {
    try await read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM file WHERE state = 'reading' ORDER BY id").compactMap(
        FileRecord.init(row:))
    }
  }
}

/// One commit of intake; valid only inside it.
struct SQLiteCommit: IntakeCommit {
  let db: Database

  func begin(_ file: NewFile) throws {
    let isKnown = try Bool.fetchOne(
      db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM file WHERE id = ? AND state = 'reading')"),
      arguments: [file.id.text])
    guard isKnown != true else { return try dropStaged(of: file.id) }
    try db.cachedStatement(
      sql: """
        INSERT INTO file (id, inbox, name, state, received_at_ms, claimed_at_ms, owner) VALUES (?, ?, ?, 'reading', ?, ?, ?)
        """
    ).execute(arguments: [
      file.id.text, file.inbox, Data(file.name), file.receivedAt.milliseconds, file.claimedAt.milliseconds, file.owner,
    ])
  }

  func stage(
    _ batches: [(ordinal: Int, batch: QueuedBatch)], rejects: [Reject], of id: FileID, target: String
  ) throws {
    for (ordinal, batch) in batches {
      try Outbox.insert(batch, named: BatchName(file: id, ordinal: ordinal), target: target, db)
    }
    try Outbox.insert(rejects, of: id, db)
  }

  func publish(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws {
    try update(facts, of: id)
    try db.cachedStatement(
      sql: """
        UPDATE file SET items = ?, rejected = ?,
          state = CASE WHEN EXISTS (SELECT 1 FROM batch WHERE file_id = file.id) THEN 'queued' ELSE 'finishing' END
        WHERE id = ?
        """
    ).execute(arguments: [items, rejected, id.text])
  }

  func fail(_ id: FileID, facts: FileFacts, fault: FileFault) throws {
    try dropStaged(of: id)
    try update(facts, of: id)
    try db.cachedStatement(
      sql: """
        UPDATE file SET state = 'finishing', error_code = ?, error_message = ?, error_line = ?, error_column = ?
        WHERE id = ?
        """
    ).execute(arguments: [fault.code.rawValue, fault.message, fault.line, fault.column, id.text])
  }

  func forget(_ id: FileID) throws {
    try db.cachedStatement(sql: "DELETE FROM file WHERE id = ? AND state = 'reading'").execute(arguments: [id.text])
  }

  func original(sha256: String, inbox: String, before id: FileID) throws -> (id: FileID, wasUsed: Bool)? {
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

  private func dropStaged(of id: FileID) throws {
    try db.cachedStatement(sql: "DELETE FROM batch WHERE file_id = ?").execute(arguments: [id.text])
    try db.cachedStatement(sql: "DELETE FROM refused WHERE file_id = ?").execute(arguments: [id.text])
  }

  private func update(_ facts: FileFacts, of id: FileID) throws {
    try db.cachedStatement(
      sql: """
        UPDATE file SET format = ?, shape = ?, delimiter = ?, api = ?, target = ?, url = ?, success_mode = ?, ordering = ?,
          file_bytes = ?, sha256 = ?, corrects = ?, duplicate_of = ?, header_tag = ?, dialect = ?, completeness = ?
        WHERE id = ?
        """
    ).execute(arguments: [
      facts.format, facts.shape, facts.delimiter, facts.api?.rawValue, facts.target, facts.url,
      facts.successMode.rawValue,
      facts.ordering.rawValue, facts.bytes, facts.sha256, facts.corrects?.text, facts.duplicateOf?.text,
      facts.headerTag.map { Int64(bitPattern: $0.value) }, facts.dialect, facts.completeness?.column, id.text,
    ])
  }
}

extension Outbox {
  /// Returns SQLite's own id of the row: never assigned twice, it joins the batch with its body, and is not visible
  /// outside.
  @discardableResult
  static func insert(_ batch: QueuedBatch, named name: BatchName, target: String, _ db: Database) throws -> Int64 {
    try db.cachedStatement(
      sql: "INSERT INTO batch (file_id, position, target, items, bytes, item_index) VALUES (?, ?, ?, ?, ?, ?)"
    ).execute(arguments: [
      name.file.text, name.position, target, batch.items.count, batch.body.count, Data(BatchItem.pack(batch.items)),
    ])
    let id = db.lastInsertedRowID
    let body = batch.body
    let (tags, checksum) = batch.tagsAndChecksum
    try db.cachedStatement(sql: "INSERT INTO body (batch_id, bytes, runs, checksum, tags) VALUES (?, ?, ?, ?, ?)")
      .execute(arguments: [
        id, Data(body.literals), body.runs.isEmpty ? nil : Data(body.packedRuns), Int64(bitPattern: checksum),
        tags.map { Data($0) },
      ])
    return id
  }

  static func insert(_ rejects: [Reject], of id: FileID, _ db: Database) throws {
    guard !rejects.isEmpty else { return }
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO refused (file_id, item, line, source_start, source_end, key, code, message, tag)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    for reject in rejects {
      try statement.execute(arguments: [
        id.text, reject.item, reject.line, reject.source.lowerBound, reject.source.upperBound, reject.key,
        reject.code, reject.message, reject.tag.map { Int64(bitPattern: $0.value) },
      ])
    }
  }
}
