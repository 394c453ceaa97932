/// How upsertd gets a target's access tokens.
package enum Auth: Sendable, Equatable {
  /// A token fetched by someone else; it can't be renewed.
  case accessToken(Secret)
  /// An absolute path to a file that someone else keeps up to date: read it (`Secret(tokenFile:)`) when it changes, and
  /// on a 401.
  case accessTokenFile(String)
  case grant(Grant)
}

/// The parameters sent to an OAuth 2 token endpoint (RFC 6749, 4.3 and 4.4).
package struct Grant: Sendable, Equatable {
  package var kind: Kind
  package var tokenURL: String
  /// Present for `.password`, nil for `.clientCredentials`.
  package var username: String?
  package var password: Secret?
  /// Required for `.clientCredentials`; optional for `.password`, where a public client has no secret.
  package var clientID: String?
  package var clientSecret: Secret?
  package var scope: String?

  package enum Kind: String, Sendable, CaseIterable {
    case password
    case clientCredentials = "client_credentials"
  }
}
