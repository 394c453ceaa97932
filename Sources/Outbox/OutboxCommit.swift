package import Core
package import Engine
internal import Dispatch
internal import Foundation
internal import GRDB

extension Outbox: IntakeStore {
  package func commit<Value>(_ body: (any IntakeCommit) throws -> Value) throws(OutboxError) -> Value {
    do {
      return try engine.write { db in try body(OutboxCommit(db: db)) }
    } catch {
      throw engine.outboxError(error)
    }
  }

  package func commitLarge<Value>(_ body: (any IntakeCommit) throws -> Value) throws(OutboxError) -> Value {
    let result = largeCommits.sync { Result { () throws(OutboxError) in try commit(body) } }
    return try result.get()
  }

  package func discardStaged(of id: FileID, onProgress: () -> Void) throws(OutboxError) {
    do {
      for rows in [Rows.refused, .batches] {
        while try engine.write({ db in try Self.isUnread(id, db) && rows.delete(of: id, db) }) { onProgress() }
      }
    } catch {
      throw engine.outboxError(error)
    }
  }

  static func isUnread(_ id: FileID, _ db: Connection) throws -> Bool {
    try Bool.fetchOne(
      db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM file WHERE id = ? AND state = 'reading')"),
      arguments: [id.text]) ?? false
  }

  package func unreadFiles() async throws(OutboxError) -> [FileRecord] {
    try await read { db in
      try SQLRow.fetchAll(db, sql: "SELECT * FROM file WHERE state = 'reading' ORDER BY id").compactMap(
        FileRecord.init(row:))
    }
  }
}

extension Notice {
  fileprivate init(releaseOf file: FileRecord, _ order: FileOrder) {
    let name = String(decoding: file.name, as: UTF8.self)
    let items = counted(file.counts.items - file.counts.rejected, "item")
    self.init(
      .released, at: order.at, inbox: file.inbox, target: file.facts.target, file: file.id,
      message: "\(order.by) released \(name) with \(items) to be sent")
  }
}

extension Outbox {
  package func release(
    _ id: FileID, as line: FileID, order: FileOrder, at now: QueueTime
  ) async throws(OutboxError) -> Bool {
    let isReleased = try await writeDurably { db in
      try db.execute(
        sql: """
          UPDATE file SET line_id = ?, claimed_at_ms = ?
          WHERE id = ? AND state = 'reading' AND waits_for_release = 1 AND line_id IS NULL
          """, arguments: [line.text, now.milliseconds, id.text])
      guard db.changesCount > 0 else { return false }
      try Self.insert(order, of: id, db)
      if let row = try SQLRow.fetchOne(db, sql: "SELECT * FROM file WHERE id = ?", arguments: [id.text]),
        let file = FileRecord(row: row)
      {
        try Self.enqueue([Notice(releaseOf: file, order)], db)
      }
      return true
    }
    if isReleased { released.add(id, at: line) }
    return isReleased
  }

  /// The files that wait for their release, in order of their claims.
  package func unreleasedFiles() async throws(OutboxError) -> [FileRecord] {
    try await read { db in
      // An outbox that the daemon has not upgraded has no such column.
      guard try db.hasColumn("waits_for_release", in: "file") else { return [] }
      let sql = "SELECT * FROM file WHERE state = 'reading' AND waits_for_release = 1 AND line_id IS NULL ORDER BY id"
      return try SQLRow.fetchAll(db, sql: sql).compactMap(FileRecord.init(row:))
    }
  }
}

/// One commit of intake; valid only inside it.
struct OutboxCommit: IntakeCommit {
  let db: Connection

  func begin(_ file: NewFile) throws {
    guard try !Outbox.isUnread(file.id, db) else {
      try dropStaged(of: file.id)
      // It waits no longer, until it is read again.
      try db.cachedStatement(
        sql: "UPDATE file SET waits_for_release = 0, items = 0, rejected = 0 WHERE id = ? AND waits_for_release = 1"
      ).execute(arguments: [file.id.text])
      return
    }
    try db.cachedStatement(
      sql: """
        INSERT INTO file (id, inbox, name, state, received_at_ms, claimed_at_ms, owner, replay_of, other_owners)
        VALUES (?, ?, ?, 'reading', ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      file.id.text, file.inbox, Data(file.name), file.receivedAt.milliseconds, file.claimedAt.milliseconds,
      file.replay?.owner ?? file.owner, file.replay?.of.text, OwnerList.text(file.replay?.otherOwners ?? []),
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
        UPDATE file SET items = ?, rejected = ?, waits_for_release = 0,
          state = CASE WHEN EXISTS (SELECT 1 FROM batch WHERE file_id = file.id) THEN 'queued' ELSE 'finishing' END
        WHERE id = ?
        """
    ).execute(arguments: [items, rejected, id.text])
  }

  func hold(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws {
    try update(facts, of: id)
    try db.cachedStatement(sql: "UPDATE file SET items = ?, rejected = ?, waits_for_release = 1 WHERE id = ?")
      .execute(arguments: [items, rejected, id.text])
  }

  func fail(_ id: FileID, facts: FileFacts, fault: FileFault) throws {
    try dropStaged(of: id)
    try update(facts, of: id)
    try db.cachedStatement(
      sql: """
        UPDATE file SET state = 'finishing', items = 0, rejected = 0, waits_for_release = 0, error_code = ?, error_message = ?, error_line = ?, error_column = ?
        WHERE id = ?
        """
    ).execute(arguments: [fault.code.rawValue, fault.message, fault.line, fault.column, id.text])
  }

  func forget(_ id: FileID) throws {
    try db.cachedStatement(sql: "DELETE FROM file WHERE id = ? AND state = 'reading'").execute(arguments: [id.text])
  }

  func original(sha256: String, inbox: String, before id: FileID) throws -> (id: FileID, wasUsed: Bool)? {
    let row = try SQLRow.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT min(id) AS id, max(used) AS used FROM (
            SELECT file_id AS id, CASE WHEN accepted > 0 THEN 1 ELSE 0 END AS used
            FROM history WHERE inbox = $1 AND sha256 = $2
            UNION ALL
            SELECT id, CASE WHEN error_code IS NULL THEN 1 ELSE 0 END
            FROM file WHERE inbox = $1 AND sha256 = $2 AND state <> 'reading') AS same
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
          file_bytes = ?, sha256 = ?, corrects = ?, duplicate_of = ?, header_tag = ?, dialect = ?, completeness = ?,
          replay_of = ?, lists_accepted = ?, warnings = ?
        WHERE id = ?
        """
    ).execute(arguments: [
      facts.format, facts.shape, facts.delimiter, facts.api?.rawValue, facts.target, facts.url,
      facts.successMode.rawValue,
      facts.ordering.rawValue, facts.bytes, facts.sha256, facts.corrects?.text, facts.duplicateOf?.text,
      facts.headerTag.map { Int64(bitPattern: $0.value) }, facts.dialect, facts.completeness?.column,
      facts.replayOf?.text, facts.listsAccepted, facts.warnings.column, id.text,
    ])
    if facts.replayOf != nil || facts.corrects != nil { try addOwners(ofFilesBefore: facts, to: id) }
  }

  private func addOwners(ofFilesBefore facts: FileFacts, to id: FileID) throws {
    guard
      let row = try SQLRow.fetchOne(
        db.cachedStatement(sql: "SELECT owner, other_owners FROM file WHERE id = ?"), arguments: [id.text])
    else { return }
    let own: String? = row["owner"]
    var others = OwnerList.owners(row["other_owners"])
    for before in [facts.replayOf, facts.corrects].compactMap({ $0 }) {
      for owner in try Outbox.owners(of: before, db) where owner != own && !others.contains(owner) {
        others.append(owner)
      }
    }
    try db.cachedStatement(sql: "UPDATE file SET other_owners = ? WHERE id = ?")
      .execute(arguments: [OwnerList.text(others), id.text])
  }
}

extension Outbox {
  /// Returns the database's own id of the row: never assigned twice, it joins the batch with its body, and is not visible
  /// outside.
  @discardableResult
  static func insert(_ batch: QueuedBatch, named name: BatchName, target: String, _ db: Connection) throws -> Int64 {
    let id = try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          INSERT INTO batch (file_id, position, target, items, bytes, item_index) VALUES (?, ?, ?, ?, ?, ?) RETURNING id
          """),
      arguments: [
        name.file.text, name.position, target, batch.items.count, batch.body.count, Data(BatchItem.pack(batch.items)),
      ])
    guard let id else { throw OutboxError(.damaged, path: "", reason: "a batch got no number") }
    let body = batch.body
    let (tags, checksum) = batch.tagsAndChecksum
    try db.cachedStatement(sql: "INSERT INTO body (batch_id, bytes, runs, checksum, tags) VALUES (?, ?, ?, ?, ?)")
      .execute(arguments: [
        id, Data(body.literals), body.runs.isEmpty ? nil : Data(body.packedRuns), Int64(bitPattern: checksum),
        tags.map { Data($0) },
      ])
    return id
  }

  static func insert(_ rejects: [Reject], of id: FileID, _ db: Connection) throws {
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
