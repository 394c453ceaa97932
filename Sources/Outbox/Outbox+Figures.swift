package import Core
package import Engine
internal import GRDB
internal import Runtime

/// The backlog of one target.
package struct TargetBacklog: Sendable, Equatable {
  package var batches = 0
  package var items = 0
  package var bytes = 0
  /// When the oldest file with waiting items was claimed, by the wall clock as it is set now.
  package var oldestAt: Timestamp?

  package init() {}
}

/// Numbers for monitoring.
extension Outbox {
  /// The backlogs by target; a target without one is missing.
  package func backlogs(
    at reading: QueueClock.Reading = .now
  ) async throws(OutboxError) -> [String: TargetBacklog] {
    try await read { db in
      let wall = try WallClockConversion(db, at: reading)
      let sql = """
        SELECT target, sum(waiting_batches) AS batches, sum(waiting_items) AS items, sum(waiting_bytes) AS bytes,
          min(claimed_at_ms) AS oldest
        FROM file WHERE state = 'queued' AND waiting_batches > 0 GROUP BY target
        """
      var backlogs: [String: TargetBacklog] = [:]
      for row in try SQLRow.fetchAll(db, sql: sql) {
        var backlog = TargetBacklog()
        backlog.batches = row["batches"]
        backlog.items = row["items"]
        backlog.bytes = row["bytes"]
        backlog.oldestAt = (row["oldest"] as Int64?).map { wall($0) }
        backlogs[row["target"]] = backlog
      }
      return backlogs
    }
  }

  /// How many items of a file were rejected, by reason.
  package func rejectsByCode(_ id: FileID) async throws(OutboxError) -> [String: Int] {
    try await read { db in
      let sql = "SELECT code, count(*) AS items FROM refused WHERE file_id = ? GROUP BY code"
      var counts: [String: Int] = [:]
      for row in try SQLRow.fetchAll(db, sql: sql, arguments: [id.text]) { counts[row["code"]] = row["items"] }
      return counts
    }
  }
}
