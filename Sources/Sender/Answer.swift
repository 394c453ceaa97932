/// What came back, whole unless `isCut`.
package struct Answer: Sendable {
  package var status: Int
  package var headers: [Header]
  package var body: [UInt8]
  /// Only the beginning of the body is here: it is larger than the request's `mostAnswerBytes`, or the server refused the
  /// request before it had come whole, and closed.
  package var isCut: Bool
  /// From the moment the request began to be worked on.
  package var elapsed: Duration
  /// How often the request had gone out before without an answer.
  ///
  /// A server may close a connection that was kept open at the very moment it is used again; libcurl then sends the
  /// request once more by itself.
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

  /// The first field of that name, whatever its case.
  package func header(_ name: String) -> String? { headers[name] }
}
