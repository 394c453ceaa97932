import Core
import Engine
import GRDB
import Outbox
import Simulation
import TestKit

typealias Store = any (DispatchStore & IntakeStore & ResultStore)

/// Every engine that conforms to the store protocols. Each test of the suite holds for all of them.
enum OutboxEngine: String, CaseIterable, Sendable {
  case memory
  case sqlite
  case postgres

  /// Runs `body` with an engine that is new and empty.
  func with(_ body: (any EngineUnderTest) async throws -> Void) async throws {
    switch self {
    case .memory: try await body(MemoryEngine())
    case .sqlite: try await withTemporaryFolder { try await body(SQLiteEngine(folder: $0)) }
    case .postgres: try await body(PostgresEngine(PostgresServer.shared()))
    }
  }
}

/// An engine, and what happens to it from outside.
protocol EngineUnderTest: AnyObject {
  var store: Store { get }
  /// The process dies and starts again: what was committed is there.
  func crash() async throws
  /// Makes the row of a batch unreadable.
  func damage(_ name: BatchName) async throws
  /// What of its own bookkeeping does not add up.
  func findings() throws -> [String]
}

private final class MemoryEngine: EngineUnderTest {
  private let outbox = MemoryOutbox()
  var store: Store { outbox }
  func crash() { outbox.restart() }
  func damage(_ name: BatchName) { outbox.damage(name) }
  func findings() -> [String] { [] }
}

private final class SQLiteEngine: EngineUnderTest {
  private var folder: String
  private var outbox: Outbox
  private var crashes = 0

  init(folder: String) throws {
    self.folder = folder
    outbox = try Outbox(path: folder + "/outbox.sqlite")
  }

  deinit { try? outbox.close() }

  var store: Store { outbox }

  /// What a killed process leaves: the files as they are, no log folded in.
  func crash() throws {
    crashes += 1
    let next = "\(folder)/\(crashes)"
    try copyOutbox(from: folder, to: next)
    try outbox.close()
    folder = next
    outbox = try Outbox(path: folder + "/outbox.sqlite")
  }

  func damage(_ name: BatchName) throws {
    try DatabaseQueue(path: folder + "/outbox.sqlite").write { db in
      try db.execute(
        sql: "UPDATE batch SET item_index = x'FF' WHERE file_id = ? AND position = ?",
        arguments: [name.file.text, name.position])
    }
  }

  func findings() throws -> [String] { try OutboxHealth.examine(folder + "/outbox.sqlite")?.findings ?? [] }
}

private final class PostgresEngine: EngineUnderTest {
  private let server: PostgresServer
  private let schema: (connection: String, name: String)
  private var outbox: Outbox

  init(_ server: PostgresServer) async throws {
    self.server = server
    schema = try await server.newSchema()
    outbox = try Outbox(postgres: PostgresOptions(connection: schema.connection))
  }

  deinit { try? outbox.close() }

  var store: Store { outbox }

  /// The server ends the sessions of a process that died; what it committed is there.
  func crash() async throws {
    try outbox.close()
    outbox = try Outbox(postgres: PostgresOptions(connection: schema.connection))
  }

  func damage(_ name: BatchName) async throws {
    try await server.run(
      """
      UPDATE \(schema.name).batch SET item_index = '\\xFF'
      WHERE file_id = '\(name.file.text)' AND position = '\(name.position)'
      """)
  }

  func findings() throws -> [String] { [] }
}
