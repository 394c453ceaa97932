/// How libcurl ended an exchange.
enum Outcome: Sendable {
  case answer(Response)
  /// `sendings`: how often bytes of the request may have reached the server.
  case failure(Kind, sendings: Int, reason: String)

  enum Kind: Sendable { case unusable, tls, headTooLarge, failed }
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
