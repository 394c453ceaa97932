package import Core
package import Engine
internal import GRDB

/// The notices that receivers (webhooks, mail addresses) have yet to get.
///
/// Who gets a notice is decided when it is queued, by the receivers that the configuration has then: so it is in one
/// commit with what it reports, nothing has to be remembered of notices that nobody wants, and a receiver that is added
/// later does not get what happened before. A receiver that the configuration no longer has goes with its queue.
extension Outbox {
  /// How many notices may wait for one receiver.
  package static let mostNotices = 10_000
  /// Beyond this, in characters, notices are queued without their receipts.
  static let mostReceiptCharacters = 64 << 20

  /// Queues notices for each receiver that wants their event; call this in the transaction that writes what they
  /// report.
  ///
  /// A notice whose id already waits for a receiver is not queued again. One that finds a receiver's queue full is
  /// counted there, and whoever sends reports it.
  static func enqueue(_ notices: [Notice], _ db: Connection) throws {
    for notice in notices {
      let event = " \(notice.event.rawValue) "
      try db.cachedStatement(
        sql: """
          UPDATE receiver SET overflowed = overflowed + 1 WHERE \(db.position(of: "?", in: "events")) > 0 AND waiting >= ?
          """
      ).execute(arguments: [event, mostNotices])
      try db.cachedStatement(
        sql: """
          INSERT INTO notice (receiver, notice_id, event, at_ms, inbox, target, file_id, message, receipt)
          SELECT name, ?1, ?2, ?3, ?4, ?5, ?6, ?7,
            CASE WHEN waiting_bytes + coalesce(length(?8), 0) <= ?9 THEN ?8 END
          FROM receiver WHERE \(db.position(of: "?10", in: "events")) > 0 AND waiting < ?11 ON CONFLICT DO NOTHING
          """
      ).execute(arguments: [
        notice.id, notice.event.rawValue, notice.at.milliseconds, notice.inbox, notice.target, notice.file?.text,
        notice.message, notice.receipt, mostReceiptCharacters, event, mostNotices,
      ])
    }
  }

  /// The same, as a commit of its own: for what is written nowhere else.
  package func enqueue(_ notices: [Notice]) async throws(OutboxError) {
    try await write { db in try Self.enqueue(notices, db) }
  }

  /// Makes these the receivers, with the events that each wants; those that are left out go, with all that waits for
  /// them.
  ///
  /// - Returns: the ones that went and had something waiting, and how much.
  package func setReceivers(_ receivers: [(name: String, events: Set<NoticeEvent>)]) async throws(OutboxError)
    -> [(name: String, waiting: Int)]
  {
    let wanted = receivers.map { receiver in
      (
        receiver.name,
        " " + NoticeEvent.allCases.filter(receiver.events.contains).map(\.rawValue).joined(separator: " ") + " "
      )
    }
    return try await write { db in
      for (name, events) in wanted {
        try db.execute(
          sql: """
            INSERT INTO receiver (name, events) VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET events = excluded.events
            """, arguments: [name, events])
      }
      let names = Set(wanted.map(\.0))
      var gone: [(name: String, waiting: Int)] = []
      for row in try SQLRow.fetchAll(db, sql: "SELECT name, waiting FROM receiver ORDER BY name") {
        let (name, waiting) = (row[0] as String, row[1] as Int)
        guard !names.contains(name) else { continue }
        try db.execute(sql: "DELETE FROM receiver WHERE name = ?", arguments: [name])
        if waiting > 0 { gone.append((name, waiting)) }
      }
      return gone
    }
  }

  // MARK: - For whoever sends

  /// Notices that wait for a receiver after the one with the number `last`, in order, and how many found its queue full
  /// so far. Those that are new are marked as queued at `now`.
  package func notices(
    for receiver: String, after last: Int64?, limit: Int, at now: QueueTime
  ) async throws(OutboxError) -> (entries: [NoticeQueue.Entry], overflowed: Int) {
    let (rows, overflowed) = try await read { db in
      let rows = try SQLRow.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT id, coalesce(file_id, inbox, target, '') AS subject, queued_at_ms FROM notice
            WHERE receiver = ? AND id > ? ORDER BY id LIMIT ?
            """), arguments: [receiver, last ?? 0, limit]
      ).map { (row: $0["id"] as Int64, subject: $0["subject"] as String, queuedAt: $0["queued_at_ms"] as Int64?) }
      let overflowed = try Int.fetchOne(
        db.cachedStatement(sql: "SELECT overflowed FROM receiver WHERE name = ?"), arguments: [receiver])
      return (rows, overflowed ?? 0)
    }
    if rows.contains(where: { $0.queuedAt == nil }), let newest = rows.last?.row {
      try await write { db in
        try db.execute(
          sql: "UPDATE notice SET queued_at_ms = ? WHERE receiver = ? AND queued_at_ms IS NULL AND id <= ?",
          arguments: [now.milliseconds, receiver, newest])
      }
    }
    let entries = rows.map { row in
      NoticeQueue.Entry(
        row: row.row, subject: row.subject, queuedAt: row.queuedAt.map { QueueTime(milliseconds: $0) } ?? now)
    }
    return (entries, overflowed)
  }

  /// What to send; nil if it is gone.
  package func notice(_ row: Int64) async throws(OutboxError) -> WaitingNotice? {
    try await read { db in
      try SQLRow.fetchOne(db.cachedStatement(sql: "SELECT * FROM notice WHERE id = ?"), arguments: [row])
        .map(WaitingNotice.init(row:))
    }
  }

  /// The receiver has it.
  package func delivered(_ row: Int64, to receiver: String) async throws(OutboxError) {
    try await write { db in
      try db.cachedStatement(sql: "DELETE FROM notice WHERE id = ?").execute(arguments: [row])
      try db.cachedStatement(
        sql: """
          UPDATE receiver SET failure = NULL, failing_since_ms = NULL, failed_at_ms = NULL
          WHERE name = ? AND failure IS NOT NULL
          """
      ).execute(arguments: [receiver])
    }
  }

  /// It could not be sent, and will be tried again.
  package func failed(_ receiver: String, reason: String, at now: Timestamp) async throws(OutboxError) {
    try await write { db in
      try db.cachedStatement(
        sql: """
          UPDATE receiver SET failure = ?1, failed_at_ms = ?2, failing_since_ms = coalesce(failing_since_ms, ?2)
          WHERE name = ?3
          """
      ).execute(arguments: [reason, now.milliseconds, receiver])
    }
  }

  /// Removes notices that are too old; the receiver never gets them.
  package func giveUp(_ rows: [Int64], of receiver: String) async throws(OutboxError) {
    try await write { db in
      var count = 0
      for row in rows {
        try db.cachedStatement(sql: "DELETE FROM notice WHERE id = ?").execute(arguments: [row])
        count += db.changesCount
      }
      try db.execute(sql: "UPDATE receiver SET expired = expired + ? WHERE name = ?", arguments: [count, receiver])
    }
  }

  /// The receivers, as `status` shows them, in the order of their names.
  package func receivers() async throws(OutboxError) -> [ReceiverState] {
    try await read { db in
      // An older upsertd has no such table.
      guard try db.tableExists("receiver") else { return [] }
      return try SQLRow.fetchAll(db, sql: "SELECT * FROM receiver ORDER BY name").map(ReceiverState.init(row:))
    }
  }
}

/// A notice as it waits for one receiver.
package struct WaitingNotice: Sendable, Equatable {
  /// As the receiver sees it; the same however often it is sent.
  package var id: String
  package var event: String
  package var at: Timestamp
  package var inbox: String?
  package var target: String?
  package var file: FileID?
  package var message: String
  /// JSON; nil where there is none, or where those that wait were too large together.
  package var receipt: String?

  package init(
    id: String, event: String, at time: Timestamp, inbox: String? = nil, target: String? = nil, file: FileID? = nil,
    message: String, receipt: String? = nil
  ) {
    self.id = id
    self.event = event
    at = time
    self.inbox = inbox
    self.target = target
    self.file = file
    self.message = message
    self.receipt = receipt
  }
}

/// What is known of a receiver.
package struct ReceiverState: Sendable, Equatable {
  package var name: String
  package var waiting: Int
  /// Notices that it never gets: those that found its queue full, and those that were given up after
  /// `retry.max_age`.
  package var dropped: Int
  /// Why the last attempt failed, and since when all have; nil if the last one did not.
  package var failure: String?
  package var failingSince: Timestamp?
  package var failedAt: Timestamp?
}

extension WaitingNotice {
  fileprivate init(row: SQLRow) {
    self.init(
      id: row["notice_id"], event: row["event"], at: Timestamp(milliseconds: row["at_ms"]), inbox: row["inbox"],
      target: row["target"], file: (row["file_id"] as String?).flatMap { FileID($0) }, message: row["message"],
      receipt: row["receipt"])
  }
}

extension ReceiverState {
  fileprivate init(row: SQLRow) {
    name = row["name"]
    waiting = row["waiting"]
    dropped = (row["overflowed"] as Int).addingSaturated(row["expired"])
    failure = row["failure"]
    failingSince = (row["failing_since_ms"] as Int64?).map(Timestamp.init(milliseconds:))
    failedAt = (row["failed_at_ms"] as Int64?).map(Timestamp.init(milliseconds:))
  }
}

// MARK: - Holds

extension Outbox: HoldStore {
  package func hold(of target: String) async throws(OutboxError) -> HoldWatch.Hold? {
    try await read { db in
      try SQLRow.fetchOne(db, sql: "SELECT since_ms, is_told FROM hold WHERE target = ?", arguments: [target]).map {
        HoldWatch.Hold(since: QueueTime(milliseconds: $0["since_ms"]), isReported: $0["is_told"])
      }
    }
  }

  package func keep(
    _ hold: HoldWatch.Hold?, of target: String, notifying notice: Notice?
  ) async throws(OutboxError) {
    try await write { db in
      if let hold {
        try db.execute(
          sql: """
            INSERT INTO hold (target, since_ms, is_told) VALUES (?, ?, ?)
            ON CONFLICT (target) DO UPDATE SET since_ms = excluded.since_ms, is_told = excluded.is_told
            """,
          arguments: [target, hold.since.milliseconds, hold.isReported])
      } else {
        try db.execute(sql: "DELETE FROM hold WHERE target = ?", arguments: [target])
      }
      if let notice { try Self.enqueue([notice], db) }
    }
  }

  /// Drops what is stored of holds of other targets: the configuration no longer has these.
  package func forgetHolds(except targets: Set<String>) async throws(OutboxError) {
    try await write { db in
      for name in try String.fetchAll(db, sql: "SELECT target FROM hold") where !targets.contains(name) {
        try db.execute(sql: "DELETE FROM hold WHERE target = ?", arguments: [name])
      }
    }
  }
}
