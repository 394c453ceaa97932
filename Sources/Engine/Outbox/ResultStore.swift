package import Core

/// What writing results needs from an outbox.
package protocol ResultStore: Sendable {
  /// Files waiting for their results to be written, oldest first. Makes all commits so far durable.
  ///
  /// Sets `completedAt` once, never before `receivedAt`, so that a receipt written again after a crash is the same.
  func secureFinished(after last: FileID?, limit: Int, at now: Timestamp) async throws(OutboxError) -> [FileRecord]

  /// The requests that settled items of a file, in order. Blocks.
  func settled(_ id: FileID) throws(OutboxError) -> [SettledBatch]

  /// The positions of the same requests, without those that were never sent: the order in which a receipt numbers them.
  /// Blocks.
  func settledPositions(_ id: FileID) throws(OutboxError) -> [String]

  /// A file's rejected items after item number `item`, in file order. Blocks.
  func rejects(_ id: FileID, after item: Int, limit: Int) throws(OutboxError) -> [Reject]

  /// The accepted items of a file that lists them, a settled batch each: the next ones after the one whose lowest item
  /// number is `item`, by that number. Blocks.
  func accepted(_ id: FileID, after item: Int, limit: Int) throws(OutboxError) -> [AcceptedBatch]

  /// The orders that operators gave for a file, in order. Blocks.
  func orders(_ id: FileID) throws(OutboxError) -> [FileOrder]

  /// Stores an operator's order for an unfinished file; ignores it for any other file.
  func keep(_ order: FileOrder, for id: FileID) async throws(OutboxError)

  /// Ends these files: their rows are deleted, at once or, where there are many, a little later. Their history is kept and, for the most recent ones, the receipt
  /// (without batches).
  ///
  /// `digest`: SHA-256 of the receipt as it was written, in hexadecimal.
  func finish(
    _ files: [(record: FileRecord, status: String, receipt: String, digest: String)]) async throws(OutboxError)
}

/// The accepted items of a settled batch, and the answer that settled them.
package struct AcceptedBatch: Sendable, Equatable {
  /// The lowest of their numbers.
  package var first: Int
  /// The batch's: see `settledPositions`.
  package var position: String
  package var requestID: String?
  package var sentAt: Timestamp?
  package var answeredAt: Timestamp?
  /// For `AcceptedItemReader`.
  package var items: [UInt8]

  package init(
    first: Int, position: String, requestID: String?, sentAt: Timestamp?, answeredAt: Timestamp?, items: [UInt8]
  ) {
    self.first = first
    self.position = position
    self.requestID = requestID
    self.sentAt = sentAt
    self.answeredAt = answeredAt
    self.items = items
  }
}

/// An operator's order for a file, as its receipt shows it.
package struct FileOrder: Sendable, Equatable {
  package var at: Timestamp
  /// `cancel`, `retry` …
  package var order: String
  /// Who gave it: a user name, or the number if it has no name.
  package var by: String

  package init(at: Timestamp, order: String, by: String) {
    self.at = at
    self.order = order
    self.by = by
  }
}
