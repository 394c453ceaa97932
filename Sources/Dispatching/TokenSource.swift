internal import Core
package import Engine
internal import Foundation
package import HTTPClient
internal import JSONText
internal import Runtime
package import Settings
package import Telemetry

/// Why there is no access token.
package struct TokenError: Error, Equatable {
  /// True if the token endpoint, or the file, says no: trying the same again at once can't help.
  var isRefusal: Bool
  package var hindrance: Hindrance
  var retryAfter: Duration?

  /// For logs and `status`: never holds a secret.
  package var reason: String { hindrance.reason }
}

/// The access tokens of one target: fetched when first needed, renewed a minute before they expire, never shown.
///
/// - Files with secrets are read again for each fetch, so a corrected one takes effect at the next attempt.
/// - LUSID and Liquid use OAuth 2's password grant, form-encoded. If the answer has a refresh token, it is used with
///   HTTP Basic client credentials, as the LUSID SDK does; if it is rejected, the first grant is requested again.
package actor TokenSource {
  private struct Token {
    var value: String
    var refresh: String?
    var ends: ContinuousClock.Instant?
    /// Whether it replaced a token that the API did not accept, and has not been accepted itself so far.
    var isReplacement = false
  }

  private let auth: Auth
  /// The target's; nil if no file of its SDK is read.
  private let api: (any APISettings)?
  private let connections: HTTPClient
  private let timeout: Duration
  private let count: @Sendable (TokenOutcome) -> Void
  private var current: Token?
  private var wasRefused = false
  private var underWay: Task<Result<Token, TokenError>, Never>?
  private(set) var fetches = 0

  package init(
    auth: Auth, api: (any APISettings)?, connections: HTTPClient, timeout: Duration,
    count: @escaping @Sendable (TokenOutcome) -> Void = { _ in }
  ) {
    self.auth = auth
    self.api = api
    self.connections = connections
    self.timeout = timeout
    self.count = count
  }

  /// A token that is valid for at least another minute, according to its endpoint.
  package func token() async throws(TokenError) -> String {
    if let current, current.ends.map({ $0 > .now + .seconds(60) }) ?? true { return current.value }
    // One fetch serves every request that waits for it, so it belongs to none of their tasks. Also, a task that is slow
    // to wake must not overwrite a later token with this one.
    let fetch =
      underWay
      ?? Task { [refresh = current?.refresh] in
        let result = await self.fetch(refresh: refresh)
        if case .success(var token) = result {
          token.isReplacement = wasRefused
          wasRefused = false
          current = token
        }
        underWay = nil
        return result
      }
    underWay = fetch
    let result = await fetch.value
    switch result {
    case .success(let token): return token.value
    case .failure(let error): throw error
    }
  }

  /// The API did not accept `token`: the next call gets another one, if there is a way to.
  ///
  /// - Returns: whether another one may be fetched: not if it can't be renewed, and not if this one had just replaced
  ///   one that was not accepted.
  func discard(_ token: String) -> Bool {
    if case .accessToken(let secret) = auth, !secret.isReadAgain { return false }
    // Another request found out first: there is a new one already.
    guard let discarded = current, discarded.value == token else { return true }
    current = nil
    wasRefused = true
    return !discarded.isReplacement
  }

  /// The API accepted it.
  func accepted(_ token: String) {
    if current?.value == token { current?.isReplacement = false }
  }

  private func fetch(refresh: String?) async -> Result<Token, TokenError> {
    fetches += 1
    let (auth, fault) = self.auth.reread(api)
    switch auth {
    case .accessToken(let secret):
      return .success(Token(value: secret.value))
    case .accessTokenFile(let path):
      do throws(SecretFault) {
        // Something else keeps it fresh: read it again after a while, and on a 401.
        return .success(Token(value: try Secret(tokenFile: path).value, ends: .now + .seconds(120)))
      } catch {
        return .failure(TokenError(isRefusal: true, hindrance: HindranceWording(auth).tokenUnread(error)))
      }
    case .grant(let grant):
      if let refresh, case .success(let token) = await counted(ask(grant, refresh: refresh)) { return .success(token) }
      return await counted(ask(grant, refresh: nil, fault))
    }
  }

  private func counted(_ result: Result<Token, TokenError>) -> Result<Token, TokenError> {
    switch result {
    case .success: count(.granted)
    case .failure(let error): count(error.isRefusal ? .refused : .failed)
    }
    return result
  }

  /// - Parameter fault: why a file with secrets could not be read.
  private func ask(_ grant: Grant, refresh: String?, _ fault: String? = nil) async -> Result<Token, TokenError> {
    let wording = HindranceWording(.grant(grant))
    var fields: [(String, String?)] = []
    var headers = [
      Header("Content-Type", "application/x-www-form-urlencoded"), Header("Accept", "application/json"),
    ]
    if let refresh {
      fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)]
      let credentials = "\(percentEncoded(grant.clientID ?? "")):\(percentEncoded(grant.clientSecret?.value ?? ""))"
      headers.append(Header("Authorization", "Basic " + Data(credentials.utf8).base64EncodedString()))
    } else {
      fields = [
        ("grant_type", grant.kind.rawValue), ("username", grant.username), ("password", grant.password?.value),
        ("scope", grant.scope), ("client_id", grant.clientID), ("client_secret", grant.clientSecret?.value),
      ]
    }
    let body = fields.compactMap { name, value in value.map { "\(name)=\(percentEncoded($0))" } }.joined(separator: "&")
    let request = Request(
      method: "POST", url: grant.tokenURL, headers: headers, body: Array(body.utf8), timeout: timeout)
    do {
      return read(try await connections.send(request), wording, fault)
    } catch {
      let hindrance = wording.unsent(error, to: grant.tokenURL, forToken: true)
      return .failure(TokenError(isRefusal: error.code == .setup || error.code == .tls, hindrance: hindrance))
    }
  }

  /// RFC 6749 (4.1.2.1, 5.2) and RFC 6750 (3.1).
  private static let knownErrors: Set = [
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
    "invalid_scope", "access_denied", "server_error", "temporarily_unavailable", "invalid_token", "insufficient_scope",
  ]

  private func read(
    _ answer: Response, _ wording: HindranceWording, _ fault: String?
  ) -> Result<Token, TokenError> {
    let document = try? JSONValue.parse(answer.body, maxNesting: 32)
    guard answer.status == 200 else {
      // Only the error's code, and only if it is a known one: anything else may repeat what was sent.
      let code = document?["error"]?.string.flatMap { Self.knownErrors.contains($0) ? $0 : nil }
      let wait = answer.header("retry-after").flatMap { RetryAfter.wait($0, now: .now) }
      let mayPass = answer.status >= 500 || answer.status == 429 || answer.status == 408
      let hindrance =
        mayPass
        ? wording.tokenDelayed(status: answer.status)
        : wording.tokenRefused(status: answer.status, code: code, fault: fault)
      return .failure(TokenError(isRefusal: !mayPass, hindrance: hindrance, retryAfter: wait))
    }
    guard let value = document?["access_token"]?.string, !value.isEmpty,
      value.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      return .failure(TokenError(isRefusal: true, hindrance: wording.tokenMissing()))
    }
    return .success(
      Token(
        value: value, refresh: document?["refresh_token"]?.string,
        ends: Self.useful(document?["expires_in"]).map { .now + $0 }))
  }

  /// How long a token is considered valid, from now; nil if the endpoint gives no usable lifetime: then it is used
  /// until it is rejected.
  ///
  /// - Parameter life: `expires_in`, whatever it is. More than a year counts as a year.
  static func useful(_ life: JSONValue?) -> Duration? {
    guard let life, let seconds = life.integer ?? life.string.flatMap({ Int($0) }), seconds > 0 else { return nil }
    // A token that lives for less than two minutes is used for half its life.
    return .seconds(seconds > 120 ? min(seconds, 365 * 86_400) : 60 + seconds / 2)
  }
}

/// RFC 3986's unreserved characters stay; everything else becomes `%XX`.
private func percentEncoded(_ text: String) -> String {
  let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
  return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
}
