package import Core
package import Engine
internal import Foundation
internal import GRDB

/// Reads what can be read of an outbox, however damaged, and changes nothing.
///
/// Tables are read row by row. If a page can't be read, the rows after it are read one by one, so only the rows on that
/// page are lost, not those after it.
package final class Salvage {
  private let queue: DatabaseQueue
  private let columns: [String: [String: TableColumn]]
  /// Tables of which some rows could not be read.
  package private(set) var damagedTables: Set<String> = []

  /// Everything read about one file.
  package struct File {
    package var record: FileRecord
    package var settled: [SettledBatch] = []
    package var rejects: [Reject] = []
    package var orders: [FileOrder] = []
    /// The items in batches that are whole.
    package var waitingItems = 0

    /// Whether everything that the file's counts include could be read; damaged numbers may be of any size.
    package var isWhole: Bool {
      record.counts.accepted &+ record.counts.rejected &+ waitingItems == record.counts.items
        && rejectCount == record.counts.rejected
    }
    private var rejectCount: Int { droppedRejects ?? rejects.count }
    private var droppedRejects: Int?

    fileprivate init(record: FileRecord) { self.record = record }

    /// Keeps only the counts: the rejects of all files together may exceed memory.
    package mutating func dropContents() {
      droppedRejects = rejects.count
      (settled, rejects, orders) = ([], [], [])
    }
  }

  /// - Throws: if nothing at all can be read.
  package init(_ path: String) throws(OutboxError) {
    guard try Outbox.bytes(at: path) != nil else {
      throw OutboxError(.unusable, path: path, reason: "the file does not exist")
    }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      _ = try queue.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") }
      // If the version can't be read either, this program's version is assumed.
      let version = try? queue.read { db in try Schema.migrator.appliedMigrations(db).last }
      columns = try Self.columns(version: version ?? nil)
    } catch {
      throw OutboxError(error, path: path)
    }
  }

  package func close() { try? queue.close() }

  private struct TableColumn {
    var type: String
    var mayBeNull: Bool
  }

  /// The columns of the tables in an undamaged outbox.
  private static func columns(version: String?) throws -> [String: [String: TableColumn]] {
    let sound = try DatabaseQueue()
    if let version { try Schema.migrator.migrate(sound, upTo: version) } else { try Schema.migrator.migrate(sound) }
    return try sound.read { db in
      var columns: [String: [String: TableColumn]] = [:]
      for table in Schema.tables where try db.tableExists(table) {
        for column in try db.columns(in: table) {
          columns[table, default: [:]][column.name] = TableColumn(type: column.type, mayBeNull: !column.isNotNull)
        }
      }
      return columns
    }
  }

  /// Whether a row matches the declared types of its table's columns: on a damaged page a number may appear as text, or
  /// a column under another name.
  private func isSane(_ row: Row, of table: String, isPart: Bool = false) -> Bool {
    guard isPart || (columns[table] ?? [:]).keys.allSatisfy({ row.hasColumn($0) }) else { return false }
    return row.allSatisfy { name, value in
      guard let column = columns[table]?[name] else { return true }
      switch value.storage {
      case .null: return column.mayBeNull
      case .int64: return column.type == "INTEGER"
      case .string: return column.type == "TEXT"
      case .blob: return column.type == "BLOB"
      case .double: return false
      }
    }
  }

  private func note(_ row: Row, of table: String, isPart: Bool = false) -> Bool {
    let isSane = isSane(row, of: table, isPart: isPart)
    if !isSane { damagedTables.insert(table) }
    return isSane
  }

  /// Hands out every unfinished file that can be read, in id order.
  ///
  /// - Parameters:
  ///   - each: gets each whole batch, in line order, before its file.
  ///   - body: gets the file.
  package func files(each: (FileRecord, QueuedBatch) throws -> Void, _ body: (File) throws -> Void) throws {
    var records: [FileRecord] = []
    rows("file", columns: "*") { row in
      if let record = FileRecord(row: SQLRow(row)) { records.append(record) }
    }
    // By rowid, since the index from files to batches may be what is damaged.
    var batches: [String: [(id: Int64, position: String)]] = [:]
    rows("batch", columns: "file_id, position") { row in
      batches[row["file_id"], default: []].append((row["at"], row["position"]))
    }
    for record in records.sorted(by: { $0.id < $1.id }) {
      var file = File(record: record)
      file.settled = list("settled", of: record.id, order: "position").map { SettledBatch(row: SQLRow($0)) }
      if columns["operator_order"] != nil {
        file.orders = list("operator_order", of: record.id, order: "id").map { FileOrder(row: SQLRow($0)) }
      }
      file.rejects = list("refused", of: record.id, order: "item").map { Reject(row: SQLRow($0)) }
      for batch in (batches[record.id.text] ?? []).sorted(by: { $0.position < $1.position }) {
        guard let content = content(of: batch.id) else { continue }
        file.waitingItems += content.items.count
        try each(record, content)
      }
      try body(file)
    }
  }

  private func content(of id: Int64) -> QueuedBatch? {
    let sql = """
      SELECT item_index, body.bytes AS body, \(bodyColumns)
      FROM batch NOT INDEXED JOIN body ON batch_id = batch.id WHERE batch.rowid = ?
      """
    guard let row = attempt("body", { try Row.fetchOne($0, sql: sql, arguments: [id]) }) ?? nil,
      note(row, of: "batch", isPart: true), note(row, of: "body", isPart: true),
      case .blob = (row["body"] as DatabaseValue).storage,
      let items = BatchItem.unpack(Array(row["item_index"] as Data)),
      let batch = QueuedBatch(items: items, row: SQLRow(row))
    else { return nil }
    if let whole = batch.whole, whole.pieces == nil { return nil }
    return batch
  }

  private lazy var bodyColumns = attempt("body", QueuedBatch.bodyColumns) ?? "runs, checksum, tags"

  /// The key that the tags were made with; nil if it can't be read or an older upsertd wrote the outbox.
  package private(set) lazy var sourceKey: SourceKey? = {
    guard columns["source_key"] != nil else { return nil }
    return attempt("source_key") { try Outbox.sourceKey(Connection($0)) } ?? nil
  }()

  /// Calls `body` with every readable row of a table with rowids.
  private func rows(_ table: String, columns: String, _ body: (Row) -> Void) {
    let last = attempt(table) { try Int64.fetchOne($0, sql: "SELECT max(rowid) FROM \(table) NOT INDEXED") } ?? nil
    // If the end can't be read, the ids already given out show it.
    let given = attempt(table) { try Int64.fetchOne($0, sql: "SELECT max(seq) FROM sqlite_sequence") } ?? nil
    guard let end = last ?? given else { return }
    var next: Int64 = 0
    while next <= end {
      let page = attempt(table) { db in
        try Row.fetchAll(
          db,
          sql: "SELECT rowid AS at, \(columns) FROM \(table) NOT INDEXED WHERE rowid >= ? ORDER BY rowid LIMIT 100",
          arguments: [next])
      }
      if let page {
        for row in page where note(row, of: table, isPart: columns != "*") { body(row) }
        guard let at = page.last?["at"] as Int64?, page.count == 100 else { return }
        next = at + 1
        continue
      }
      // One by one through the rows that the damaged page held.
      for id in next...min(end, next + 99) {
        let row = attempt(table) { db in
          try Row.fetchOne(
            db, sql: "SELECT rowid AS at, \(columns) FROM \(table) NOT INDEXED WHERE rowid = ?", arguments: [id])
        }
        if let row = row ?? nil, note(row, of: table, isPart: columns != "*") { body(row) }
      }
      next += 100
    }
  }

  private func list(_ table: String, of id: FileID, order: String) -> [Row] {
    attempt(table) { db in
      try Row.fetchAll(db, sql: "SELECT * FROM \(table) WHERE file_id = ? ORDER BY \(order)", arguments: [id.text])
    }?.filter { note($0, of: table) } ?? []
  }

  /// Returns nil, and notes the damage, if it fails.
  private func attempt<Value>(_ table: String, _ body: (Database) throws -> Value) -> Value? {
    do { return try queue.read(body) } catch {
      damagedTables.insert(table)
      return nil
    }
  }

  // MARK: - Moving to a fresh outbox

  /// Rows that belong to no unfinished file: finished files, which identify repeated ones, last receipts, and an
  /// operator's pauses.
  fileprivate func keepsakes() -> [(table: String, rows: [Row])] {
    ["history", "recent", "paused"].map { table in
      // From both ends, since the damage may be in between.
      let key = table == "paused" ? "kind, name" : "file_id"
      var rows: [Row] = []
      for order in ["\(key)", key.split(separator: ",").map { "\($0) DESC" }.joined(separator: ",")] {
        var isWhole = true
        do {
          try queue.read { db in
            let cursor = try Row.fetchCursor(db, sql: "SELECT * FROM \(table) ORDER BY \(order)")
            while let row = try cursor.next() {
              if isSane(row, of: table) { rows.append(row.copy()) }
            }
          }
        } catch {
          damagedTables.insert(table)
          isWhole = false
        }
        if isWhole { break }
      }
      return (table, rows)
    }
  }
}

extension Outbox {
  /// Takes over what a damaged outbox still has about finished files and pauses; rows that make no sense are left out.
  ///
  /// Returns how many rows were taken over.
  package func takeOver(from salvage: Salvage) async throws(OutboxError) -> Int {
    let tables = salvage.keepsakes().map { table, rows in
      (table, rows.map { row in (columns: Array(row.columnNames), values: Array(row.databaseValues)) })
    }
    return try await write { db in
      var count = 0
      for (table, rows) in tables {
        for row in rows {
          let places = row.columns.map { _ in "?" }.joined(separator: ", ")
          do {
            try db.execute(
              sql: "INSERT OR REPLACE INTO \(table) (\(row.columns.joined(separator: ", "))) VALUES (\(places))",
              arguments: SQLArguments(values: row.values))
            count += 1
          } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            // A row that no version of upsertd writes.
          }
        }
      }
      return count
    }
  }
}

extension SettledBatch {
  init(row: SQLRow) {
    self.init(
      items: row["items"], accepted: row["accepted"], rejected: row["rejected"], attempts: row["attempts"],
      unanswered: row["unanswered"], status: row["status"], requestID: row["request_id"],
      sentAt: (row["sent_at_ms"] as Int64?).map(Timestamp.init(milliseconds:)), ranges: ItemRanges.ranges(row["ranges"])
    )
  }
}

extension QueuedBatch {
  /// The columns of the table `body` that are read besides its bytes; older versions lack some of them.
  static func bodyColumns(_ db: Database) throws -> String {
    let known = Set(try db.columns(in: "body").map(\.name))
    return ["runs", "checksum", "tags"].map { known.contains($0) ? $0 : "NULL AS \($0)" }.joined(separator: ", ")
  }

  /// Nil if the parts do not fit together; the row has the columns of `body`, its bytes under the name `body`.
  init?(items: [BatchItem], row: SQLRow) {
    // Nothing has checked these before: on a damaged page they may be of another type, or missing.
    guard let literals = Data.fromDatabaseValue(row.value("body")) else { return nil }
    let (runs, checksum) = (Data.fromDatabaseValue(row.value("runs")), Int64.fromDatabaseValue(row.value("checksum")))
    self.init(
      items: items, literals: Array(literals), packedRuns: runs.map { Array($0) } ?? [],
      tags: Data.fromDatabaseValue(row.value("tags")).map { Array($0) },
      storedChecksum: checksum.map { UInt64(bitPattern: $0) }
    )
  }
}
