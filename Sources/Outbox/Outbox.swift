package import Engine
internal import Glibc
internal import Dispatch
internal import GRDB

/// The queue between dropped files and the APIs: one SQLite file.
///
/// # The path of a file
///
/// The state of a file is recorded in three places that change one after the other, never together: the folders, the
/// `file` table, and the `history` table. The id (a ULID) is part of the claimed file's name, so each place can be
/// matched with the others.
///
///     inbox/name ──claim──▶ work/<id>.name                        (no row)
///       begin()     row `reading`     batches are being staged, none can be sent
///       publish()   row `queued`      all batches at once become sendable
///       apply()     row `finishing`   after the last batch has settled; or fail(), if the whole file can't be used
///       (results)                     rejects file, receipt, original to archive/ or rejected/
///       finish()    row gone, `history` has the receipt
///
/// What is found at a start, and what is then done:
///
/// | found | done |
/// | --- | --- |
/// | file in `work/`, no row, no history | it is read from its beginning |
/// | row `reading` | staged data is dropped, the file is read from its beginning; the row keeps claim time and owner |
/// | row `queued` | its batches are sent; one in flight counts as unanswered (outcome unknown) and is sent again |
/// | row `finishing` | the result files are written again under the same names, replacing them; then finish() |
/// | file in `work/`, no row, but history | only the last rename is missing: the file is moved |
///
/// # The path of a batch
///
/// A row in `batch`, its bytes in `body`. For a JSON file, `body` has only the bytes that are not in the claimed file,
/// the places of those that are, and the tags of the items (`SourceTag`). If that file is gone, the batch waits and
/// reports it; items that were changed there are rejected. `lease()` counts an attempt before anything is sent, so that
/// a crash can't hide a request. Then `apply()` does one of these: settle (row gone, one row in `settled`, rejected
/// items in `refused`), settle with a rest (items that the answer did not name, or that were beside changed ones,
/// become a new batch in the same place), split (parts in its place), postpone (due later), take back (nothing went
/// out). `position` orders the batches of a file: eight digits, and one more digit for each split, which sorts parts
/// into the place of the whole. File and position are a batch's name; the row's own number only joins it with its body.
///
/// # Released files
///
/// A file of an inbox with `release: manual` counts as dropped when it is released. Then it gets a place in the line
/// behind everything that was claimed before: `file.line_id`, an id that names nothing else. Tables know files by their
/// own ids, and dispatch knows them by their places; this class translates (`ReleasedFiles`).
///
/// # Time
///
/// `due_at_ms`, `until_ms` and `claimed_at_ms` are in the queue's clock (`QueueClock`), which never jumps; `clock`
/// keeps its last mark. The human-readable views convert them with that mark and the machine's clocks.
///
/// # Durability
///
/// Commits do not wait for the disk (WAL, `synchronous=NORMAL`): what a power failure takes back is sent again, and an
/// upsert may be repeated. Before the results of a file are written, `secureFinished()` makes all commits so far
/// durable, so a receipt never reports what a power failure could undo.
///
/// SQLite before 3.51.3 may lose pages when two connections write or checkpoint at the same instant ("WAL-reset bug"),
/// so one process, which holds the state's lock, has the one connection that writes; everything else opens the file
/// read-only.
package final class Outbox: Sendable {
  let engine: any OutboxEngine
  private let group = CommitGroup()
  let released = ReleasedFiles()
  /// Where commits of megabytes are made, one after the other in the order in which they come: with a lock, a reader
  /// could wait for its turn until it counts as stuck. See `IntakeStore.commitLarge`.
  let largeCommits = DispatchQueue(label: "large commits")
  /// For messages: the file's path, or where the database is.
  package let path: String
  /// Whether there was no outbox before this opened it.
  package let isNew: Bool

  /// Opens, or creates with mode 0600, the outbox for writing.
  ///
  /// - Throws: `OutboxError.newer` for a database of a newer upsertd, which is left untouched; `.damaged` if SQLite
  ///   can't read it; `.unusable` for a file or folder that can't be written.
  package convenience init(path: String) throws(OutboxError) {
    try Self.rollBackCreation(at: path)
    try Self.look(at: path) { db in
      try Self.refuseNewer(db, path: path)
      try Self.refuseDamaged(db, path: path)
    }
    let isNew = try Self.bytes(at: path) ?? 0 == 0
    try Self.createPrivately(path: path)
    let engine = try SQLiteEngine(path: path, readonly: false)
    self.init(engine, isNew: isNew)
    do {
      try Schema.migrator.migrate(engine.pool)
    } catch {
      throw OutboxError(error, path: path)
    }
    try takeOver()
  }

  /// Opens an existing outbox read-only, beside the daemon that writes it.
  package convenience init(reading path: String) throws(OutboxError) {
    try Self.look(at: path) { db in try Self.refuseNewer(db, path: path) }
    self.init(try SQLiteEngine(path: path, readonly: true), isNew: false)
  }

  init(_ engine: any OutboxEngine, isNew: Bool) {
    self.engine = engine
    path = engine.place
    self.isNew = isNew
  }

  /// Drops what a read left that a crash cut short: the claimed file is read again, and its row keeps when it was
  /// claimed and who owned it.
  func takeOver() throws(OutboxError) {
    do {
      try engine.write { db in
        for table in ["batch", "refused"] {
          try db.execute(sql: "DELETE FROM \(table) WHERE file_id IN (SELECT id FROM file WHERE state = 'reading')")
        }
        try released.load(db)
      }
    } catch {
      throw engine.outboxError(error)
    }
  }

  static func refuseNewer(_ db: Database, path: String) throws {
    guard try Schema.migrator.hasBeenSuperseded(db) else { return }
    throw OutboxError(
      .newer, path: path,
      reason: "it was written by a newer upsertd; install that version again, or set `state` to another folder")
  }

  /// Reads every table except the bodies, which may be large; a damaged body is found when it is sent.
  ///
  /// <https://www.sqlite.org/pragma.html#pragma_quick_check>, with a table's name from 3.33 on.
  private static func refuseDamaged(_ db: Database, path: String) throws {
    if let fault = try Schema.faults(db).first {
      throw OutboxError(.damaged, path: path, reason: "it is damaged (\(fault))")
    }
    let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'body'")
    for table in tables where !table.hasPrefix("sqlite_") {
      let found = try String.fetchOne(db, sql: "PRAGMA quick_check('\(table)')") ?? ""
      guard found != "ok" else { continue }
      throw OutboxError(
        .damaged, path: path,
        reason: "it is damaged (table \(table))")
    }
  }

  /// SQLite gives its companions (`-wal`, `-shm`) the mode of the database.
  private static func createPrivately(path: String) throws(OutboxError) {
    let descriptor = Glibc.open(path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw OutboxError(.unusable, path: path, reason: String(cString: strerror(errno)))
    }
    fchmod(descriptor, 0o600)
    Glibc.close(descriptor)
  }

  package func close() throws(OutboxError) {
    do { try engine.close() } catch { throw engine.outboxError(error) }
  }

  /// Runs `body` in a transaction, perhaps together with others, outside Swift's own threads, and is never cut short
  /// when a task is cancelled.
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (Connection) throws -> Value
  ) async throws(OutboxError) -> Value {
    let result = await withCheckedContinuation { (done: CheckedContinuation<Result<Value, any Error>, Never>) in
      group.add(
        CommitGroup.Write(
          run: { db in
            let result = Result { try body(db) }
            var error: (any Error)?
            if case .failure(let reason) = result { error = reason }
            return CommitGroup.Outcome(error: error) { done.resume(returning: $0.map { .failure($0) } ?? result) }
          }, reject: { done.resume(returning: .failure($0)) }), to: engine)
    }
    do { return try result.get() } catch { throw engine.outboxError(error) }
  }

  /// Like `write`, in a commit of its own that waits for the disk, and so also for every commit before it.
  ///
  /// With SQLite, a commit with FULL waits for the whole log; PostgreSQL's waits for all of it up to the commit.
  func writeDurably<Value: Sendable>(
    _ body: @escaping @Sendable (Connection) throws -> Value
  ) async throws(OutboxError) -> Value {
    let result = await withCheckedContinuation { (done: CheckedContinuation<Result<Value, any Error>, Never>) in
      engine.withWriter { db in
        done.resume(
          returning: Result {
            var value: Value?
            try db.inTransaction(isDurable: true) { value = try body(db) }
            guard let value else { throw CancellationError() }
            return value
          })
      }
    }
    do { return try result.get() } catch { throw engine.outboxError(error) }
  }

  /// Reads the last committed state; does not wait for writers.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Connection) throws -> Value
  ) async throws(OutboxError) -> Value {
    let result = await withCheckedContinuation { (done: CheckedContinuation<Result<Value, any Error>, Never>) in
      engine.withReader { connection in done.resume(returning: Result { try body(connection.get()) }) }
    }
    do { return try result.get() } catch { throw engine.outboxError(error) }
  }

  /// Like `read`, for a caller that has a thread to itself.
  func readNow<Value>(_ body: (Connection) throws -> Value) throws(OutboxError) -> Value {
    do { return try engine.read(body) } catch { throw engine.outboxError(error) }
  }
}

extension OutboxError {
  init(_ error: any Error, path: String) {
    if let error = error as? OutboxError {
      self = error
      // Statements do not know where they run.
      if self.path.isEmpty { self.path = path }
      return
    }
    guard let error = error as? DatabaseError else {
      self.init(.failing, path: path, reason: String(describing: error))
      return
    }
    let code: Code =
      switch error.resultCode {
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged
      // A file that was cut off.
      case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHORT_READ: .damaged
      case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM: .unusable
      default: .failing
      }
    let words = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    if error.resultCode == .SQLITE_ERROR, words.hasPrefix("no such ") {
      self.init(
        .older, path: path,
        reason: "it was written by an older upsertd (\(words)); `upsertd run` upgrades it when it starts")
      return
    }
    // Only SQLite's own words: its statements and their arguments hold item contents.
    self.init(code, path: path, reason: words)
  }
}
