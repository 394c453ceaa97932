/// Why there is no answer.
package struct SendError: Error, Equatable {
  package enum Code: Sendable {
    /// Can never be sent like this: the URL, a header, a certificate file.
    case setup
    /// Nothing of the request went out: the name, the connection, the proxy.
    case notSent
    /// The handshake failed, or a certificate was not believed; nothing of the request was taken.
    case tls
    /// The request went out, at least in part, and no whole answer came: its outcome is unknown.
    case unanswered
    /// The task was cancelled or the connections were closed; the request may have gone out.
    case cancelled
  }

  package var code: Code
  /// What was tried, without query and credentials: `POST "https://example.com/items"`.
  package var place: String
  /// Never holds a header's value, nor bytes of a body.
  package var reason: String
  /// How often the request went out without an answer, where `code` is `unanswered`: see `Answer.unanswered`.
  package var unanswered: Int

  package init(_ code: Code, place: String, reason: String, unanswered: Int = 0) {
    self.code = code
    self.place = place
    self.reason = Self.readable(reason)
    self.unanswered = unanswered
  }
}

extension SendError: CustomStringConvertible {
  package var description: String { "\(place): \(reason)" }
}

extension SendError {
  /// Without control characters and of bounded length: some of it is what a server said.
  static func readable(_ text: some StringProtocol) -> String {
    String(text.prefix(400).map { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f } ? $0 : "?" })
  }
}
