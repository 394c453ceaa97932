internal import Core
internal import GRDB

/// Rows of which one file may have millions. They are deleted in pieces: all writers wait for a commit.
enum Rows {
  case refused
  case settled
  case accepted
  case batches

  /// Deleting so many takes some milliseconds. A batch's row may have megabytes of body.
  private var piece: Int {
    switch self {
    case .refused, .settled: 2000
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
  func delete(of id: FileID, _ db: Database) throws -> Bool {
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
