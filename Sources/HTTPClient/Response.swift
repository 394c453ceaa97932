/// A server's answer, whole unless `isCut`.
package struct Response: Sendable {
  package var status: Int
  package var headers: [Header]
  package var body: [UInt8]
  /// The body is incomplete: it is larger than the request's `mostAnswerBytes`, or the server rejected the request
  /// before receiving all of it, and closed the connection.
  package var isCut: Bool
  /// Measured from when work on the request began.
  package var elapsed: Duration
  /// How often the request had been sent before without an answer.
  ///
  /// A server may close a kept-alive connection at the very moment it is reused; libcurl then resends the request by
  /// itself.
  package var unanswered: Int

  package init(
    status: Int, headers: [Header] = [], body: [UInt8] = [], isCut: Bool = false, elapsed: Duration = .zero,
    unanswered: Int = 0
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.isCut = isCut
    self.elapsed = elapsed
    self.unanswered = unanswered
  }

  /// The first field of that name, ignoring case.
  package func header(_ name: String) -> String? { headers[name] }
}
