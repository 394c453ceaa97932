package import Delivery

/// Items that are rejected without another attempt: those of a file that an operator cancelled, or that is too old.
///
/// It is one decision: from then on nothing of the file is sent. What no request carries is rejected at once, some batches in one commit. What is
/// under way is settled by its answer; what the answer does not settle is rejected then.
extension DispatchState {
  package enum WithdrawalCause: Sendable, Equatable {
    case cancelled
    /// `max_age` is over.
    case expired
  }

  /// Some batches of a file that are to be rejected.
  package struct Withdrawal: Sendable, Equatable {
    package var file: FileID
    package var cause: WithdrawalCause
    /// Those behind this position.
    package var after: String?
    /// Requests carry these.
    var underWay: Set<BatchName>

    /// Whether a batch is left alone: a request carries it, or has just been replaced by it and others, which is not told yet.
    package func spares(_ name: BatchName) -> Bool { underWay.containsOrigin(of: name) }
  }

  struct Withdrawn {
    var file: FileID
    var cause: WithdrawalCause
    /// Up to where it was rejected.
    var after: String?
    /// Whether all that no request carries is rejected.
    var isDone = false
    /// Whether a request has left batches of it that the page under way may not have.
    var hasLeavings = false
    /// Not before, since the outbox could not be written.
    var againAt: QueueTime?
    var failures = 0
  }

  /// An operator cancelled the file, and the outbox knows.
  package mutating func cancel(_ file: FileID) { withdraw(file, .cancelled) }

  /// Whether something of the file may still be rejected.
  package func isWithdrawing(_ file: FileID) -> Bool { withdrawals.contains { $0.file == file } }

  /// Whether nothing of a withdrawn file is left but what is under way.
  package func isRejected(_ file: FileID) -> Bool { withdrawals.first { $0.file == file }?.isDone ?? true }

  mutating func withdraw(_ file: FileID, _ cause: WithdrawalCause) {
    guard !isWithdrawing(file) else { return }
    withdrawals.append(Withdrawn(file: file, cause: cause))
    line.withdraw(file)
  }

  mutating func nextWithdrawal(at now: QueueTime) -> Withdrawal? {
    guard !isWithdrawing, !isStopping,
      let next = withdrawals.first(where: { !$0.isDone && $0.againAt ?? now <= now })
    else { return nil }
    isWithdrawing = true
    return Withdrawal(
      file: next.file, cause: next.cause, after: next.after, underWay: underWay.filter { $0.file == next.file })
  }

  var withdrawAgainAt: QueueTime? {
    isWithdrawing ? nil : withdrawals.lazy.filter { !$0.isDone }.compactMap(\.againAt).min()
  }

  /// These were rejected, the last of a page that ended at `position`; nil where the file has no more.
  package mutating func withdrew(
    _ batches: [WaitingBatch], of file: LineFile, upTo position: String?, at now: QueueTime
  ) {
    isWithdrawing = false
    for batch in batches {
      touch(batch.name)
      line.removed(batch, of: file, at: now)
    }
    guard let index = withdrawals.firstIndex(where: { $0.file == file.id }) else { return }
    withdrawals[index].failures = 0
    withdrawals[index].againAt = nil
    goOn(index, behind: position, at: now)
  }

  private mutating func goOn(_ index: Int, behind position: String?, at now: QueueTime) {
    let file = withdrawals[index].file
    if withdrawals[index].hasLeavings {
      withdrawals[index].hasLeavings = false
      withdrawals[index].after = nil
    } else if let position {
      withdrawals[index].after = position
    } else {
      withdrawals[index].isDone = true
      endWithdrawal(of: file, at: now)
    }
  }

  /// The file has no batches left that could be rejected.
  package mutating func withdrewNothing(of file: FileID, at now: QueueTime) {
    isWithdrawing = false
    guard let index = withdrawals.firstIndex(where: { $0.file == file }) else { return }
    goOn(index, behind: nil, at: now)
  }

  package mutating func withdrawFailed(_ file: FileID, at now: QueueTime) {
    isWithdrawing = false
    guard let index = withdrawals.firstIndex(where: { $0.file == file }) else { return }
    withdrawals[index].failures += 1
    withdrawals[index].againAt =
      now + min(.seconds(5), options.backoff.ceiling(failures: withdrawals[index].failures))
  }

  /// A request that carried batches of these files has ended: what it left of withdrawn ones is rejected.
  mutating func withdrawLeavings(of files: Set<FileID>, at now: QueueTime) {
    for index in withdrawals.indices where files.contains(withdrawals[index].file) {
      withdrawals[index].isDone = false
      withdrawals[index].after = nil
      withdrawals[index].hasLeavings = isWithdrawing
    }
  }

  private mutating func endWithdrawal(of file: FileID, at now: QueueTime) {
    guard !underWay.contains(where: { $0.file == file }),
      let index = withdrawals.firstIndex(where: { $0.file == file && $0.isDone })
    else { return }
    let cause = withdrawals[index].cause
    withdrawals.remove(at: index)
    line.ended(file)
    endedWithdrawals.append(file)
    if cause == .expired {
      lastExpired = file
      lookForOldAt = now
    }
  }
}
