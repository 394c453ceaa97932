internal import Core
internal import Engine
internal import Foundation
internal import Glibc
internal import GRDB
internal import GRDBSQLite

/// Reads rows of batches into a `LinePage`.
///
/// A page is read for every request, so a long backlog means a million reads. Columns are therefore taken from SQLite's
/// statement by number, a file is looked up once for all its rows, and only the keys of the items are unpacked. GRDB's
/// conversions would also end the process if a damaged page has NULL for a number; here such a row is named in
/// `damaged`.
struct PageReader {
  private let db: Connection
  private(set) var page = LinePage()
  /// Rows found, damaged ones included.
  private(set) var rows = 0
  /// The file of the last row, and its id as SQLite returns it.
  private var file: LookedUp = .unpublished
  private var fileText: [UInt8] = []
  private var fileStatement: SQLStatement?

  /// Whether released files are passed by: rows are read in the order of own ids, and these have other places.
  private let skipsReleased: Bool
  /// Whether rows that SQLite calls malformed count as damaged.
  private var believesDamage = false

  /// SQLite also returns SQLITE_CORRUPT if `read` returns EIO (vdbe.c, `SQLITE_IOERR_CORRUPTFS`), which may be over at
  /// once. So an unreadable row is read again before it counts as damaged, since callers skip damaged rows.
  static let attempts = 4

  private enum LookedUp {
    case published(FileID, keyless: KeyHash)
    /// The file's own row can't be read.
    case damaged(FileID)
    case unpublished
  }

  private static let names = "SELECT file_id, position FROM batch"
  private static let columns = """
    SELECT file_id, position, items, bytes, item_index, attempts, unanswered, due_at_ms, failures, blames, failed_at_ms, began_hold,
      misses FROM batch
    """

  init(_ db: Connection, skipsReleased: Bool = false) {
    self.db = db
    self.skipsReleased = skipsReleased
  }

  /// Adds the rows that fit.
  ///
  /// - Parameters:
  ///   - condition: the text after `FROM batch`. An index must contain all columns that it names: if a row can't be
  ///     read, its name is taken from there.
  ///   - stops: whether to end at the first row of a file that isn't published; otherwise such rows are left out.
  /// - Returns: the id of the file where it ended, as SQLite returns it.
  @discardableResult
  mutating func read(
    _ condition: String, _ arguments: SQLArguments, stopsAtUnpublished stops: Bool = false
  ) throws -> String? {
    let found = (batches: page.batches.count, damaged: page.damaged.count, rows: rows)
    for attempt in 0..<Self.attempts {
      do {
        return try readTogether(condition, arguments, stopsAtUnpublished: stops)
      } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
        page.batches.removeSubrange(found.batches...)
        page.damaged.removeSubrange(found.damaged...)
        rows = found.rows
        fileText = []
        usleep(UInt32(attempt) * 10_000)
      }
    }
    believesDamage = true
    defer { believesDamage = false }
    return try readOneByOne(condition, arguments, stopsAtUnpublished: stops)
  }

  private mutating func readTogether(
    _ condition: String, _ arguments: SQLArguments, stopsAtUnpublished stops: Bool
  ) throws -> String? {
    let rows = try BatchRows(db.cachedStatement(sql: "\(Self.columns) \(condition)"), arguments)
    while let row = try rows.next() {
      try lookUpFile(row)
      if case .unpublished = file, stops { return row.string(0) ?? "" }
      take(row)
    }
    return nil
  }

  /// Reads past a page of the database that can't be read.
  private mutating func readOneByOne(
    _ condition: String, _ arguments: SQLArguments, stopsAtUnpublished stops: Bool
  ) throws -> String? {
    let names = try SQLRow.fetchAll(db.cachedStatement(sql: "\(Self.names) \(condition)"), arguments: arguments)
    let statement = try db.cachedStatement(sql: "\(Self.columns) WHERE file_id = ? AND position = ?")
    for name in names {
      guard let text = name[0] as String?, let position = name[1] as String? else { continue }
      do {
        let rows = try BatchRows(statement, [text, position])
        guard let row = try rows.next() else { continue }
        defer { withExtendedLifetime(rows) {} }
        try lookUpFile(row)
        if case .unpublished = file, stops { return text }
        take(row)
      } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
        guard let id = FileID(text) else { continue }
        page.damaged.append(BatchName(file: id, position: position))
        rows += 1
      }
    }
    return nil
  }

  private mutating func lookUpFile(_ row: BatchRow) throws {
    guard !row.isText(0, equalTo: fileText) else { return }
    fileText = row.withBytes(0) { Array($0) }
    file = .unpublished
    guard let id = FileID(utf8: fileText.span) else { return }
    // Not one that has this as its place.
    if let known = page.files[id], known.file == id {
      file = .published(id, keyless: KeyHash(inbox: known.inbox))
      return
    }
    do {
      let statement = try fileStatement ?? Self.fileStatement(db)
      fileStatement = statement
      if let found = try Self.file(id, statement), !(skipsReleased && found.id != id) {
        page.files[found.id] = found
        file = .published(found.id, keyless: KeyHash(inbox: found.inbox))
      }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT && believesDamage {
      file = .damaged(id)
    }
  }

  private mutating func take(_ row: BatchRow) {
    switch file {
    case .unpublished: return
    case .damaged(let id): page.damaged.append(BatchName(file: id, position: row.string(1) ?? ""))
    case .published(let id, let keyless):
      let name = BatchName(file: id, position: row.string(1) ?? "")
      if let batch = row.batch(name, keyless: keyless) { page.batches.append(batch) } else { page.damaged.append(name) }
    }
    rows += 1
  }

  /// Adds what another reader has found.
  mutating func add(_ other: PageReader) {
    page.batches += other.page.batches
    page.damaged += other.page.damaged
    page.files.merge(other.page.files) { $1 }
    rows += other.rows
  }

  /// What the line needs to know about a published file with this own id; nil for any other.
  static func file(_ id: FileID, _ db: Connection) throws -> LineFile? { try file(id, fileStatement(db)) }

  private static func fileStatement(_ db: Connection) throws -> SQLStatement {
    try db.cachedStatement(
      sql: """
        SELECT inbox, name, success_mode, ordering, claimed_at_ms, is_cancelled, line_id, lists_accepted FROM file
        WHERE id = ? AND state = 'queued'
        """)
  }

  private static func file(_ id: FileID, _ statement: SQLStatement) throws -> LineFile? {
    let rows = try BatchRows(statement, [id.text])
    guard let row = try rows.next() else { return nil }
    defer { withExtendedLifetime(rows) {} }
    return LineFile(
      id: row.string(6).flatMap { FileID($0) } ?? id, file: id, inbox: row.string(0) ?? "",
      name: row.withBytes(1) { Array($0) },
      successMode: row.string(2).flatMap(SuccessMode.init(rawValue:)) ?? .partial,
      ordering: row.string(3).flatMap(Ordering.init(rawValue:)) ?? .key,
      claimedAt: QueueTime(milliseconds: Int64(row.integer(4) ?? 0)), isCancelled: row.integer(5) == 1,
      listsAccepted: row.integer(7) == 1)
  }
}

/// The rows of a statement, with their columns by number.
private final class BatchRows {
  private enum Source {
    case sqlite(RowCursor, BatchRow)
    case postgres(SQLCursor)
  }

  private let source: Source

  init(_ statement: SQLStatement, _ arguments: SQLArguments) throws {
    if let (cursor, statement) = try statement.sqliteCursor(arguments) {
      source = .sqlite(cursor, .sqlite(statement.sqliteStatement))
    } else {
      source = .postgres(try SQLRow.fetchCursor(statement, arguments: arguments))
    }
  }

  /// Valid until the next one is read, and no longer than this.
  func next() throws -> BatchRow? {
    switch source {
    case .sqlite(let cursor, let row): try cursor.next().map { _ in row }
    case .postgres(let cursor): try cursor.next().map { .postgres($0) }
    }
  }
}

/// The current row of a statement.
private enum BatchRow {
  case sqlite(OpaquePointer)
  case postgres(SQLRow)

  /// Nil for anything that is not an integer.
  func integer(_ column: Int32) -> Int? {
    switch self {
    case .sqlite(let statement):
      sqlite3_column_type(statement, column) == SQLITE_INTEGER ? Int(sqlite3_column_int64(statement, column)) : nil
    case .postgres(let row): Int.fromDatabaseValue(row[Int(column)])
    }
  }

  func isNull(_ column: Int32) -> Bool {
    switch self {
    case .sqlite(let statement): sqlite3_column_type(statement, column) == SQLITE_NULL
    case .postgres(let row): row[Int(column)].isNull
    }
  }

  /// Nil for anything that is not text.
  func string(_ column: Int32) -> String? {
    switch self {
    case .sqlite(let statement):
      guard sqlite3_column_type(statement, column) == SQLITE_TEXT else { return nil }
      return withBytes(column) { String(decoding: $0, as: UTF8.self) }
    case .postgres(let row): return String.fromDatabaseValue(row[Int(column)])
    }
  }

  func isText(_ column: Int32, equalTo text: [UInt8]) -> Bool {
    withBytes(column) { bytes in
      guard bytes.count == text.count, let start = bytes.baseAddress else { return false }
      return memcmp(start, text, text.count) == 0
    }
  }

  private func isBlob(_ column: Int32) -> Bool {
    switch self {
    case .sqlite(let statement): sqlite3_column_type(statement, column) == SQLITE_BLOB
    case .postgres(let row): Data.fromDatabaseValue(row[Int(column)]) != nil
    }
  }

  /// The bytes of a text or a blob.
  func withBytes<Value>(_ column: Int32, _ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
    switch self {
    case .sqlite(let statement):
      // In this order: asking for the bytes may change how SQLite holds the value.
      let start = sqlite3_column_blob(statement, column)
      let count = Int(sqlite3_column_bytes(statement, column))
      return body(
        UnsafeBufferPointer(start: start?.assumingMemoryBound(to: UInt8.self), count: start == nil ? 0 : count))
    case .postgres(let row):
      let bytes: [UInt8]
      switch row[Int(column)].storage {
      case .blob(let data): bytes = Array(data)
      case .string(let text): bytes = Array(text.utf8)
      default: bytes = []
      }
      return bytes.withUnsafeBufferPointer(body)
    }
  }

  /// For the columns `PageReader.columns`; nil if no version of upsertd writes such a row.
  func batch(_ name: BatchName, keyless: KeyHash) -> WaitingBatch? {
    guard let count = integer(2), let bytes = integer(3), let attempts = integer(5), let unanswered = integer(6),
      let due = integer(7), let failures = integer(8), let blames = integer(9), let began = integer(11),
      let misses = integer(12), isNull(10) || integer(10) != nil, isBlob(4),
      let keys = withBytes(4, { BatchItem.distinctKeys(inPacked: $0.span, count: count, keyless: keyless) })
    else { return nil }
    var retryState = RetryState()
    retryState.due = QueueTime(milliseconds: Int64(due))
    retryState.failures = failures
    retryState.blames = blames
    retryState.failedAt = integer(10).map { QueueTime(milliseconds: Int64($0)) }
    retryState.beganHold = began == 1
    return WaitingBatch(
      name: name, count: count, bytes: bytes, itemKeys: keys, attempts: attempts, unanswered: unanswered,
      retryState: retryState, misses: misses)
  }
}
