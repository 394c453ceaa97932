internal import Core
package import Engine
internal import Glibc
internal import GRDB

extension Outbox {
  /// Opens an outbox read-only, beside the daemon that writes it; nil if there is none yet, or only its empty file.
  package static func ifAny(reading path: String) throws(OutboxError) -> Outbox? {
    var isSetUp = false
    try look(at: path) { db in isSetUp = try db.tableExists("file") }
    return isSetUp ? try Outbox(reading: path) : nil
  }

  /// Reads what is there without writing; does nothing if there is nothing yet.
  ///
  /// - Returns: whether there was something to read.
  @discardableResult
  static func look(at path: String, _ body: (Database) throws -> Void) throws(OutboxError) -> Bool {
    guard try bytes(at: path) ?? 0 > 0 else { return false }
    // SQLite would only say that it can't open the file.
    if faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0, errno == EACCES {
      throw OutboxError(.refused, path: path, reason: String(cString: strerror(EACCES)))
    }
    var configuration = Configuration()
    configuration.readonly = true
    // After a crash, the first to open the file recovers the log and locks out all others meanwhile.
    configuration.busyMode = .timeout(5)
    do {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.read(body)
      try queue.close()
      return true
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK {
      // A crash while it was created: see `rollBackCreation`.
      return false
    } catch {
      throw OutboxError(error, path: path)
    }
  }

  /// Rolls back what a crash left of the only transaction that bypasses the log: the one that creates the database.
  ///
  /// SQLite does so when the file is read by a process that may write it; a read-only one gets an error
  /// (<https://www.sqlite.org/lockingv3.html#hot_journals>).
  static func rollBackCreation(at path: String) throws(OutboxError) {
    var status = stat()
    guard stat(path + "-journal", &status) == 0, status.st_size > 0, try bytes(at: path) ?? 0 > 0 else { return }
    do {
      let queue = try DatabaseQueue(path: path)
      _ = try queue.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") }
      try queue.close()
    } catch {
      throw OutboxError(error, path: path)
    }
  }

  /// The size of the database; nil if there is none.
  ///
  /// - Throws: if this user may not see it; and if it is empty or missing although there is a log beside it. SQLite takes
  ///   such a log for a stale one and deletes it (pager.c, `pagerOpenWalIfPresent`), and it may be all that is left.
  @discardableResult
  static func bytes(at path: String) throws(OutboxError) -> Int? {
    var status = stat()
    let bytes = stat(path, &status) == 0 ? Int(status.st_size) : nil
    if bytes == nil, errno == EACCES {
      throw OutboxError(.refused, path: path, reason: String(cString: strerror(EACCES)))
    }
    if bytes ?? 0 == 0, stat(path + "-wal", &status) == 0, status.st_size > 0 {
      let word = bytes == nil ? "missing" : "empty"
      throw OutboxError(.damaged, path: path, reason: "it is \(word), but its log \"\(path)-wal\" is not")
    }
    // SQLite takes a file shorter than its smallest page for an empty database.
    if let bytes, (1..<512).contains(bytes) {
      throw OutboxError(.damaged, path: path, reason: "it has \(counted(bytes, "byte")) and is not a database")
    }
    return bytes
  }
}
