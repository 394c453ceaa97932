package import Core
package import Engine
internal import Foundation
internal import GRDB

/// The remaining work for a file whose items have all settled.
extension Outbox: ResultStore {
  package func secureFinished(after last: FileID?, limit: Int, at now: Timestamp) async throws(OutboxError)
    -> [FileRecord]
  {
    try await writeDurably { db in
      // If there are none, nothing is written, and the commit waits for nothing.
      let ids = try String.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT id FROM file WHERE state = 'finishing' AND id > ? AND \(Self.hasNoReceipt) ORDER BY id LIMIT ?
            """),
        arguments: [last?.text ?? "", limit])
      return try ids.compactMap { id in
        try db.cachedStatement(
          sql: """
            UPDATE file SET completed_at_ms = coalesce(completed_at_ms, \(db.greater("?", "received_at_ms"))) WHERE id = ?
            """
        ).execute(arguments: [now.milliseconds, id])
        return try SQLRow.fetchOne(db.cachedStatement(sql: "SELECT * FROM file WHERE id = ?"), arguments: [id])
          .flatMap(FileRecord.init(row:))
      }
    }
  }

  package func settled(_ id: FileID) throws(OutboxError) -> [SettledBatch] {
    try readNow { db in
      let sql = "SELECT * FROM settled WHERE file_id = ? ORDER BY position"
      return try SQLRow.fetchAll(db.cachedStatement(sql: sql), arguments: [id.text]).map(SettledBatch.init(row:))
    }
  }

  package func settledPositions(_ id: FileID) throws(OutboxError) -> [String] {
    try readNow { db in
      let sql = "SELECT position FROM settled WHERE file_id = ? AND attempts > 0 ORDER BY position"
      return try String.fetchAll(db.cachedStatement(sql: sql), arguments: [id.text])
    }
  }

  package func accepted(_ id: FileID, after item: Int, limit: Int) throws(OutboxError) -> [AcceptedBatch] {
    try readNow { db in
      let sql = """
        SELECT first_item, position, request_id, sent_at_ms, answered_at_ms, accepted.items AS items
        FROM accepted LEFT JOIN settled USING (file_id, position)
        WHERE file_id = ? AND first_item > ? ORDER BY first_item LIMIT ?
        """
      return try SQLRow.fetchAll(db.cachedStatement(sql: sql), arguments: [id.text, item, limit])
        .map(AcceptedBatch.init(row:))
    }
  }

  package func rejects(_ id: FileID, after item: Int, limit: Int) throws(OutboxError) -> [Reject] {
    try readNow { db in
      let sql = "SELECT * FROM refused WHERE file_id = ? AND item > ? ORDER BY item LIMIT ?"
      return try SQLRow.fetchAll(db.cachedStatement(sql: sql), arguments: [id.text, item, limit]).map(Reject.init(row:))
    }
  }

  package func orders(_ id: FileID) throws(OutboxError) -> [FileOrder] {
    try readNow { db in
      try SQLRow.fetchAll(
        db.cachedStatement(sql: "SELECT * FROM operator_order WHERE file_id = ? ORDER BY id"), arguments: [id.text]
      ).map(FileOrder.init(row:))
    }
  }

  package func keep(_ order: FileOrder, for id: FileID) async throws(OutboxError) {
    try await write { db in try Self.insert(order, of: id, db) }
  }

  static func insert(_ order: FileOrder, of id: FileID, _ db: Connection) throws {
    try db.execute(
      sql: "INSERT INTO operator_order (file_id, at_ms, name, given_by) SELECT id, ?, ?, ? FROM file WHERE id = ?",
      arguments: [order.at.milliseconds, order.order, order.by, id.text])
  }

  package func finish(
    _ files: [(record: FileRecord, status: String, receipt: String, digest: String)]
  ) async throws(OutboxError) {
    try await finish(files, notifying: [])
  }

  /// The same, and queues these notices in the same commit.
  package func finish(
    _ files: [(record: FileRecord, status: String, receipt: String, digest: String)], notifying notices: [Notice]
  ) async throws(OutboxError) {
    try await write { db in
      for (record, status, receipt, digest) in files {
        try db.cachedStatement(
          sql: """
            INSERT INTO history (file_id, inbox, name, sha256, status, received_at_ms, completed_at_ms,
              items, accepted, rejected, receipt_sha256, replay_of, owners, fault)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (file_id) DO UPDATE SET status = excluded.status, completed_at_ms = excluded.completed_at_ms,
              items = excluded.items, accepted = excluded.accepted, rejected = excluded.rejected,
              receipt_sha256 = excluded.receipt_sha256, fault = excluded.fault
            """
        ).execute(arguments: [
          record.id.text, record.inbox, Data(record.name), record.facts.sha256, status,
          record.receivedAt.milliseconds, record.completedAt?.milliseconds ?? record.receivedAt.milliseconds,
          record.counts.items, record.counts.accepted, record.counts.rejected, digest, record.facts.replayOf?.text,
          OwnerList.text(record.owners), record.fault.map { $0.message + ($0.line.map { ", line \($0)" } ?? "") },
        ])
        try db.cachedStatement(
          sql: """
            INSERT INTO recent (file_id, completed_at_ms, receipt) VALUES (?, ?, ?)
            ON CONFLICT (file_id) DO UPDATE SET completed_at_ms = excluded.completed_at_ms, receipt = excluded.receipt
            """
        ).execute(arguments: [record.id.text, record.completedAt?.milliseconds ?? 0, receipt])
        if record.facts.replayOf != nil {
          try db.cachedStatement(sql: "DELETE FROM replay WHERE file_id = ?").execute(arguments: [record.id.text])
        }
        guard !Self.hasManyRows(record) else { continue }
        try db.cachedStatement(sql: "DELETE FROM file WHERE id = ?").execute(arguments: [record.id.text])
      }
      try Self.enqueue(notices, db)
      try db.cachedStatement(
        sql: """
          DELETE FROM recent WHERE file_id NOT IN
            (SELECT file_id FROM recent ORDER BY completed_at_ms DESC, file_id DESC LIMIT 200)
          """
      ).execute()
    }
    released.remove(Set(files.map(\.record.id)))
  }

  /// Whether the rows of a file are deleted in pieces after its end; its own row goes last.
  package static func hasManyRows(_ record: FileRecord) -> Bool {
    record.counts.rejected > mostRowsAtOnce || record.counts.requests > mostRowsAtOnce
  }

  private static let mostRowsAtOnce = 5000

  /// True for a row of `file` unless only its removal is left.
  static let hasNoReceipt =
    "(state <> 'finishing' OR NOT EXISTS (SELECT 1 FROM history WHERE history.file_id = file.id))"

  /// Deletes some of the rows that an ended file left, and at last its own.
  ///
  /// - Returns: whether there may be more.
  package func deleteEnded() async throws(OutboxError) -> Bool {
    try await write { db in
      let sql = "SELECT id FROM file WHERE state = 'finishing' AND NOT \(Self.hasNoReceipt) LIMIT 1"
      guard let text = try String.fetchOne(db.cachedStatement(sql: sql)), let id = FileID(text) else { return false }
      if try Rows.refused.delete(of: id, db) { return true }
      if try Rows.settled.delete(of: id, db) { return true }
      if try Rows.accepted.delete(of: id, db) { return true }
      try db.cachedStatement(sql: "DELETE FROM file WHERE id = ?").execute(arguments: [text])
      return true
    }
  }

  /// Returns pages that a backlog left empty to the disk: `most` at a time, which takes some milliseconds, and not the
  /// last `kept`, which the next file will need.
  package func giveBackPages(_ most: Int, keeping kept: Int) async throws(OutboxError) {
    let empty = try await read { db in try db.emptyPages() }
    let count = min(most, empty - kept)
    guard count > 0 else { return }
    try await write { db in try db.giveBack(pages: count) }
  }
}

extension FileOrder {
  init(row: SQLRow) {
    self.init(at: Timestamp(milliseconds: row["at_ms"]), order: row["name"], by: row["given_by"])
  }
}

extension AcceptedBatch {
  init(row: SQLRow) {
    func time(_ column: String) -> Timestamp? { (row[column] as Int64?).map(Timestamp.init(milliseconds:)) }
    self.init(
      first: row["first_item"], position: row["position"], requestID: row["request_id"], sentAt: time("sent_at_ms"),
      answeredAt: time("answered_at_ms"), items: Array(row["items"] as Data))
  }
}

/// Rows of which one file may have millions. They are deleted in pieces: all writers wait for a commit.
enum Rows {
  case refused
  case settled
  case accepted
  case batches

  /// Deleting so many takes some milliseconds. A batch's row may have megabytes of body.
  private var piece: Int {
    switch self {
    case .refused, .settled: 5000
    case .accepted: 500
    case .batches: 50
    }
  }

  private var table: (name: String, order: String) {
    switch self {
    case .refused: ("refused", "item")
    case .settled: ("settled", "position")
    case .accepted: ("accepted", "first_item")
    case .batches: ("batch", "position")
    }
  }

  /// Deletes a file's first rows.
  ///
  /// - Returns: whether there may be more.
  func delete(of id: FileID, _ db: Connection) throws -> Bool {
    let (name, order) = table
    // The statement has no limit of its own (SQLITE_ENABLE_UPDATE_DELETE_LIMIT is not everywhere).
    let sql = """
      DELETE FROM \(name) WHERE file_id = $1 AND \(order) IN (
        SELECT \(order) FROM \(name) WHERE file_id = $1 ORDER BY \(order) LIMIT $2)
      """
    try db.cachedStatement(sql: sql).execute(arguments: [id.text, piece])
    return db.changesCount == piece
  }
}
