package import Core

/// Rejects items without another attempt: those of a file that an operator cancelled or that is too old.
///
/// Once decided, nothing more of the file is sent. Items that are not part of an in-flight request are rejected at
/// once, some batches per commit. Items in flight are settled by the answer; those that the answer does not settle are
/// rejected then.
extension DispatchState {
  package enum WithdrawalCause: Sendable, Equatable {
    case cancelled
    /// `max_age` has passed.
    case expired
  }

  /// Some of a file's batches that are to be rejected.
  package struct Withdrawal: Sendable, Equatable {
    package var file: FileID
    package var cause: WithdrawalCause
    /// Only batches after this position.
    package var after: String?
    /// Batches that in-flight requests carry.
    var underWay: Set<BatchName>

    /// Whether a batch is spared: it is in flight, or it is a part that has just replaced such a batch, which is not
    /// reported yet.
    package func spares(_ name: BatchName) -> Bool { underWay.containsOrigin(of: name) }
  }

  struct Withdrawn {
    var file: FileID
    var cause: WithdrawalCause
    /// The position up to which batches were rejected.
    var after: String?
    /// Whether everything that is not in flight is rejected.
    var isDone = false
    /// Whether a request has left some of its batches, which the page being rejected may not include.
    var hasLeavings = false
    /// No retry before this time, since the outbox could not be written.
    var againAt: QueueTime?
    var failures = 0
  }

  /// An operator cancelled the file, and this is stored in the outbox.
  package mutating func cancel(_ file: FileID) { withdraw(file, .cancelled) }

  /// Whether some of the file may still be rejected.
  package func isWithdrawing(_ file: FileID) -> Bool { withdrawals.contains { $0.file == file } }

  /// Whether nothing is left of a withdrawn file except what is in flight.
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

  /// These were rejected, the last of a page that ended at `position`; nil if the file has no more.
  package mutating func withdrew(
    _ batches: [WaitingBatch], of file: LineFile, upTo position: String?, at now: QueueTime
  ) {
    isWithdrawing = false
    for batch in batches {
      touch(batch.name)
      line.removed(batch, of: file, at: now)
    }
    line.spillIfFull()
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

  /// A request with batches of these files has ended: what it left of withdrawn files is rejected.
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
    if cause == .expired { lastExpired = file }
    // The search for old files may have ended at this one, whatever it was withdrawn for.
    lookForOldAt = now
  }
}
