internal import Foundation
internal import GRDB

/// A connection to the outbox's database, while one caller has it.
///
/// Statements are written once, in the SQL that SQLite and PostgreSQL share; arguments are `?`, `?1` or `$1`. Where the
/// two differ, `Dialect` has what to write.
struct Connection {
  enum Engine {
    case sqlite(Database)
    case postgres(PostgresSession)
  }

  let engine: Engine

  init(_ db: Database) { engine = .sqlite(db) }
  init(_ session: PostgresSession) { engine = .postgres(session) }

  func execute(sql: String, arguments: SQLArguments = []) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }

  /// A statement that is prepared once for the connection, as far as the engine prepares any.
  func cachedStatement(sql: String) throws -> SQLStatement {
    switch engine {
    case .sqlite(let db): SQLStatement(.sqlite(try db.cachedStatement(sql: sql)))
    case .postgres(let session): SQLStatement(.postgres(session, sql))
    }
  }

  /// The rows that the last statement changed.
  var changesCount: Int {
    switch engine {
    case .sqlite(let db): db.changesCount
    case .postgres(let session): session.changesCount
    }
  }

  /// Whether a transaction is open: an error may have rolled it back.
  var isInsideTransaction: Bool {
    switch engine {
    case .sqlite(let db): db.isInsideTransaction
    case .postgres(let session): session.isInsideTransaction
    }
  }

  /// Runs `body` in a transaction that writes; if it throws, nothing of it is left.
  ///
  /// - Parameter isDurable: whether it returns only once this commit, and with it every earlier one, is on the disk.
  func inTransaction(isDurable: Bool = false, _ body: () throws -> Void) throws {
    switch engine {
    case .sqlite(let db):
      if isDurable { try db.execute(sql: "PRAGMA synchronous = FULL") }
      defer { if isDurable { try? db.execute(sql: "PRAGMA synchronous = NORMAL") } }
      try db.inTransaction(.immediate) {
        try body()
        return .commit
      }
    case .postgres(let session): try session.inTransaction(isDurable: isDurable, body)
    }
  }

  /// Runs `body` in a part of the transaction, which is rolled back if it returns or throws an error.
  func inSavepoint(_ body: () throws -> (any Error)?) throws {
    switch engine {
    case .sqlite(let db):
      try db.inSavepoint {
        guard let error = try body() else { return .commit }
        // A full disk rolls back the whole transaction at once, including savepoints.
        if !db.isInsideTransaction { throw error }
        return .rollback
      }
    case .postgres(let session): try session.inSavepoint(body)
    }
  }

  /// Pages of a SQLite file that hold nothing.
  func emptyPages() throws -> Int {
    switch engine {
    case .sqlite(let db): try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    // Its own vacuum does that.
    case .postgres: 0
    }
  }

  /// Gives some of them back to the disk.
  func giveBack(pages count: Int) throws {
    if case .sqlite(let db) = engine { try db.execute(sql: "PRAGMA incremental_vacuum(\(count))") }
  }

  /// Whether an outbox that an older upsertd wrote has this table already.
  func tableExists(_ name: String) throws -> Bool {
    switch engine {
    case .sqlite(let db): try db.tableExists(name)
    case .postgres: true
    }
  }

  /// The same for a column.
  func hasColumn(_ name: String, in table: String) throws -> Bool {
    switch engine {
    case .sqlite(let db): try db.columns(in: table).contains { $0.name == name }
    case .postgres: true
    }
  }
}

/// Where SQLite and PostgreSQL want different words.
extension Connection {
  private var isSQLite: Bool { if case .sqlite = engine { true } else { false } }

  /// Makes SQLite use this index and no other; PostgreSQL chooses for itself.
  func indexed(by index: String) -> String { isSQLite ? "INDEXED BY \(index)" : "" }

  /// Where `part` begins in `whole`, both texts or both bytes, from 1; 0 if nowhere.
  func position(of part: String, in whole: String) -> String {
    isSQLite ? "instr(\(whole), \(part))" : "position(\(part) in \(whole))"
  }

  /// Bytes that are mostly UTF-8, to be searched as a text.
  func text(ofBytes column: String) -> String {
    isSQLite ? "CAST(\(column) AS TEXT)" : "encode(\(column), 'escape')"
  }

  /// The greater of two numbers.
  func greater(_ a: String, _ b: String) -> String { isSQLite ? "max(\(a), \(b))" : "greatest(\(a), \(b))" }
}

/// The arguments of a statement, in order: `String`, `Int`, `Int64`, `Bool`, `Data`, or nil.
struct SQLArguments: ExpressibleByArrayLiteral {
  private(set) var values: [(any DatabaseValueConvertible)?]

  init(arrayLiteral values: (any DatabaseValueConvertible)?...) { self.values = values }
  init(_ values: some Sequence<String>) { self.values = Array(values) }
  init(values: some Sequence<DatabaseValue>) { self.values = Array(values) }

  /// The condition that a column has none of these texts, which are the arguments from `number` on.
  static func isNone(_ column: String, of texts: Set<String>, from number: Int) -> String {
    if texts.isEmpty { return "TRUE" }
    return "\(column) NOT IN (\((0..<texts.count).map { "?\(number + $0)" }.joined(separator: ", ")))"
  }

  static func + (a: SQLArguments, b: SQLArguments) -> SQLArguments {
    var sum = a
    sum.values += b.values
    return sum
  }

  static func += (a: inout SQLArguments, b: SQLArguments) { a.values += b.values }

  fileprivate var forSQLite: StatementArguments { StatementArguments(values) }
}

/// A statement on one connection.
struct SQLStatement {
  enum Engine {
    case sqlite(Statement)
    case postgres(PostgresSession, String)
  }

  let engine: Engine

  fileprivate init(_ engine: Engine) { self.engine = engine }

  func execute(arguments: SQLArguments = []) throws {
    switch engine {
    case .sqlite(let statement): try statement.execute(arguments: arguments.forSQLite)
    case .postgres(let session, let sql): _ = try session.execute(sql, arguments)
    }
  }

  fileprivate func cursor(_ arguments: SQLArguments) throws -> SQLCursor {
    switch engine {
    case .sqlite(let statement): SQLCursor(.sqlite(try Row.fetchCursor(statement, arguments: arguments.forSQLite)))
    case .postgres(let session, let sql): SQLCursor(.postgres(try session.execute(sql, arguments)))
    }
  }

  /// For callers that read SQLite's columns themselves; nil for PostgreSQL.
  func sqliteCursor(_ arguments: SQLArguments) throws -> (cursor: RowCursor, statement: Statement)? {
    guard case .sqlite(let statement) = engine else { return nil }
    return (try Row.fetchCursor(statement, arguments: arguments.forSQLite), statement)
  }
}

/// The rows of a result, one after the other.
final class SQLCursor {
  fileprivate enum Engine {
    case sqlite(RowCursor)
    case postgres(PostgresResult)
  }

  private let engine: Engine
  private var next0 = 0

  fileprivate init(_ engine: Engine) { self.engine = engine }

  /// The next row, valid until the one after it is read; nil at the end.
  func next() throws -> SQLRow? {
    switch engine {
    case .sqlite(let cursor): return try cursor.next().map { SQLRow(.sqlite($0)) }
    case .postgres(let result):
      guard next0 < result.rows.count else { return nil }
      defer { next0 += 1 }
      return SQLRow(.postgres(result, next0))
    }
  }
}

/// A row of a result. A column that is read as a type without nil must not be NULL.
struct SQLRow {
  fileprivate enum Engine {
    case sqlite(Row)
    case postgres(PostgresResult, Int)
  }

  private let engine: Engine

  fileprivate init(_ engine: Engine) { self.engine = engine }

  /// A row of SQLite that somebody else has read.
  init(_ row: Row) { engine = .sqlite(row) }

  subscript(_ column: Int) -> DatabaseValue {
    switch engine {
    case .sqlite(let row): row[column]
    case .postgres(let result, let row): result.rows[row][column]
    }
  }

  /// NULL if there is no such column.
  func value(_ name: String) -> DatabaseValue {
    switch engine {
    case .sqlite(let row): row.hasColumn(name) ? row[name] : .null
    case .postgres(let result, let row): result.columns[name].map { result.rows[row][$0] } ?? .null
    }
  }

  subscript<Value: SQLValue>(_ column: Int) -> Value {
    switch engine {
    case .sqlite(let row): row[column]
    case .postgres: Self.required(self[column])
    }
  }

  /// For an optional type, nil also if there is no such column.
  subscript<Value: SQLValue>(_ name: String) -> Value {
    switch engine {
    case .sqlite(let row): row[name]
    case .postgres: Self.required(value(name))
    }
  }

  private static func required<Value: SQLValue>(_ value: DatabaseValue) -> Value {
    guard let value = Value.fromDatabaseValue(value) else {
      preconditionFailure("the outbox has \(value) where a \(Value.self) is expected")
    }
    return value
  }
}

/// `String`, `Int`, `Int64`, `Bool` and `Data`, and each of them or nil.
typealias SQLValue = DatabaseValueConvertible & StatementColumnConvertible

extension SQLRow {
  static func fetchCursor(_ statement: SQLStatement, arguments: SQLArguments = []) throws -> SQLCursor {
    try statement.cursor(arguments)
  }

  static func fetchCursor(_ db: Connection, sql: String, arguments: SQLArguments = []) throws -> SQLCursor {
    try db.cachedStatement(sql: sql).cursor(arguments)
  }

  static func fetchAll(_ statement: SQLStatement, arguments: SQLArguments = []) throws -> [SQLRow] {
    switch statement.engine {
    case .sqlite(let statement):
      return try Row.fetchAll(statement, arguments: arguments.forSQLite).map { SQLRow(.sqlite($0)) }
    case .postgres(let session, let sql):
      let result = try session.execute(sql, arguments)
      return result.rows.indices.map { SQLRow(.postgres(result, $0)) }
    }
  }

  static func fetchAll(_ db: Connection, sql: String, arguments: SQLArguments = []) throws -> [SQLRow] {
    try fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
  }

  static func fetchOne(_ statement: SQLStatement, arguments: SQLArguments = []) throws -> SQLRow? {
    switch statement.engine {
    case .sqlite(let statement):
      return try Row.fetchOne(statement, arguments: arguments.forSQLite).map { SQLRow(.sqlite($0)) }
    case .postgres: return try fetchAll(statement, arguments: arguments).first
    }
  }

  static func fetchOne(_ db: Connection, sql: String, arguments: SQLArguments = []) throws -> SQLRow? {
    try fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
  }
}

/// The first column of the rows.
extension DatabaseValueConvertible where Self: StatementColumnConvertible {
  static func fetchOne(_ statement: SQLStatement, arguments: SQLArguments = []) throws -> Self? {
    try SQLRow.fetchOne(statement, arguments: arguments).flatMap { $0[0] as Self? }
  }

  static func fetchOne(_ db: Connection, sql: String, arguments: SQLArguments = []) throws -> Self? {
    try fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
  }

  /// Rows with NULL are left out.
  static func fetchAll(_ statement: SQLStatement, arguments: SQLArguments = []) throws -> [Self] {
    try SQLRow.fetchAll(statement, arguments: arguments).compactMap { $0[0] as Self? }
  }

  static func fetchAll(_ db: Connection, sql: String, arguments: SQLArguments = []) throws -> [Self] {
    try fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
  }
}
