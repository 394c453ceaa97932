/// What came back, whole.
package struct Answer: Sendable {
  package var status: Int
  package var headers: [Header]
  package var body: [UInt8]
  /// From the moment the request began to be worked on.
  package var elapsed: Duration
  /// How often the request had gone out before without an answer.
  ///
  /// A server may close a connection that was kept open at the very moment it is used again; libcurl then sends the
  /// request once more by itself.
  package var unanswered: Int

  package init(
    status: Int, headers: [Header] = [], body: [UInt8] = [], elapsed: Duration = .zero, unanswered: Int = 0
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.elapsed = elapsed
    self.unanswered = unanswered
  }

  /// The first field of that name, whatever its case.
  package func header(_ name: String) -> String? { headers[name] }
}
