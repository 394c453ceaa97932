/// Why an API request is turned away before its body is examined.
enum Rejection {
  case unavailable
  case rateLimited
  case unauthorized
  case wrongType
  case tooLarge

  var status: Int {
    switch self {
    case .unavailable: 503
    case .rateLimited: 429
    case .unauthorized: 401
    case .wrongType: 415
    case .tooLarge: 413
    }
  }

  var headers: [String: String] {
    switch self {
    // The limit counts whole seconds from the first request on, so there is room a second later.
    case .rateLimited: ["Retry-After": "1"]
    case .unauthorized: ["WWW-Authenticate": "Bearer error=\"invalid_token\""]
    case .unavailable, .wrongType, .tooLarge: [:]
    }
  }

  var reason: String {
    switch self {
    case .unavailable: "The service is temporarily unavailable."
    case .rateLimited: "Too many requests in this second."
    case .unauthorized: "The access token is missing, unknown or expired."
    case .wrongType: "The body must be JSON: application/json, text/json or application/*+json."
    case .tooLarge: "The body has more than \(Request.largestBody) bytes."
    }
  }
}

/// The outcome that an item itself requests from the sandbox, for experiments.
///
/// Set in its description: `"description": "sandbox: reject"`.
enum ScriptedOutcome: String {
  /// Rejected; the other items are not.
  case reject
  /// The whole batch is answered with 400.
  case malformed
  /// Answered as left unchanged, if the API has such an answer; otherwise accepted.
  case unchanged
  /// Neither stored nor named in the answer, if the API names accepted items; otherwise accepted.
  case ignore

  init?(_ description: JSONPart?) {
    guard let description, description.kind == .string, description.raw.dropFirst().starts(with: Self.prefix.utf8)
    else {
      return nil
    }
    self.init(rawValue: String(description.text.dropFirst(Self.prefix.count)))
  }

  private static let prefix = "sandbox: "
}
