package import Core
package import Engine
internal import Foundation
internal import GRDB

/// The changes that dispatch writes to batches. Each call is one commit, perhaps together with others.
extension Outbox {
  package func apply(
    _ changes: [(name: BatchName, change: BatchChange)], request: RequestFacts?
  ) async throws(OutboxError) -> [ChangeResult] {
    let owns = changes.map { released.own($0.name.file) }
    return try await write { db in
      try zip(changes, owns).map { entry, own in
        let (name, change) = entry
        guard let batch = try StoredBatch(name, of: own, db) else {
          return ChangeResult(batches: [], isFileComplete: false)
        }
        switch change {
        case .settle(let settlement): return try batch.settle(settlement, request, db)
        case .split(let parts, let retryState, let why, let isOpen):
          return try batch.split(into: parts, retryState, why: why, isOpen: isOpen, db)
        case .postpone(let retryState, let why, let isOpen):
          return try batch.postpone(retryState, why: why, isOpen: isOpen, db)
        case .takeBack(let retryState, let why): return try batch.takeBack(retryState, why: why, db)
        }
      }
    }
  }

  package func makeDue(file: FileID?, target: String?, at now: QueueTime) async throws(OutboxError) -> Int {
    try await write { db in
      // Batches that were never postponed, and those already due, are not changed, since rows are large. None of the
      // others belongs to an unpublished file.
      var conditions = ["due_at_ms > ?"]
      var arguments: SQLArguments = [now.milliseconds, now.milliseconds]
      if let file {
        conditions.append("file_id = ?")
        arguments += [file.text]
      }
      if let target {
        conditions.append("target = ?")
        arguments += [target]
      }
      try db.execute(
        sql: "UPDATE batch SET due_at_ms = ? WHERE \(conditions.joined(separator: " AND "))", arguments: arguments)
      let sql = """
        SELECT coalesce(sum(waiting_batches), 0) FROM file
        WHERE state = 'queued' AND (CAST($1 AS TEXT) IS NULL OR file.id = $1)
          AND (CAST($2 AS TEXT) IS NULL OR file.target = $2)
        """
      return try Int.fetchOne(db, sql: sql, arguments: [file?.text, target]) ?? 0
    }
  }

  package func cancel(_ file: FileID) async throws(OutboxError) -> Bool {
    try await writeDurably { db in
      try db.cachedStatement(sql: "UPDATE file SET is_cancelled = 1 WHERE id = ? AND state = 'queued'")
        .execute(arguments: [file.text])
      return db.changesCount > 0
    }
  }

  package func note(
    target: String, state: TargetState, reason: Hindrance?, until: QueueTime?
  ) async throws(OutboxError) {
    try await write { db in
      try db.execute(
        sql: """
          INSERT INTO target (name, state, reason, until_ms, advice, remedy, is_unreachable) VALUES (?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (name) DO UPDATE SET state = excluded.state, reason = excluded.reason, until_ms = excluded.until_ms,
            advice = excluded.advice, remedy = excluded.remedy, is_unreachable = excluded.is_unreachable
          """,
        arguments: [
          target, state.rawValue, reason?.reason, until?.milliseconds, reason?.advice, reason?.remedy.rawValue,
          reason?.isUnreachable ?? false,
        ])
    }
  }

  /// Counts requests sent with items of a file.
  static func count(requests: Int, of file: FileID, _ db: Connection) throws {
    try db.cachedStatement(sql: "UPDATE file SET requests = requests + ? WHERE id = ?")
      .execute(arguments: [requests, file.text])
  }
}

/// A batch's row without its items, before a change.
private struct StoredBatch {
  private let name: BatchName
  /// The file's own id.
  private let file: FileID
  /// The database's own id, never assigned twice: joins the batch with its body.
  private let id: Int64
  private let target: String
  private let attempts: Int
  private let unanswered: Int
  private let misses: Int
  private let retryState: RetryState

  /// Nil if there is no such batch.
  init?(_ name: BatchName, of file: FileID, _ db: Connection) throws {
    let statement = try db.cachedStatement(
      sql: """
        SELECT id, target, attempts, unanswered, misses, due_at_ms, failures, blames, failed_at_ms, began_hold
        FROM batch WHERE file_id = ? AND position = ?
        """)
    let rows = try SQLRow.fetchCursor(statement, arguments: [file.text, name.position])
    guard let row = try rows.next() else { return nil }
    self.name = name
    self.file = file
    id = row[0]
    // On a damaged page, a column that is never null may be null.
    target = row[1] ?? ""
    attempts = row[2] ?? 0
    unanswered = row[3] ?? 0
    misses = row[4] ?? 0
    var retryState = RetryState()
    retryState.due = QueueTime(milliseconds: row[5] ?? 0)
    retryState.failures = row[6] ?? 0
    retryState.blames = row[7] ?? 0
    retryState.failedAt = (row[8] as Int64?).map(QueueTime.init(milliseconds:))
    retryState.beganHold = row[9] ?? false
    self.retryState = retryState
  }

  func settle(_ settlement: Settlement, _ request: RequestFacts?, _ db: Connection) throws -> ChangeResult {
    let rejected = settlement.rejects.count
    let unanswered = self.unanswered - (request == nil ? 0 : 1)
    if settlement.accepted + rejected > 0 {
      try db.cachedStatement(
        sql: """
          INSERT INTO settled (file_id, position, items, accepted, rejected, attempts, unanswered, ranges, status, request_id,
            sent_at_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """
      ).execute(arguments: [
        file.text, name.position, settlement.accepted + rejected, settlement.accepted, rejected, attempts,
        unanswered, ItemRanges.text(settlement.ranges), request?.status, request?.requestID,
        request?.sentAt.milliseconds,
      ])
    }
    try Outbox.insert(settlement.rejects, of: file, db)
    if settlement.acceptedItems.count > 0 {
      try db.cachedStatement(
        sql: "INSERT INTO accepted (file_id, first_item, position, answered_at_ms, items) VALUES (?, ?, ?, ?, ?)"
      ).execute(arguments: [
        file.text, settlement.acceptedItems.first, name.position, request?.answeredAt?.milliseconds,
        Data(settlement.acceptedItems.bytes),
      ])
    }
    try delete(db)
    var rest: [WaitingBatch] = []
    if let batch = settlement.rest {
      var retryState = self.retryState
      retryState.due = QueueTime(milliseconds: 0)
      let cause = settlement.restCause
      rest = try insert(
        [batch], retryState, unanswered: unanswered + cause.unanswered, misses: misses + cause.misses,
        why: cause.reason,
        db)
    }
    try db.cachedStatement(
      sql: """
        UPDATE file SET accepted = accepted + ?, unchanged = unchanged + ?, rejected = rejected + ?, url = coalesce(?, url),
          state = CASE WHEN EXISTS (SELECT 1 FROM batch WHERE file_id = file.id) THEN state ELSE 'finishing' END
        WHERE id = ?
        """
    ).execute(arguments: [settlement.accepted, settlement.unchanged, rejected, request?.url, file.text])
    guard rest.isEmpty else { return ChangeResult(batches: rest, isFileComplete: false) }
    let state = try String.fetchOne(
      db.cachedStatement(sql: "SELECT state FROM file WHERE id = ?"), arguments: [file.text])
    return ChangeResult(batches: [], isFileComplete: state == "finishing")
  }

  func split(
    into parts: [Batch], _ retryState: RetryState, why: String, isOpen: Bool, _ db: Connection
  ) throws -> ChangeResult {
    let batches = try insert(
      parts, retryState, unanswered: unanswered - (isOpen ? 0 : 1), misses: 0, why: why, db)
    try delete(db)
    return ChangeResult(batches: batches, isFileComplete: false)
  }

  func postpone(_ retryState: RetryState, why: String, isOpen: Bool, _ db: Connection) throws -> ChangeResult {
    try update(retryState, attempts: attempts, unanswered: unanswered - (isOpen ? 0 : 1), why: why, db)
  }

  func takeBack(_ retryState: RetryState, why: String?, _ db: Connection) throws -> ChangeResult {
    try Outbox.count(requests: -1, of: file, db)
    return try update(retryState, attempts: attempts - 1, unanswered: unanswered - 1, why: why, db)
  }

  private func update(
    _ retryState: RetryState, attempts: Int, unanswered: Int, why: String?, _ db: Connection
  ) throws -> ChangeResult {
    try db.cachedStatement(
      sql: """
        UPDATE batch SET attempts = ?, unanswered = ?, due_at_ms = ?, failures = ?, blames = ?, failed_at_ms = ?, began_hold = ?,
          problem = coalesce(?, problem) WHERE id = ?
        """
    ).execute(arguments: [
      attempts, unanswered, retryState.due.milliseconds, retryState.failures, retryState.blames,
      retryState.failedAt?.milliseconds, retryState.beganHold, why, id,
    ])
    var reader = PageReader(db)
    try reader.read("WHERE file_id = ? AND position = ?", [file.text, name.position])
    return ChangeResult(batches: reader.page.batches, isFileComplete: false)
  }

  /// Puts parts in the batch's place. Earlier requests whose outcome is unknown contained the items of each part, and
  /// count for each.
  private func insert(
    _ parts: [Batch], _ retryState: RetryState, unanswered: Int, misses: Int, why: String, _ db: Connection
  ) throws -> [WaitingBatch] {
    let inbox = try String.fetchOne(
      db.cachedStatement(sql: "SELECT inbox FROM file WHERE id = ?"), arguments: [file.text])
    let keyless = KeyHash(inbox: inbox ?? "")
    return try parts.enumerated().map { index, part in
      let partName = name.part(index)
      let id = try Outbox.insert(
        QueuedBatch(part), named: BatchName(file: file, position: partName.position), target: target, db)
      try db.cachedStatement(
        sql: """
          UPDATE batch SET attempts = $1, unanswered = $1, due_at_ms = $2, failures = $3, blames = $4, failed_at_ms = $5,
            began_hold = $6, misses = $7, problem = $8 WHERE id = $9
          """
      ).execute(arguments: [
        unanswered, retryState.due.milliseconds, retryState.failures, retryState.blames,
        retryState.failedAt?.milliseconds,
        retryState.beganHold, misses, why, id,
      ])
      return WaitingBatch(
        name: partName, count: part.items.count, bytes: part.body.count,
        itemKeys: KeySet.distinct(part.items.map { $0.key ?? keyless }), attempts: unanswered, unanswered: unanswered,
        retryState: retryState, misses: misses)
    }
  }

  private func delete(_ db: Connection) throws {
    try db.cachedStatement(sql: "DELETE FROM batch WHERE id = ?").execute(arguments: [id])
  }
}

/// Item numbers in the outbox's format: `[[1,500],[502,502]]`.
enum ItemRanges {
  /// Nil for none.
  static func text(_ ranges: [ClosedRange<Int>]) -> String? {
    ranges.isEmpty ? nil : "[\(ranges.map { "[\($0.lowerBound),\($0.upperBound)]" }.joined(separator: ","))]"
  }

  /// Empty if the text is not in this format: an older upsertd stored none, and a damaged page may hold anything.
  static func ranges(_ text: String?) -> [ClosedRange<Int>] {
    guard let text, text.hasPrefix("[["), text.hasSuffix("]]") else { return [] }
    var ranges: [ClosedRange<Int>] = []
    for pair in text.dropFirst(2).dropLast(2).split(separator: "],[", omittingEmptySubsequences: false) {
      let ends = pair.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 1, first <= last else { return [] }
      ranges.append(first...last)
    }
    return ranges
  }
}
