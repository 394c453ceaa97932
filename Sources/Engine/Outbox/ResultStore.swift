package import Delivery

/// What the writing of results needs of an outbox.
package protocol ResultStore: Sendable {
  /// Files that wait for their results to be written, oldest first, all commits so far made durable.
  ///
  /// Sets `completedAt` once, never before `receivedAt`, so that a receipt that has to be written again after a crash says the same.
  func secureFinished(after last: FileID?, limit: Int, at now: Timestamp) async throws(OutboxError) -> [FileRecord]

  /// The requests that settled items of a file, in order. Blocks.
  func settled(_ id: FileID) throws(OutboxError) -> [SettledBatch]

  /// A file's rejected items behind item number `item`, in the file's order. Blocks.
  func refused(_ id: FileID, after item: Int, limit: Int) throws(OutboxError) -> [Refusal]

  /// What operators ordered for a file, in order. Blocks.
  func orders(_ id: FileID) throws(OutboxError) -> [FileOrder]

  /// Keeps an order that an operator gave for a file that is under way; of any other nothing is kept.
  func keep(_ order: FileOrder, for id: FileID) async throws(OutboxError)

  /// The way of these files ends: their rows go, and what is kept of them is their history and, of the last ones, the receipt (without batches).
  ///
  /// `digest`: SHA-256 of the receipt as it was written, in hexadecimal.
  func finish(
    _ files: [(record: FileRecord, status: String, receipt: String, digest: String)]) async throws(OutboxError)
}

/// What an operator ordered for a file, as its receipt has it.
package struct FileOrder: Sendable, Equatable {
  package var at: Timestamp
  /// `cancel`, `retry` …
  package var order: String
  /// Who gave it: a user's name, or number where it has none.
  package var by: String

  package init(at: Timestamp, order: String, by: String) {
    self.at = at
    self.order = order
    self.by = by
  }
}
