internal import Core
package import Engine
internal import GRDB

/// What receivers (webhooks, mail addresses) have yet to be told.
///
/// Who gets a notice is decided when it is queued, by the receivers that the configuration has then: so it is one
/// commit with what it tells, nothing has to be remembered of notices that nobody wants, and a receiver that is added
/// later does not get what happened before. A receiver that the configuration no longer has goes with its queue.
extension Outbox {
  /// How much may wait for one receiver.
  package static let mostNotices = 10_000
  /// Beyond this, in characters, notices are queued without their receipts.
  static let mostReceiptCharacters = 64 << 20

  /// Queues notices for each receiver that wants their event; call this in the transaction that writes what they tell.
  ///
  /// A notice whose id already waits for a receiver is not queued again. One that finds a receiver's queue full is
  /// counted there, and whoever sends reports it.
  static func enqueue(_ notices: [Notice], _ db: Database) throws {
    for notice in notices {
      let event = " \(notice.event.rawValue) "
      try db.cachedStatement(
        sql: "UPDATE receiver SET overflowed = overflowed + 1 WHERE instr(events, ?) > 0 AND waiting >= ?"
      ).execute(arguments: [event, mostNotices])
      try db.cachedStatement(
        sql: """
          INSERT OR IGNORE INTO notice (receiver, notice_id, event, at_ms, inbox, target, file_id, message, receipt)
          SELECT name, ?1, ?2, ?3, ?4, ?5, ?6, ?7,
            CASE WHEN waiting_bytes + coalesce(length(?8), 0) <= ?9 THEN ?8 END
          FROM receiver WHERE instr(events, ?10) > 0 AND waiting < ?11
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
}
