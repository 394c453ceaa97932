package import Delivery
internal import Foundation
internal import GRDB

/// A batch in line, without its bytes.
package struct WaitingBatch: Sendable {
  package var id: Int64
  package var file: FileID
  package var position: String
  package var inbox: String
  /// As it was dropped; bytes.
  package var fileName: [UInt8]
  package var successMode: SuccessMode
  package var receivedAt: Timestamp
  /// How many items it has.
  package var count: Int
  /// Of the whole body.
  package var bytes: Int
  /// What orders its delivery: no batch with one of these may be sent before it has settled.
  package var keys: [KeyHash]
  /// The keys of its items, whatever orders its delivery.
  package var itemKeys: [KeyHash]
  package var attempts: Int
  /// Attempts without a whole answer; one under way counts.
  package var unanswered: Int
  /// Failures in a row.
  package var failures: Int
  /// Answers that did not name its items.
  package var misses: Int
  package var due: Timestamp
  /// Why it waits, as far as that is known.
  package var problem: String?

  static let columns = """
    SELECT batch.id, batch.file_id, position, inbox, name, ordering, success_mode, received_at_ms, batch.bytes AS bytes, item_index,
      attempts, unanswered, failures, misses, due_at_ms, problem
    FROM batch JOIN file ON file.id = batch.file_id
    """

  init(row: Row) throws {
    guard let file = FileID(row["file_id"] as String), let items = BatchItem.unpack(Array(row["item_index"] as Data))
    else { throw Self.damaged(row["id"]) }
    id = row["id"]
    self.file = file
    count = items.count
    position = row["position"]
    inbox = row["inbox"]
    fileName = Array(row["name"] as Data)
    let whole = KeyHash(inbox: inbox)
    itemKeys = KeySet.distinct(items.map { $0.key ?? whole })
    switch (row["ordering"] as String?).flatMap(Ordering.init(rawValue:)) ?? .key {
    case .none: keys = []
    case .file: keys = [whole]
    case .key: keys = itemKeys
    }
    bytes = row["bytes"]
    successMode = (row["success_mode"] as String?).flatMap(SuccessMode.init(rawValue:)) ?? .partial
    receivedAt = Timestamp(milliseconds: row["received_at_ms"])
    attempts = row["attempts"]
    unanswered = row["unanswered"]
    failures = row["failures"]
    misses = row["misses"]
    due = Timestamp(milliseconds: row["due_at_ms"])
    problem = row["problem"]
  }
}

extension WaitingBatch {
  /// A row that no version of upsertd writes.
  static func damaged(_ id: Int64) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: "batch \(id) can't be read")
  }
}

/// What was learnt of a batch from one request.
package struct RequestFacts: Sendable, Equatable {
  package var status: Int?
  package var requestID: String?
  package var sentAt: Timestamp

  package init(status: Int?, requestID: String?, sentAt: Timestamp) {
    self.status = status
    self.requestID = requestID
    self.sentAt = sentAt
  }
}

/// What is to be written down of a batch some or all of whose items have settled.
package struct Settlement: Sendable {
  package var accepted: Int
  /// Part of `accepted`.
  package var unchanged: Int
  package var refused: [Refusal]
  /// The items that the answer did not name; they are sent again.
  package var rest: Batch?

  package init(accepted: Int, unchanged: Int, refused: [Refusal], rest: Batch? = nil) {
    self.accepted = accepted
    self.unchanged = unchanged
    self.refused = refused
    self.rest = rest
  }
}
