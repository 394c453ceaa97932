package import Core
package import Engine
internal import Foundation
internal import GRDB

/// A file whose items have waited for a long time.
package struct AgedFile: Sendable, Equatable {
  package enum Share: Int, Sendable {
    case tenth = 1
    case half = 2
  }

  package var file: FileRecord
  /// How many of its items wait.
  package var items: Int
  /// Why, if known.
  package var problem: String?
  /// How much of their maximum age has passed.
  package var share: Share
}

extension Outbox {
  /// Files whose items have waited since before these moments, by the queue's clock, oldest first. Each is returned
  /// once for each share of its time, even across a restart. At most a hundred: a caller that gets that many asks
  /// again.
  ///
  /// - Parameter targets: of files for these, a tenth is not returned, now or for as long as they are named.
  package func takeAged(
    tenth: QueueTime, half: QueueTime, tenthExcept targets: Set<String> = []
  ) async throws(OutboxError) -> [AgedFile] {
    let aged = try await read { db in
      let sql = """
        SELECT file.*, CASE WHEN claimed_at_ms <= ?2 THEN 2 ELSE 1 END AS share,
          (SELECT problem FROM batch WHERE file_id = file.id AND problem IS NOT NULL ORDER BY due_at_ms LIMIT 1) AS problem
        FROM file LEFT JOIN age_warning ON file_id = id
        WHERE state = 'queued' AND claimed_at_ms <= ?1
          AND coalesce(age_warning.share, 0) < CASE WHEN claimed_at_ms <= ?2 THEN 2 ELSE 1 END
          AND (claimed_at_ms <= ?2 OR \(SQLArguments.isNone("target", of: targets, from: 3)))
        ORDER BY id LIMIT 100
        """
      return try SQLRow.fetchAll(
        db, sql: sql, arguments: [tenth.milliseconds, half.milliseconds] + SQLArguments(targets)
      ).compactMap(AgedFile.init)
    }
    // Most of the time there is nothing to write.
    guard !aged.isEmpty else { return [] }
    try await write { db in
      for aged in aged {
        // It may have finished since.
        try db.execute(
          sql: """
            INSERT INTO age_warning (file_id, share) SELECT id, ? FROM file WHERE id = ?
            ON CONFLICT (file_id) DO UPDATE SET share = excluded.share
            """,
          arguments: [aged.share.rawValue, aged.file.id.text])
      }
    }
    return aged
  }
}

extension AgedFile {
  fileprivate init?(row: SQLRow) {
    guard let file = FileRecord(row: row), let share = Share(rawValue: row["share"]) else { return nil }
    self.file = file
    self.share = share
    items = row["waiting_items"] ?? 0
    problem = row["problem"]
  }
}
