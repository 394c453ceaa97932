package import Delivery

/// What dispatch needs of an outbox: to read a target's line, to lease batches, and to write down what became of them.
///
/// One daemon at a time dispatches a target. Each writing call is one commit: all of it happens, or none. Every call may fail with
/// `OutboxError`, and may be repeated then.
package protocol DispatchStore: Sendable {
  /// The next batches in line for a target, behind `last`, in the order of their names: those of files that are published.
  func line(for target: String, after last: BatchName?, limit: Int) async throws(OutboxError) -> LinePage

  /// The next batches of one file, behind `position`.
  func batches(of file: FileID, after position: String?, limit: Int) async throws(OutboxError) -> LinePage

  /// Those of these batches that are there, in the order of their names.
  func batches(_ names: [BatchName]) async throws(OutboxError) -> LinePage

  /// The next postponed batches of a target by the time when they are due, then by name, behind `last`.
  ///
  /// A batch is postponed once `postpone`, `takeBack` with a reason, `split`, or `settle` with a rest has put it there.
  func postponed(
    for target: String, after last: (due: QueueTime, name: BatchName)?, limit: Int
  ) async throws(OutboxError) -> LinePage

  /// The target's first published file behind `last` that has batches left.
  func oldestFile(for target: String, after last: FileID?) async throws(OutboxError) -> LineFile?

  /// The target's last published file whose inbox has an order; nil where there is none.
  func newestOrderedFile(for target: String) async throws(OutboxError) -> FileID?

  /// Counts an attempt of each batch, one whose outcome is open so far, and hands over what to send, in the same order.
  ///
  /// Where one of them is not there, has other attempts than is known, or can't be read, none is counted.
  /// - Parameter due: counts only if nothing else is ever written down about this attempt: for the start after a crash. It keeps a
  ///   request that brings the daemon down from being sent at the pace of the restarts.
  func lease(
    _ batches: [(name: BatchName, attempts: Int)], dueAfterCrash due: QueueTime
  ) async throws(OutboxError) -> LeaseResult

  /// The items and bytes of a batch, without an attempt; nil where there is no such batch.
  func content(of name: BatchName) async throws(OutboxError) -> QueuedContent?

  /// Writes down what one request meant for the batches that it carried, or, where `request` is nil, what is done without one.
  ///
  /// - Parameter resent: how often the same bytes went out besides, on a connection that ended without an answer. Counted as attempts
  ///   whose outcome is open before anything else is written.
  /// - Returns: what is left of each, in the same order. A batch that is not there is left alone.
  func apply(
    _ changes: [(name: BatchName, change: BatchChange)], request: RequestFacts?, resent: Int
  ) async throws(OutboxError) -> [ChangeResult]

  /// Makes postponed batches due: all of them, a file's, or a target's. Returns how many.
  func makeDue(file: FileID?, target: String?, at now: QueueTime) async throws(OutboxError) -> Int

  /// Notes that a file that is queued is to be cancelled; dispatch rejects what is left of it. Durable once it returns.
  ///
  /// - Returns: whether the file is queued.
  func cancel(_ file: FileID) async throws(OutboxError) -> Bool

  /// Keeps, for `status`, what a target is doing.
  func note(target: String, state: String, reason: String?, until: QueueTime?) async throws(OutboxError)
}

extension DispatchStore {
  package func oldestFile(for target: String) async throws(OutboxError) -> LineFile? {
    try await oldestFile(for: target, after: nil)
  }
}

package enum LeaseResult: Sendable, Equatable {
  case leased([QueuedBatch])
  /// These are not there any more, or are not as they were known: the line has to be read again.
  case stale([BatchName])
  /// These can't be read.
  case damaged([BatchName])
}

/// What a batch holds, and why it waits, as far as that is known.
package struct QueuedContent: Sendable, Equatable {
  package var batch: QueuedBatch
  package var problem: String?

  package init(batch: QueuedBatch, problem: String?) {
    self.batch = batch
    self.problem = problem
  }
}
