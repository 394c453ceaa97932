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
