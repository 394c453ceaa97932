internal import Core
internal import GRDB
internal import Synchronization

/// The unfinished files whose place in the line is not that of their id: by place, their own ids.
///
/// There are few, mostly none. Kept in memory, since each name that dispatch uses has to be looked up.
final class ReleasedFiles: Sendable {
  private let files = Mutex<[FileID: FileID]>([:])

  func load(_ db: Connection) throws {
    let rows = try SQLRow.fetchAll(db, sql: "SELECT line_id, id FROM file WHERE line_id IS NOT NULL")
    let pairs = rows.compactMap { row in
      FileID(row[0] as String).flatMap { line in FileID(row[1] as String).map { (line, $0) } }
    }
    files.withLock { $0 = Dictionary(pairs, uniquingKeysWith: { $1 }) }
  }

  var isEmpty: Bool { files.withLock { $0.isEmpty } }

  /// The own id of the file that has this place in the line. The own id of a released file is no place: the answer is
  /// then an id that no file has.
  func own(_ line: FileID) -> FileID {
    files.withLock { files in
      if files.isEmpty { return line }
      return files[line] ?? (files.values.contains(line) ? .first : line)
    }
  }

  /// The name that a batch has in the tables.
  func own(_ name: BatchName) -> BatchName { BatchName(file: own(name.file), position: name.position) }

  func add(_ file: FileID, at line: FileID) { files.withLock { $0[line] = file } }

  func remove(_ ended: Set<FileID>) {
    files.withLock { files in
      if !files.isEmpty { files = files.filter { !ended.contains($0.value) } }
    }
  }
}
