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
