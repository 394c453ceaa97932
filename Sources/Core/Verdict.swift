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
