/// A request that settled items, as the outbox keeps it and a receipt tells it.
package struct SettledBatch: Sendable, Equatable {
  package var items: Int
  package var accepted: Int
  package var rejected: Int
  /// Requests sent with these items.
  package var attempts: Int
  /// Those of them that got no whole answer: their outcome is unknown.
  package var unanswered: Int
  /// HTTP status of the answer; nil where no answer settled the items.
  package var status: Int?
  /// The API's own name for the request , cut where it is longer than any such name.
  package var requestID: String?
  package var sentAt: Timestamp?
  /// The numbers of these items, in order; empty where an older upsertd did not keep them.
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
