/// Why there is no answer.
package struct SendError: Error, Equatable {
  package enum Code: Sendable {
    /// Can never be sent: the URL, a header or a certificate file is invalid.
    case setup
    /// Nothing of the request was sent: a failure of name lookup, connection or proxy.
    case notSent
    /// The handshake failed, or a certificate was not trusted; nothing of the request was processed.
    case tls
    /// A kept connection ended before an answer began, as happens when a server closes an idle one: the request was sent, and its
    /// outcome is unknown. Only of requests with `isSentOnce`; libcurl sends others again by itself.
    case lost
    /// The request was sent, at least in part, and no whole answer arrived: its outcome is unknown.
    case unanswered
    /// The task was cancelled or the connections were closed; the request may have been sent.
    case cancelled
  }

  package var code: Code
  /// The attempted request, without query and credentials: `POST "https://example.com/items"`.
  package var place: String
  /// Never contains a header's value, nor bytes of a body.
  package var reason: String
  /// How often the request was sent without an answer, if `code` is `unanswered`: see `Response.unanswered`.
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
  /// Removes control characters and limits the length: some of it is text from a server.
  static func readable(_ text: some StringProtocol) -> String {
    String(text.prefix(400).map { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f } ? $0 : "?" })
  }
}

/// How libcurl ended an exchange.
enum Outcome: Sendable {
  case answer(Response)
  /// `sendings`: how often bytes of the request may have reached the server.
  case failure(Kind, sendings: Int, reason: String)

  enum Kind: Sendable { case unusable, tls, headTooLarge, lost, failed }
}

extension Outcome {
  /// The caller's result. Whether the request was sent matters more than how it failed.
  func result(of request: Request) -> Result<Response, SendError> {
    switch self {
    case .answer(let answer): .success(answer)
    case .failure(.headTooLarge, let sendings, _):
      .failure(
        SendError(
          .unanswered, place: request.place,
          reason: "sent, but the answer's header fields are too large",
          unanswered: max(1, sendings)))
    case .failure(.lost, let sendings, let reason):
      .failure(SendError(.lost, place: request.place, reason: "sent, but " + reason, unanswered: max(1, sendings)))
    case .failure(_, let sendings, let reason) where sendings > 0:
      .failure(
        SendError(
          .unanswered, place: request.place, reason: "sent, but no full answer came: " + reason, unanswered: sendings))
    case .failure(.unusable, _, let reason): .failure(SendError(.setup, place: request.place, reason: reason))
    case .failure(.tls, _, let reason):
      .failure(SendError(.tls, place: request.place, reason: reason + Self.advice(on: reason)))
    case .failure(.failed, _, let reason): .failure(SendError(.notSent, place: request.place, reason: reason))
    }
  }

  private static func advice(on reason: String) -> String {
    // OpenSSL's messages for a chain that ends at an unknown authority.
    let isUnknown = ["unable to get local issuer certificate", "self-signed certificate", "self signed certificate"]
      .contains { reason.contains($0) }
    return isUnknown ? " (for a private certificate authority, set the target's ca_file)" : ""
  }
}
