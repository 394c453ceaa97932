internal import Core
internal import Engine
internal import Foundation
internal import GRDB
internal import LibpqShim

/// How an outbox on PostgreSQL is reached.
package struct PostgresOptions: Sendable {
  /// As libpq takes it: `host=db.example.com dbname=upsertd user=upsertd`, or a URI.
  /// <https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING>
  package var connection: String
  /// Asked for at each attempt to connect; nil for what libpq finds by itself, such as a password file of its own.
  package var password: @Sendable () -> String?

  package init(connection: String, password: @escaping @Sendable () -> String? = { nil }) {
    self.connection = connection
    self.password = password
  }
}

/// Why PostgreSQL has not done what it was asked.
struct PostgresError: Error {
  /// Five characters (<https://www.postgresql.org/docs/15/errcodes-appendix.html>); nil if the server did not answer.
  var state: String?
  /// Without values.
  var message: String
}

/// The rows of a statement.
final class PostgresResult {
  let columns: [String: Int]
  let rows: [[DatabaseValue]]

  init(columns: [String: Int], rows: [[DatabaseValue]]) {
    self.columns = columns
    self.rows = rows
  }
}

/// One connection to PostgreSQL, made when it is first needed and again after it was lost; used by one thread at a time.
///
/// Statements are neither prepared nor do they need anything else that outlives a transaction, so a pooler may be between.
final class PostgresSession {
  private let options: PostgresOptions
  private var connection: OpaquePointer?
  private(set) var changesCount = 0
  private(set) var isInsideTransaction = false
  /// Statements as PostgreSQL wants them, by what they are here.
  private var texts: [String: String] = [:]

  init(_ options: PostgresOptions) { self.options = options }

  deinit { close() }

  func close() {
    if let connection { libpqshim_close(connection) }
    connection = nil
    isInsideTransaction = false
  }

  // MARK: - Connecting

  private func connected() throws(PostgresError) -> OpaquePointer {
    if let connection, libpqshim_is_alive(connection) != 0 { return connection }
    close()
    if let reason = libpqshim_load() { throw PostgresError(state: nil, message: String(cString: reason)) }
    // Later ones win, so the options may have others. A network that is cut is noticed within ten seconds.
    var parameters = [
      ("fallback_application_name", "upsertd"), ("connect_timeout", "10"), ("tcp_user_timeout", "10000"),
      ("keepalives_idle", "5"), ("keepalives_interval", "2"), ("keepalives_count", "3"),
      ("dbname", options.connection), ("client_encoding", "UTF8"),
    ]
    if let password = options.password() { parameters.append(("password", password)) }
    let opened = Self.withCStrings(parameters.map(\.0)) { keywords in
      Self.withCStrings(parameters.map(\.1)) { values in libpqshim_connect(keywords, values) }
    }
    guard let opened else { throw PostgresError(state: nil, message: "there is not enough memory") }
    guard libpqshim_is_alive(opened) != 0 else {
      let reason = Self.words(libpqshim_error(opened))
      libpqshim_close(opened)
      throw PostgresError(state: nil, message: reason)
    }
    connection = opened
    return opened
  }

  /// Calls `body` with an array of C strings that ends with NULL.
  private static func withCStrings<Value>(
    _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value
  ) -> Value {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    let pointers = copies.map { UnsafePointer<CChar>($0) } + [nil]
    return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
  }

  /// A message of libpq as one line.
  private static func words(_ text: UnsafePointer<CChar>?) -> String {
    let lines = text.map { String(cString: $0) } ?? ""
    return lines.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "; ")
  }

  // MARK: - Statements

  /// Runs one statement.
  func execute(_ sql: String, _ arguments: SQLArguments) throws(PostgresError) -> PostgresResult {
    let connection = try connected()
    let text = text(of: sql)
    var bytes: [UInt8] = []
    var places: [(range: Range<Int>, type: UInt32)?] = []
    for argument in arguments.values {
      places.append(argument.flatMap { PostgresValue.append($0.databaseValue, to: &bytes) })
    }
    let result = bytes.withUnsafeBytes { bytes in
      let base = bytes.bindMemory(to: CChar.self).baseAddress
      let bound = places.map { place in
        guard let (range, type) = place else { return libpqshim_argument() }
        // An empty text is not NULL: any address will do.
        let start = base.map { $0 + range.lowerBound } ?? UnsafePointer(bitPattern: 1)
        return libpqshim_argument(value: start, length: Int32(clamping: range.count), is_binary: 1, type: type)
      }
      return libpqshim_execute(connection, text, bound, Int32(bound.count))
    }
    defer { if let result { libpqshim_clear(result) } }
    try check(result, connection)
    changesCount = Int(libpqshim_changes(result))
    return Self.read(result)
  }

  /// Runs statements that have no arguments; returns the first value of the last one's result.
  @discardableResult
  private func run(_ statements: String) throws(PostgresError) -> String? {
    let connection = try connected()
    let result = libpqshim_run(connection, statements)
    defer { if let result { libpqshim_clear(result) } }
    try check(result, connection)
    var length: Int32 = 0
    guard libpqshim_rows(result) > 0, let value = libpqshim_value(result, 0, 0, &length) else { return nil }
    return String(cString: value)
  }

  private func check(_ result: OpaquePointer?, _ connection: OpaquePointer) throws(PostgresError) {
    let outcome = libpqshim_outcome(connection, result)
    guard outcome != Int32(LIBPQSHIM_DONE) else { return }
    let state = libpqshim_sqlstate(result).map { String(cString: $0) }
    let message = libpqshim_message(result).map { String(cString: $0) } ?? Self.words(libpqshim_error(connection))
    if outcome == Int32(LIBPQSHIM_LOST) { close() }
    throw PostgresError(state: state, message: message)
  }

  private static func read(_ result: OpaquePointer?) -> PostgresResult {
    let count = libpqshim_columns(result)
    var columns: [String: Int] = [:]
    for column in 0..<count {
      if let name = libpqshim_column_name(result, column) { columns[String(cString: name)] = Int(column) }
    }
    let types = (0..<count).map { libpqshim_column_type(result, $0) }
    let rows = (0..<libpqshim_rows(result)).map { row in
      (0..<count).map { column -> DatabaseValue in
        var length: Int32 = 0
        guard let start = libpqshim_value(result, row, column, &length) else { return .null }
        return PostgresValue.value(UnsafeRawBufferPointer(start: start, count: Int(length)), type: types[Int(column)])
      }
    }
    return PostgresResult(columns: columns, rows: rows)
  }

  /// With `$1` in place of `?` and `?1`.
  private func text(of sql: String) -> String {
    if let text = texts[sql] { return text }
    var text = ""
    var count = 0
    var rest = sql[...]
    while let mark = rest.firstIndex(of: "?") {
      text += rest[..<mark] + "$"
      rest = rest[rest.index(after: mark)...]
      guard rest.first?.isNumber != true else { continue }
      count += 1
      text += String(count)
    }
    text += rest
    // Some statements are made for one list of names.
    if texts.count > 500 { texts = [:] }
    texts[sql] = text
    return text
  }

  // MARK: - Transactions

  /// Runs `body` in a transaction that writes.
  ///
  /// If the connection is lost while the transaction is committed, a new one asks what became of it.
  func inTransaction(isDurable: Bool, _ body: () throws -> Void) throws {
    let transaction: String
    do {
      transaction =
        try run(
          """
          BEGIN; SET LOCAL synchronous_commit TO \(isDurable ? "ON" : "OFF"); SELECT pg_current_xact_id()::text
          """) ?? ""
      isInsideTransaction = true
      try body()
    } catch {
      rollBack()
      throw error
    }
    isInsideTransaction = false
    do {
      try run("COMMIT")
    } catch  where error.state == nil || error.isConnectionLost {
      try resolve(transaction, after: error)
    } catch {
      rollBack()
      throw error
    }
  }

  private func rollBack() {
    isInsideTransaction = false
    // If this fails, the connection is gone, and the transaction with it.
    guard connection != nil else { return }
    do { try run("ROLLBACK") } catch { close() }
  }

  /// Finds out whether a transaction was committed whose commit nobody answered.
  private func resolve(_ transaction: String, after lost: PostgresError) throws(PostgresError) {
    let deadline = ContinuousClock.now + .seconds(15)
    repeat {
      switch try? run("SELECT coalesce(pg_xact_status('\(transaction)'::xid8), 'aborted')") {
      case "committed": return
      case "aborted": throw lost
      // It is still under way, or nobody answers yet.
      default: usleep(50_000)
      }
    } while ContinuousClock.now < deadline
    throw PostgresError(
      state: lost.state, message: "it is not known whether the last commit was made: \(lost.message)")
  }

  func inSavepoint(_ body: () throws -> (any Error)?) throws {
    try run("SAVEPOINT part")
    var failure: (any Error)?
    do { failure = try body() } catch { failure = error }
    guard let failure else {
      try run("RELEASE part")
      return
    }
    // Without a connection there is no transaction left either.
    guard connection != nil else {
      isInsideTransaction = false
      throw failure
    }
    try run("ROLLBACK TO part")
  }

  /// Runs `body` on one state of the database, which nobody's commits change meanwhile.
  func inSnapshot<Value>(_ body: () throws -> Value) throws -> Value {
    try beginSnapshot()
    defer { rollBack() }
    return try body()
  }

  private func beginSnapshot() throws(PostgresError) {
    do {
      try run(Self.snapshot)
    } catch {
      guard connection == nil else {
        rollBack()
        throw error
      }
      // It was lost while nobody used it.
      try run(Self.snapshot)
    }
    isInsideTransaction = true
  }

  private static let snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1"
}

extension PostgresError {
  /// Classes 08 (connection) and 57P (shutdown, crash, cancelled session).
  var isConnectionLost: Bool { state?.hasPrefix("08") == true || state?.hasPrefix("57P") == true }
  var outboxCode: OutboxError.Code {
    guard let state else { return .failing }
    return switch state {
    // No such table, column or function.
    case "42P01", "42703", "42883": .older
    // No permission; a wrong password is told while connecting, without a state.
    case "42501": .refused
    default: .failing
    }
  }
}
