package import Core

/// What dispatch needs from an outbox: to read a target's line, to lease batches, and to write down their outcomes.
///
/// Only one daemon at a time dispatches a target. Each writing call is one commit: all of it happens, or nothing. Every
/// call may fail with `OutboxError`, and may then be repeated.
///
/// Files are named, here and in batches' names, by their places in the line (`LineFile.id`), except where it says *own
/// id*. The two differ only for files that were released after their claim.
package protocol DispatchStore: Sendable {
  /// The next batches of published files in line for a target, after `last`, in name order.
  func line(for target: String, after last: BatchName?, limit: Int) async throws(OutboxError) -> LinePage

  /// The next batches of one file, after `position`.
  func batches(of file: FileID, after position: String?, limit: Int) async throws(OutboxError) -> LinePage

  /// Those of these batches that exist, in name order.
  func batches(_ names: [BatchName]) async throws(OutboxError) -> LinePage

  /// The next postponed batches of a target after `last`, by due time, then by name.
  ///
  /// A batch is postponed if `postpone`, `takeBack` with a reason, `split`, or `settle` with a rest wrote it.
  func postponed(
    for target: String, after last: (due: QueueTime, name: BatchName)?, limit: Int
  ) async throws(OutboxError) -> LinePage

  /// The target's first published file after `last` that has batches left.
  func oldestFile(for target: String, after last: FileID?) async throws(OutboxError) -> LineFile?

  /// What dispatch has to know of a target's published files before it reads the line.
  func files(for target: String) async throws(OutboxError) -> TargetFiles

  /// Counts an attempt with an unknown outcome for each batch, and returns what to send, in the same order.
  ///
  /// If one of them does not exist, has a different number of attempts, or can't be read, none is counted.
  /// - Parameter due: applies only at the start after a crash, if nothing else was ever written about this attempt. It
  ///   keeps a request that crashes the daemon from being sent at the pace of the restarts.
  func lease(
    _ batches: [(name: BatchName, attempts: Int)], dueAfterCrash due: QueueTime
  ) async throws(OutboxError) -> LeaseResult

  /// The items and bytes of a batch, without counting an attempt; nil if there is no such batch.
  func content(of name: BatchName) async throws(OutboxError) -> QueuedContent?

  /// Writes down what one request meant for its batches, or, if `request` is nil, what is done without one.
  ///
  /// - Returns: what is left of each, in the same order. A batch that does not exist is ignored.
  func apply(
    _ changes: [(name: BatchName, change: BatchChange)], request: RequestFacts?
  ) async throws(OutboxError) -> [ChangeResult]

  /// Makes postponed batches due: all of them, those of a file with this own id, or a target's. Returns how many.
  func makeDue(file: FileID?, target: String?, at now: QueueTime) async throws(OutboxError) -> Int

  /// Marks a queued file, by its own id, as cancelled; dispatch rejects what is left of it. Durable once it returns.
  ///
  /// - Returns: whether the file is queued.
  func cancel(_ file: FileID) async throws(OutboxError) -> Bool

  /// Stores what a target is doing, for `status`.
  func note(target: String, state: TargetState, reason: Hindrance?, until: QueueTime?) async throws(OutboxError)
}

extension DispatchStore {
  package func oldestFile(for target: String) async throws(OutboxError) -> LineFile? {
    try await oldestFile(for: target, after: nil)
  }
}

/// A target's published files, as far as the beginning of the line does not show them.
package struct TargetFiles: Sendable, Equatable {
  /// The last one whose inbox has an order; nil if there is none.
  package var newestOrdered: FileID?
  /// Those that an operator cancelled and that still have batches: they may be far behind in the line.
  package var cancelled: [FileID]

  package init(newestOrdered: FileID?, cancelled: [FileID] = []) {
    self.newestOrdered = newestOrdered
    self.cancelled = cancelled
  }
}

package enum LeaseResult: Sendable, Equatable {
  case leased([QueuedBatch])
  /// These no longer exist, or have changed: the line has to be read again.
  case stale([BatchName])
  /// These can't be read.
  case damaged([BatchName])
}

/// The content of a batch, and why it waits, if known.
package struct QueuedContent: Sendable, Equatable {
  package var batch: QueuedBatch
  package var problem: String?

  package init(batch: QueuedBatch, problem: String?) {
    self.batch = batch
    self.problem = problem
  }
}

/// What reporting holds needs from an outbox. Each writing call is one commit.
package protocol HoldStore: Sendable {
  /// The target's hold, as an earlier run left it; nil if there is none.
  func hold(of target: String) async throws(OutboxError) -> HoldWatch.Hold?

  /// Stores a target's hold, or with nil that it is over, and queues the notice that reports it.
  func keep(_ hold: HoldWatch.Hold?, of target: String, notifying notice: Notice?) async throws(OutboxError)
}
