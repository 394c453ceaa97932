internal import Core
package import Engine
internal import Foundation
internal import Glibc
internal import GRDB

/// The findings of an examination of an outbox, which changes nothing.
package struct OutboxHealth: Sendable {
  /// Size of the database.
  package var bytes = 0
  /// Size of its log.
  package var logBytes = 0
  /// What is wrong, human-readable; at most `mostFindings`.
  package var findings: [String] = []
  /// Whether another version of upsertd has to upgrade it, or has written it.
  package var isOlder = false

  package static let mostFindings = 50

  package var isSound: Bool { findings.isEmpty }

  /// Nil if there is no outbox. Reads all of it; beside a running daemon it sees the last commit.
  ///
  /// - Throws: `OutboxError` if it can't be examined: it belongs to a newer upsertd, or may not be read.
  package static func examine(_ path: String) throws(OutboxError) -> OutboxHealth? {
    var health = OutboxHealth()
    var status = stat()
    if stat(path + "-wal", &status) == 0 { health.logBytes = Int(status.st_size) }
    do throws(OutboxError) {
      guard let bytes = try Outbox.bytes(at: path) else { return nil }
      health.bytes = bytes
      guard bytes > 0 else { return health }
      guard faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 else {
        let number = errno
        throw OutboxError(
          number == EACCES ? .refused : .unusable, path: path, reason: String(cString: strerror(number)))
      }
      var found: [String] = []
      var isOlder = false
      try Outbox.look(at: path) { db in
        try Outbox.refuseNewer(db, path: path)
        found = try check(db)
        if found.isEmpty {
          isOlder = try !Schema.migrator.hasCompletedMigrations(db)
          found = try Schema.faults(db)
        }
        if found.isEmpty {
          found = try compare(db, isOlder: isOlder)
        }
      }
      health.findings = found
      health.isOlder = isOlder
    } catch {
      guard error.code == .damaged else { throw error }
      health.findings = [error.reason]
    }
    return health
  }

  /// The findings of SQLite itself: <https://www.sqlite.org/pragma.html#pragma_integrity_check>.
  private static func check(_ db: Database) throws -> [String] {
    var found: [String] = []
    let rows = try String.fetchCursor(db, sql: "PRAGMA integrity_check(\(mostFindings))")
    do {
      while let row = try rows.next() {
        // A finding may have several lines; the first only names the database.
        found += row.split(separator: "\n").map(String.init).filter { $0 != "ok" && !$0.hasPrefix("***") }
      }
    } catch let error as DatabaseError {
      found.append(error.message ?? "it can't be checked")
    }
    guard found.isEmpty else { return found }
    // That check does not include foreign keys.
    for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").prefix(mostFindings) {
      let (child, parent) = (row[0] as String? ?? "", row[2] as String? ?? "")
      found.append("a row of table \(child) refers to a missing row of \(parent)")
    }
    return found
  }

  /// What SQLite can't check: whether the parts of a batch fit together, and whether counts add up.
  private static func compare(_ db: Database, isOlder: Bool) throws -> [String] {
    guard try db.tableExists("batch") else { return [] }
    var found: [String] = []
    let bodyColumns = try QueuedBatch.bodyColumns(db)
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT id, file_id, items, item_index, batch.bytes AS bytes, body.bytes AS body,
          \(bodyColumns)
        FROM batch LEFT JOIN body ON batch_id = id
        """)
    while let row = try rows.next(), found.count < mostFindings {
      let items = BatchItem.unpack(Array(row["item_index"] as Data))
      guard let items, items.count == row["items"], let batch = QueuedBatch(items: items, row: SQLRow(row)),
        batch.body.count == row["bytes"], batch.whole.map({ $0.pieces != nil }) ?? true
      else {
        found.append("batch \(row["id"] as Int64) of file \(row["file_id"] as String) can't be read")
        continue
      }
    }
    let sums = try Row.fetchAll(
      db,
      sql: """
        SELECT id FROM file WHERE state <> 'reading' AND items <> accepted + rejected
          + (SELECT coalesce(sum(items), 0) FROM batch WHERE file_id = file.id)
        """)
    found += sums.prefix(mostFindings).map { "the counts of file \($0["id"] as String) do not add up" }
    guard !isOlder else { return found }
    let waiting = try Row.fetchAll(
      db,
      sql: """
        SELECT id FROM file WHERE (waiting_batches, waiting_items, waiting_bytes) IS NOT
          (SELECT count(*), coalesce(sum(items), 0), coalesce(sum(bytes), 0) FROM batch WHERE file_id = file.id)
        """)
    found += waiting.prefix(mostFindings).map { "the batches of file \($0["id"] as String) do not match its row" }
    return found
  }
}
