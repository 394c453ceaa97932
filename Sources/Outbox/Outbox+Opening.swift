internal import GRDB
internal import Glibc

extension Outbox {
  /// Opens an outbox to look at it, beside the daemon that writes it; nil where there is none yet, or only its empty file.
  package static func ifAny(reading path: String) throws(OutboxError) -> Outbox? {
    switch try bytes(at: path) {
    case nil, 0: return nil
    default: break
    }
    var isSetUp = true
    try look(at: path) { db in isSetUp = try db.tableExists("file") }
    return isSetUp ? try Outbox(reading: path) : nil
  }

  /// How large the database is; nil where there is none.
  ///
  /// - Throws: where it is empty or missing although there is a log beside it. SQLite takes such a log for a stale one and deletes it
  ///   (pager.c, `pagerOpenWalIfPresent`), and it may be all that is left.
  @discardableResult
  static func bytes(at path: String) throws(OutboxError) -> Int? {
    var status = stat()
    let bytes = stat(path, &status) == 0 ? Int(status.st_size) : nil
    if bytes ?? 0 == 0, stat(path + "-wal", &status) == 0, status.st_size > 0 {
      let word = bytes == nil ? "missing" : "empty"
      throw OutboxError(.damaged, path: path, reason: "it is \(word), but its log \"\(path)-wal\" is not")
    }
    // SQLite takes what is shorter than its smallest page for an empty database.
    if let bytes, (1..<512).contains(bytes) {
      throw OutboxError(.damaged, path: path, reason: "it has \(bytes) bytes, which is no database")
    }
    return bytes
  }
}
