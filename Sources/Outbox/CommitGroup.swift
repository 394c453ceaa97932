internal import GRDB
internal import Synchronization

/// Puts writes that come while a commit is under way into one commit, the next.
///
/// A commit's own cost (locks, the log's pages) is more than that of what a small write changes. Each write succeeds or fails by
/// itself: a savepoint takes back only what the failed one did.
final class CommitGroup: Sendable {
  struct Write: Sendable {
    /// Makes the changes.
    let run: @Sendable (Database) -> Outcome
    /// Tells the caller that nothing was changed, since no commit could even be begun.
    let refuse: @Sendable (any Error) -> Void
  }

  struct Outcome {
    /// Why the changes have to be taken back.
    let error: (any Error)?
    /// Tells the caller, once the commit is made, or with the reason why it could not be.
    let tell: ((any Error)?) -> Void
  }

  private let waiting = Mutex<[Write]>([])

  func add(_ write: Write, to pool: DatabasePool) {
    let isFirst = waiting.withLock { waiting in
      waiting.append(write)
      return waiting.count == 1
    }
    guard isFirst else { return }
    pool.asyncWriteWithoutTransaction { [self] db in
      let writes = waiting.withLock { waiting in
        defer { waiting = [] }
        return waiting
      }
      commit(writes, db)
    }
  }

  private func commit(_ writes: [Write], _ db: Database) {
    var outcomes: [Outcome] = []
    var failure: (any Error)?
    do {
      try db.inTransaction(.immediate) {
        for write in writes {
          try db.inSavepoint {
            let outcome = write.run(db)
            outcomes.append(outcome)
            guard let error = outcome.error else { return .commit }
            // A full disk takes back the whole transaction at once, savepoints and all.
            if !db.isInsideTransaction { throw error }
            return .rollback
          }
        }
        return .commit
      }
    } catch {
      failure = error
    }
    for outcome in outcomes { outcome.tell(failure) }
    for write in writes.dropFirst(outcomes.count) { write.refuse(failure ?? CancellationError()) }
  }
}
