import Foundation

/// The OAuth token endpoints (RFC 6749): accept any credentials except the password, or client secret, `wrong`.
enum TokenEndpoint {
  static func answer(_ call: Request, tokenStore: inout TokenStore, now: ContinuousClock.Instant) -> Response {
    let form = FormFields(call.body)
    // RFC 6749 section 2.3.1: a client identifies itself by HTTP Basic or in the form.
    let client =
      call.credentials(of: "basic").flatMap(basicClient) ?? form["client_id"].map { ($0, form["client_secret"]) }
    guard client?.secret != "wrong" else { return refusal(401, "invalid_client", "The client secret is wrong.") }
    switch form["grant_type"] {
    case "password":
      guard form["username"] != nil, let password = form["password"] else {
        return refusal(400, "invalid_request", "The password grant needs username and password.")
      }
      guard password != "wrong" else { return refusal(400, "invalid_grant", "The credentials provided were invalid.") }
      return acceptance(tokenStore.grant(at: now))
    case "client_credentials":
      guard client != nil else { return refusal(401, "invalid_client", "No client credentials.") }
      return acceptance(tokenStore.grant(at: now))
    case "refresh_token":
      guard client != nil else { return refusal(401, "invalid_client", "No client credentials.") }
      // The LUSID SDK looks for exactly these words before it retries with the password.
      return form["refresh_token"].flatMap { tokenStore.renew($0, at: now) }.map(acceptance)
        ?? refusal(400, "invalid_grant", "The refresh token is invalid or expired.")
    case nil:
      return refusal(400, "invalid_request", "No grant_type in the form.")
    default:
      return refusal(400, "unsupported_grant_type", "Use password, refresh_token or client_credentials.")
    }
  }

  private static func acceptance(_ grant: TokenStore.Grant) -> Response {
    // RFC 6749 section 5.1: tokens must not be cached.
    Response(200, headers: ["Cache-Control": "no-store"]) {
      $0.member("token_type", "Bearer")
      $0.member("expires_in", Int(grant.lifetime.components.seconds))
      $0.member("access_token", grant.access)
      $0.member("refresh_token", grant.refresh)
    }
  }

  private static func refusal(_ status: Int, _ error: String, _ description: String) -> Response {
    var headers = ["Cache-Control": "no-store"]
    if status == 401 { headers["WWW-Authenticate"] = "Basic realm=\"sandbox\"" }
    return Response(status, headers: headers) {
      $0.member("error", error)
      $0.member("error_description", description)
    }
  }

  private static func basicClient(_ credentials: String) -> (id: String, secret: String?)? {
    guard let text = Data(base64Encoded: credentials).map({ String(decoding: $0, as: UTF8.self) }),
      let colon = text.firstIndex(of: ":")
    else { return nil }
    return (String(text[..<colon]), String(text[text.index(after: colon)...]))
  }
}

/// Issues tokens for one API and records which are still valid.
struct TokenStore: Sendable {
  private let lifetime: Duration
  private var access: [String: ContinuousClock.Instant] = [:]
  private var refresh: [String: ContinuousClock.Instant] = [:]
  private var sweepAt = 1024

  init(lifetime: Duration) { self.lifetime = lifetime }

  struct Grant: Sendable {
    var access: String
    var refresh: String
    var lifetime: Duration
  }

  mutating func grant(at now: ContinuousClock.Instant) -> Grant {
    sweepIfNeeded(at: now)
    let grant = Grant(access: Self.secret(), refresh: Self.secret(), lifetime: lifetime)
    access[grant.access] = now + lifetime
    // Outlives its access token, as usual, but not for ever.
    refresh[grant.refresh] = now + lifetime * 24 + .seconds(60)
    return grant
  }

  /// Nil if the refresh token is unknown, used up or expired.
  mutating func renew(_ token: String, at now: ContinuousClock.Instant) -> Grant? {
    guard let end = refresh.removeValue(forKey: token), now < end else { return nil }
    return grant(at: now)
  }

  /// Tokens not issued by a sandbox are accepted, so that a configuration with its own token can be tried; all except
  /// `wrong`.
  func isGood(_ token: String, at now: ContinuousClock.Instant) -> Bool {
    guard token.hasPrefix(Self.mark) else { return token != "wrong" }
    return access[token].map { now < $0 } ?? false
  }

  /// Invalidates all access tokens; refresh tokens stay valid.
  mutating func revokeAll() { access = [:] }

  private mutating func sweepIfNeeded(at now: ContinuousClock.Instant) {
    guard access.count + refresh.count >= sweepAt else { return }
    access = access.filter { now < $0.value }
    refresh = refresh.filter { now < $0.value }
    sweepAt = max(1024, 2 * (access.count + refresh.count))
  }

  /// The prefix of every token issued by any sandbox.
  private static let mark = "sandbox."

  private static func secret() -> String {
    mark + String(UInt128.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
  }
}
