package import Core

/// What intake needs from an outbox.
package protocol IntakeStore: Sendable {
  /// Runs `body` in one commit. Blocks: for the reader's own thread.
  ///
  /// - Throws: what `body` throws, as an `OutboxError`; the commit is rolled back then.
  func commit<Value>(_ body: (any IntakeCommit) throws -> Value) throws(OutboxError) -> Value

  /// The same for megabytes of one file. Only one such commit is under way at a time, so that whoever has little to write
  /// waits for one of them, and not for one of each inbox.
  func commitLarge<Value>(_ body: (any IntakeCommit) throws -> Value) throws(OutboxError) -> Value

  /// Discards what was staged of a file that is not published, in many small commits: one for millions of rows would
  /// hold up everyone who writes. Blocks until all is gone, and calls `onProgress` after each commit; after a crash,
  /// such a file is read again.
  func discardStaged(of id: FileID, onProgress: () -> Void) throws(OutboxError)

  /// Claimed files whose reading has begun but not ended, in id order.
  func unreadFiles() async throws(OutboxError) -> [FileRecord]

  /// Releases a file that waits for it: from now on its place in the line is `line`, and its age counts from `now`. Kept
  /// with the order, and durable once this returns.
  ///
  /// - Returns: whether it waited.
  func release(
    _ id: FileID, as line: FileID, order: FileOrder, at now: QueueTime
  ) async throws(OutboxError) -> Bool

  /// Stores the clock's mark: see `QueueClock`.
  func keep(_ mark: QueueClock.Mark) async throws(OutboxError)

  /// The last stored mark.
  func clockMark() async throws(OutboxError) -> QueueClock.Mark?

  /// What was last stored of expected files; damaged snapshots are left out.
  func expected() async throws(OutboxError) -> [Expectations.Key: ExpectedFiles.Snapshot]
}

/// What reading a file leaves in the outbox, in one commit or several.
package protocol IntakeCommit {
  /// Opens a row for a claimed file that is about to be read. Anything that an earlier try staged is dropped; the claim
  /// time, the owners and what it is a replay of stay.
  func begin(_ file: NewFile) throws

  /// Adds batches, in order, and rejected items of a file that is being read; none of it can be sent yet.
  ///
  /// `ordinal` counts the file's batches from 1.
  func stage(
    _ batches: [(ordinal: Int, batch: QueuedBatch)], rejects: [Reject], of id: FileID, target: String) throws

  /// Makes all of a file sendable; a file with nothing to send is finishing at once.
  ///
  /// The owners of the files that it corrects or repeats become its own other owners, as far as they are known.
  func publish(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws

  /// Keeps what reading a file found that waits for its release; like `publish`, but none of it can be sent yet.
  func hold(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws

  /// Drops what was staged of a file that is unusable as a whole; it is then finishing, with nothing but the error.
  func fail(_ id: FileID, facts: FileFacts, fault: FileFault) throws

  /// Forgets a file that went back to its inbox.
  func forget(_ id: FileID) throws

  /// The first file with the same bytes dropped in the same inbox, and whether any of it went, or may go, to the API.
  func original(sha256: String, inbox: String, before id: FileID) throws -> (id: FileID, wasUsed: Bool)?

  /// Stores what became known of expected files, with the alarms that follow from it: each is reported once.
  func keep(_ changes: ExpectationChanges) throws
}

/// A file that was just claimed.
package struct NewFile: Sendable, Equatable {
  package var id: FileID
  package var inbox: String
  /// As dropped; bytes.
  package var name: [UInt8]
  /// Who owned it when it was dropped: a user name, or the number if it has no name.
  package var owner: String?
  /// By the wall clock, for display.
  package var receivedAt: Timestamp
  /// By the queue's clock; the file's age counts from here.
  package var claimedAt: QueueTime
  /// Only of a replay.
  package var replay: Replay?
  /// Its place in the line, if it was released by an earlier run.
  package var line: FileID?

  package init(
    id: FileID, inbox: String, name: [UInt8], owner: String? = nil, receivedAt: Timestamp, claimedAt: QueueTime,
    replay: Replay? = nil
  ) {
    self.replay = replay
    self.id = id
    self.inbox = inbox
    self.name = name
    self.owner = owner
    self.receivedAt = receivedAt
    self.claimedAt = claimedAt
  }
}
