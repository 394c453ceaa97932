package import Delivery

/// What intake needs of an outbox.
package protocol IntakeStore: Sendable {
  /// Runs `body` in one commit. Blocks: for the reader's own thread.
  ///
  /// - Throws: what `body` throws, as an `OutboxError`; nothing of the commit is kept then.
  func commit<Value>(_ body: (any IntakeCommit) throws -> Value) throws(OutboxError) -> Value

  /// Files that were claimed and whose reading has begun, but not ended, in the order of their ids.
  func unreadFiles() async throws(OutboxError) -> [FileRecord]

  /// Keeps the clock's mark: see `QueueClock`.
  func keep(_ mark: QueueClock.Mark) async throws(OutboxError)

  /// The mark kept last.
  func clockMark() async throws(OutboxError) -> QueueClock.Mark?
}

/// What a file's reading leaves in the outbox, in one commit or in several.
package protocol IntakeCommit {
  /// Opens a row for a claimed file that is about to be read. What an earlier try staged of it goes; when it was claimed, and who owned it, stays.
  func begin(_ file: NewFile) throws

  /// Adds batches, in order, and rejected items of a file that is being read; nothing of it can be sent yet.
  ///
  /// `ordinal` counts the file's batches from 1.
  func stage(
    _ batches: [(ordinal: Int, batch: QueuedBatch)], refused: [Refusal], of id: FileID, target: String) throws

  /// Makes everything of a file sendable; a file without anything to send is finishing at once.
  func publish(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws

  /// Drops what was staged of a file that can't be used as a whole; it is finishing, with nothing but the error.
  func fail(_ id: FileID, facts: FileFacts, fault: FileFault) throws

  /// Forgets a file that went back to its inbox.
  func forget(_ id: FileID) throws

  /// The first file with the same bytes that was dropped in the same inbox, and whether something of it went, or may go, to the API.
  func original(sha256: String, inbox: String, before id: FileID) throws -> (id: FileID, wasUsed: Bool)?
}

/// A file that was just claimed.
package struct NewFile: Sendable, Equatable {
  package var id: FileID
  package var inbox: String
  /// As dropped; bytes.
  package var name: [UInt8]
  /// Who owned it when it was dropped: a user's name, or number where it has none.
  package var owner: String?
  /// By the wall clock, for people.
  package var receivedAt: Timestamp
  /// By the queue's clock: the file's age counts from here.
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
