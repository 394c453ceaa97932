internal import Synchronization

/// Groups writes that arrive during a commit into the next one.
///
/// A commit's own cost (locks, the log's pages) exceeds that of a small write's changes. Each write succeeds or fails
/// by itself: a savepoint rolls back only the failed one.
final class CommitGroup: Sendable {
  struct Write: Sendable {
    /// Makes the changes.
    let run: @Sendable (Connection) -> Outcome
    /// Reports to the caller that nothing was changed, since no commit could even be begun.
    let reject: @Sendable (any Error) -> Void
  }

  struct Outcome {
    /// Why the changes have to be rolled back.
    let error: (any Error)?
    /// Reports to the caller that the commit is made, or why it could not be.
    let resume: ((any Error)?) -> Void
  }

  private let waiting = Mutex<[Write]>([])

  func add(_ write: Write, to engine: any OutboxEngine) {
    let isFirst = waiting.withLock { waiting in
      waiting.append(write)
      return waiting.count == 1
    }
    guard isFirst else { return }
    engine.withWriter { [self] db in
      let writes = waiting.withLock { waiting in
        defer { waiting = [] }
        return waiting
      }
      commit(writes, db)
    }
  }

  private func commit(_ writes: [Write], _ db: Connection) {
    var outcomes: [Outcome] = []
    var failure: (any Error)?
    do {
      try db.inTransaction {
        for write in writes {
          // A write that is alone is the whole transaction.
          guard writes.count > 1 else {
            outcomes.append(write.run(db))
            if let error = outcomes[0].error { throw error }
            return
          }
          try db.inSavepoint {
            outcomes.append(write.run(db))
            return outcomes.last?.error
          }
        }
      }
    } catch {
      failure = error
    }
    for outcome in outcomes { outcome.resume(failure) }
    for write in writes.dropFirst(outcomes.count) { write.reject(failure ?? CancellationError()) }
  }
}
