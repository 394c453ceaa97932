internal import Engine
internal import GRDB

/// One SQLite file: a connection that writes, and two that read.
struct SQLiteEngine: OutboxEngine {
  let pool: DatabasePool
  let place: String

  init(path: String, readonly: Bool) throws(OutboxError) {
    place = path
    var configuration = Configuration()
    configuration.readonly = readonly
    configuration.maximumReaderCount = 2
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in
      // Readers are set up by the same closure. Most of what they read is read only once, and the system caches it too.
      guard !db.configuration.readonly else { return try db.execute(sql: "PRAGMA cache_size = -1024") }
      // Page size and vacuum take effect only while the file is still empty. NORMAL: see "Durability" in `Outbox`.
      // The log is checkpointed every 32 MiB, four times SQLite's default: pages that commit after commit changes are
      // then written and synced once. It is truncated afterwards; otherwise one large file would leave it large.
      // What a savepoint may have to restore is a few pages: a temporary file for each would cost more than the commit.
      // Debian's SQLite writes zeros over each page that is freed, twice: into the log and into the file. All that the
      // outbox holds is in the archive, too, and both are the daemon's alone, so that would protect nothing; FAST does
      // it only where a page is written anyway.
      try db.execute(
        sql: """
          PRAGMA page_size = 8192;
          PRAGMA auto_vacuum = INCREMENTAL;
          PRAGMA synchronous = NORMAL;
          PRAGMA wal_autocheckpoint = 4000;
          PRAGMA journal_size_limit = 16777216;
          PRAGMA cache_size = -4096;
          PRAGMA temp_store = MEMORY;
          PRAGMA secure_delete = FAST;
          """)
    }
    do {
      pool = try DatabasePool(path: path, configuration: configuration)
    } catch {
      throw OutboxError(error, path: path)
    }
  }

  func withWriter(_ body: @escaping @Sendable (Connection) -> Void) {
    pool.asyncWriteWithoutTransaction { db in body(Connection(db)) }
  }

  func write<Value>(_ body: (Connection) throws -> Value) throws -> Value {
    try pool.write { db in try body(Connection(db)) }
  }

  func read<Value>(_ body: (Connection) throws -> Value) throws -> Value {
    try pool.read { db in try body(Connection(db)) }
  }

  func withReader(_ body: @escaping @Sendable (Result<Connection, any Error>) -> Void) {
    pool.asyncRead { database in body(database.map { Connection($0) }) }
  }

  func outboxError(_ error: any Error) -> OutboxError { OutboxError(error, path: place) }

  /// With the log folded into the file.
  ///
  /// GRDB closes its readers after the writer, and the last one to close folds in the log only if it may write. A
  /// reader open at this moment prevents it too; then the next one to open the file does it.
  func close() throws {
    if !pool.configuration.readonly {
      try? pool.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA busy_timeout = 500")
        try db.checkpoint(.truncate)
      }
    }
    try pool.close()
  }
}
