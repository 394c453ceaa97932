/// What an answer says about one item.
package enum ItemVerdict: Equatable, Sendable {
  case accepted
  /// Accepted; the API left the record unchanged.
  case unchanged
  case rejected(RejectCode, String)
  /// The answer does not name the item: it is sent again.
  case unacknowledged
}

/// What an answer means for its batch.
package enum BatchVerdict: Equatable, Sendable {
  /// One verdict per item, in the batch's order.
  case settled([ItemVerdict])
  /// The same from an answer larger than the read limit, for a batch of two or more items: items not reached are
  /// `unacknowledged`, and the reason says so.
  case settledInPart([ItemVerdict], String)
  /// Sent again in halves; only for batches of two or more items.
  case split(String)
  /// Retried with backoff; `slowing` if the whole target has to slow down.
  case retry(String, slowing: Bool)
  /// The token is no longer valid.
  case renewToken(String)
  /// The target can't be used as it is configured: everything for it waits.
  case hold(String)
}

/// A request that settled items, as stored in the outbox and shown in a receipt.
package struct SettledBatch: Sendable, Equatable {
  package var items: Int
  package var accepted: Int
  package var rejected: Int
  /// Requests sent with these items.
  package var attempts: Int
  /// Those of them without a complete answer: their outcome is unknown.
  package var unanswered: Int
  /// HTTP status of the answer; nil if no answer settled the items.
  package var status: Int?
  /// The API's own id for the request, cut if longer than any such id.
  package var requestID: String?
  package var sentAt: Timestamp?
  /// The numbers of these items, in order; empty if an older upsertd did not store them.
  package var ranges: [ClosedRange<Int>]

  private static let longestRequestID = 200

  package init(
    items: Int, accepted: Int, rejected: Int, attempts: Int, unanswered: Int, status: Int?, requestID: String?,
    sentAt: Timestamp?, ranges: [ClosedRange<Int>] = []
  ) {
    self.items = items
    self.accepted = accepted
    self.rejected = rejected
    self.attempts = attempts
    self.unanswered = unanswered
    self.status = status
    self.requestID = requestID.map { id in
      String(String.UnicodeScalarView(id.unicodeScalars.prefix(Self.longestRequestID))).onOneLine
    }
    self.sentAt = sentAt
    self.ranges = ranges
  }
}
