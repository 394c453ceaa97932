/// What became of one item in an answer.
package enum ItemVerdict: Equatable, Sendable {
  case accepted
  /// Accepted; the API left the record as it was.
  case unchanged
  case rejected(RejectCode, String)
  /// The answer names the item nowhere: it is sent again.
  case unacknowledged
}

/// What an answer means for the batch that it answers.
package enum BatchVerdict: Equatable, Sendable {
  /// One verdict an item, in the batch's order.
  case settled([ItemVerdict])
  /// The same from an answer that was larger than what is read, of a batch of two items and more: items that it had not come
  /// to are `unacknowledged`, and the reason says so.
  case settledInPart([ItemVerdict], String)
  /// Sent again in halves; only for batches of two items and more.
  case split(String)
  /// Sent again with backoff; `slowing` where the whole target has to go slower.
  case retry(String, slowing: Bool)
  /// The token is no longer good.
  case renewToken(String)
  /// The target can't be used as it is configured: everything for it waits.
  case hold(String)
}
