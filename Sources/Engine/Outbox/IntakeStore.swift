package import Core

/// What intake needs from an outbox.
package protocol IntakeStore: Sendable {
  /// Runs `body` in one commit. Blocks: for the reader's own thread.
  ///
  /// - Throws: what `body` throws, as an `OutboxError`; the commit is rolled back then.
  func commit<Value>(_ body: (any IntakeCommit) throws -> Value) throws(OutboxError) -> Value

  /// Claimed files whose reading has begun but not ended, in id order.
  func unreadFiles() async throws(OutboxError) -> [FileRecord]

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
  /// time and the owner stay.
  func begin(_ file: NewFile) throws

  /// Adds batches, in order, and rejected items of a file that is being read; none of it can be sent yet.
  ///
  /// `ordinal` counts the file's batches from 1.
  func stage(
    _ batches: [(ordinal: Int, batch: QueuedBatch)], rejects: [Reject], of id: FileID, target: String) throws

  /// Makes all of a file sendable; a file with nothing to send is finishing at once.
  func publish(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws

  /// Drops what was staged of a file that is unusable as a whole; it is then finishing, with nothing but the error.
  func fail(_ id: FileID, facts: FileFacts, fault: FileFault) throws

  /// Forgets a file that went back to its inbox.
  func forget(_ id: FileID) throws

  /// The first file with the same bytes dropped in the same inbox, and whether any of it went, or may go, to the API.
  func original(sha256: String, inbox: String, before id: FileID) throws -> (id: FileID, wasUsed: Bool)?

  /// Stores what became known of expected files, with the alarms that follow from it: each is told once.
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

  package init(
    id: FileID, inbox: String, name: [UInt8], owner: String? = nil, receivedAt: Timestamp, claimedAt: QueueTime
  ) {
    self.id = id
    self.inbox = inbox
    self.name = name
    self.owner = owner
    self.receivedAt = receivedAt
    self.claimedAt = claimedAt
  }
}
