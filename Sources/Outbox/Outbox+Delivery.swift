package import Delivery
internal import Foundation
internal import GRDB

/// What delivery does with batches. Each call is one commit.
extension Outbox {
  /// The next batches in line for a target, behind `last`.
  ///
  /// Files are published in the order of their ids for a target, so nothing ever appears before what was handed out already.
  package func line(
    for target: String, after last: (file: FileID, position: String)?, limit: Int
  ) async throws(OutboxError) -> [WaitingBatch] {
    let (file, position) = (last?.file.text ?? "", last?.position ?? "")
    return try await read { db in
      let sql = """
        \(WaitingBatch.columns)
        WHERE batch.target = ? AND (batch.file_id, position) > (?, ?) AND state = 'queued'
        ORDER BY batch.file_id, position LIMIT ?
        """
      return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [target, file, position, limit])
        .map(WaitingBatch.init(row:))
    }
  }

  /// Counts an attempt of each batch, as one without an answer so far, and hands over what to send, in the same order.
  ///
  /// `due` counts only if nothing else is ever written down about this attempt: for the start after a crash. It keeps a
  /// request that brings the daemon down from being sent at the pace of the restarts.
  package func lease(
    _ ids: [Int64], dueAfterCrash due: Timestamp = Timestamp(milliseconds: 0)
  ) async throws(OutboxError) -> [QueuedBatch] {
    try await write { db in
      try ids.map { id in
        try db.cachedStatement(
          sql: "UPDATE batch SET attempts = attempts + 1, unanswered = unanswered + 1, due_at_ms = ? WHERE id = ?"
        ).execute(arguments: [due.milliseconds, id])
        try db.cachedStatement(
          sql: "UPDATE file SET requests = requests + 1 WHERE id = (SELECT file_id FROM batch WHERE id = ?)"
        ).execute(arguments: [id])
        return try Self.content(of: id, db)
      }
    }
  }

  /// The items and their bytes alone, for telling whose items were refused without being sent.
  package func content(of id: Int64) async throws(OutboxError) -> QueuedBatch {
    try await read { db in try Self.content(of: id, db) }
  }

  private static func content(of id: Int64, _ db: Database) throws -> QueuedBatch {
    let sql =
      "SELECT item_index, batch.bytes AS bytes, body.bytes AS body, runs, checksum FROM batch JOIN body ON batch_id = id WHERE id = ?"
    guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [id]),
      let items = BatchItem.unpack(Array(row["item_index"] as Data)), let body = QueuedBody(row: row),
      body.count == row["bytes"]
    else { throw WaitingBatch.damaged(id) }
    let batch = QueuedBatch(items: items, body: body)
    return batch
  }

  /// Writes down what an answer settled, or what was refused without one (`request` is nil).
  ///
  /// Returns the batch that is left, where the answer left some items out, and whether the file is now finishing. Requests without
  /// an answer count for that batch too.
  @discardableResult
  package func settle(
    _ id: Int64, _ settlement: Settlement, request: RequestFacts?
  ) async throws(OutboxError) -> (rest: WaitingBatch?, isFileComplete: Bool) {
    try await write { db in try Self.settle(id, settlement, request, db) }
  }

  /// The same for batches that travelled as one request: all of them in one commit, or none.
  package func settle(
    _ parts: [(id: Int64, settlement: Settlement)], request: RequestFacts
  ) async throws(OutboxError) -> [(rest: WaitingBatch?, isFileComplete: Bool)] {
    try await write { db in try parts.map { try Self.settle($0.id, $0.settlement, request, db) } }
  }

  private static func settle(
    _ id: Int64, _ settlement: Settlement, _ request: RequestFacts?, _ db: Database
  ) throws -> (rest: WaitingBatch?, isFileComplete: Bool) {
    guard
      let batch = try Row.fetchOne(db.cachedStatement(sql: "SELECT * FROM batch WHERE id = ?"), arguments: [id]),
      let file = FileID(batch["file_id"] as String)
    else { return (nil, false) }
    let position: String = batch["position"]
    let rejected = settlement.refused.count
    let unanswered: Int = batch["unanswered"] - (request == nil ? 0 : 1)
    if settlement.accepted + rejected > 0 {
      try db.cachedStatement(
        sql: """
          INSERT INTO settled (file_id, position, items, accepted, rejected, attempts, unanswered, status, request_id, sent_at_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """
      ).execute(arguments: [
        file.text, position, settlement.accepted + rejected, settlement.accepted, rejected, batch["attempts"] as Int,
        unanswered, request?.status, request?.requestID, request?.sentAt.milliseconds,
      ])
    }
    try Self.insert(settlement.refused, of: file, db)
    try db.cachedStatement(sql: "DELETE FROM batch WHERE id = ?").execute(arguments: [id])
    var restID: Int64?
    if let rest = settlement.rest {
      let new = try Self.insert(QueuedBatch(rest), of: file, position: position + "0", target: batch["target"], db)
      try db.execute(
        sql: """
          UPDATE batch SET misses = ?, failures = ?, attempts = ?, unanswered = ?, problem = ? WHERE id = ?
          """,
        arguments: [
          batch["misses"] + 1, batch["failures"] as Int, unanswered, unanswered,
          "the answer did not name these items", new,
        ])
      restID = new
    }
    try db.cachedStatement(
      sql: """
        UPDATE file SET accepted = accepted + ?, unchanged = unchanged + ?, rejected = rejected + ?,
          state = CASE WHEN EXISTS (SELECT 1 FROM batch WHERE file_id = file.id) THEN state ELSE 'finishing' END
        WHERE id = ?
        """
    ).execute(arguments: [settlement.accepted, settlement.unchanged, rejected, file.text])
    if let restID {
      let rest = try Row.fetchOne(db, sql: "\(WaitingBatch.columns) WHERE batch.id = ?", arguments: [restID])
      return (try rest.map(WaitingBatch.init(row:)), false)
    }
    let state = try String.fetchOne(
      db.cachedStatement(sql: "SELECT state FROM file WHERE id = ?"), arguments: [file.text])
    return (nil, state == "finishing")
  }

  /// Puts two halves in the place of a batch whose request was answered.
  ///
  /// Earlier requests without an answer held the items of both, and count for both.
  package func split(_ id: Int64, into halves: [Batch], why: String) async throws(OutboxError) -> [WaitingBatch] {
    try await write { db in
      guard let row = try Row.fetchOne(db, sql: "SELECT * FROM batch WHERE id = ?", arguments: [id]),
        let file = FileID(row["file_id"] as String)
      else { return [] }
      var parts: [WaitingBatch] = []
      for (index, half) in halves.enumerated() {
        let new = try Self.insert(
          QueuedBatch(half), of: file, position: row["position"] + String(index), target: row["target"], db)
        try db.execute(
          sql: "UPDATE batch SET attempts = $1, unanswered = $1, problem = $2 WHERE id = $3",
          arguments: [row["unanswered"] - 1, why, new])
        if let part = try Row.fetchOne(db, sql: "\(WaitingBatch.columns) WHERE batch.id = ?", arguments: [new]) {
          parts.append(try WaitingBatch(row: part))
        }
      }
      try db.execute(sql: "DELETE FROM batch WHERE id = ?", arguments: [id])
      return parts
    }
  }

  /// Leaves a batch for later.
  ///
  /// `wasAnswered`: the request got a whole answer, or never went out, and so does not count as unanswered.
  package func postpone(
    _ id: Int64, until due: Timestamp, failures: Int, why: String, wasAnswered: Bool
  ) async throws(OutboxError) {
    try await write { db in
      try db.execute(
        sql: """
          UPDATE batch SET due_at_ms = ?, failures = ?, problem = ?, unanswered = unanswered - ? WHERE id = ?
          """, arguments: [due.milliseconds, failures, why, wasAnswered ? 1 : 0, id])
    }
  }

  /// Makes what waits due now: all of it, a file's, or a target's. Returns how many batches.
  package func makeDue(file: FileID? = nil, target: String? = nil, at now: Timestamp) async throws(OutboxError) -> Int {
    try await write { db in
      try db.execute(
        sql: """
          UPDATE batch SET due_at_ms = min(due_at_ms, $1)
          WHERE ($2 IS NULL OR file_id = $2) AND ($3 IS NULL OR target = $3)
          """, arguments: [now.milliseconds, file?.text, target])
      return db.changesCount
    }
  }

  /// Takes back an attempt of which nothing went out; without a `why` the old one stays.
  package func takeBack(_ id: Int64, why: String?) async throws(OutboxError) {
    try await write { db in
      try db.execute(
        sql:
          "UPDATE batch SET attempts = attempts - 1, unanswered = unanswered - 1, problem = coalesce(?, problem) WHERE id = ?",
        arguments: [why, id])
      try db.execute(
        sql: "UPDATE file SET requests = requests - 1 WHERE id = (SELECT file_id FROM batch WHERE id = ?)",
        arguments: [id])
    }
  }

  /// Counts requests that the connection's end left without an answer, and that were sent once more on another one at once.
  package func countResent(_ id: Int64, times: Int) async throws(OutboxError) {
    try await write { db in
      try db.execute(
        sql: "UPDATE batch SET attempts = attempts + $1, unanswered = unanswered + $1 WHERE id = $2",
        arguments: [times, id])
      try db.execute(
        sql: "UPDATE file SET requests = requests + ? WHERE id = (SELECT file_id FROM batch WHERE id = ?)",
        arguments: [times, id])
    }
  }

  /// A page of what waits, in line: of one file, of a target, of the files that were claimed at `cutoff` or before.
  package func waiting(
    of file: FileID? = nil, target: String? = nil, receivedUpTo cutoff: Timestamp? = nil,
    after last: (file: FileID, position: String)? = nil
  ) async throws(OutboxError) -> [WaitingBatch] {
    let (lastFile, lastPosition) = (last?.file.text ?? "", last?.position ?? "")
    return try await read { db in
      let sql = """
        \(WaitingBatch.columns)
        WHERE state = 'queued' AND ($1 IS NULL OR batch.file_id = $1) AND ($2 IS NULL OR batch.target = $2)
          AND ($3 IS NULL OR received_at_ms <= $3) AND (batch.file_id, position) > ($4, $5)
        ORDER BY batch.file_id, position LIMIT 100
        """
      return try Row.fetchAll(
        db, sql: sql, arguments: [file?.text, target, cutoff?.milliseconds, lastFile, lastPosition]
      ).map(WaitingBatch.init(row:))
    }
  }

  package func note(target: String, state: String, reason: String?, until: Timestamp?) async throws(OutboxError) {
    try await write { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO target (name, state, reason, until_ms) VALUES (?, ?, ?, ?)",
        arguments: [target, state, reason, until?.milliseconds])
    }
  }
}
