/// How upsertd comes by a target's access tokens.
package enum Auth: Sendable, Equatable {
  /// One that somebody else fetched; it can't be renewed.
  case accessToken(Secret)
  /// A file, absolute, that somebody else keeps fresh: read it (`Secret(tokenFile:)`) when it changes, and on a 401.
  case accessTokenFile(String)
  case grant(Grant)
}

/// What is sent to an OAuth 2 token endpoint (RFC 6749, 4.3 and 4.4).
package struct Grant: Sendable, Equatable {
  package var kind: Kind
  package var tokenURL: String
  /// Given for `.password`, nil for `.clientCredentials`.
  package var username: String?
  package var password: Secret?
  /// Given for `.clientCredentials`; a public client has no secret.
  package var clientID: String?
  package var clientSecret: Secret?
  package var scope: String?

  package enum Kind: String, Sendable, CaseIterable {
    case password
    case clientCredentials = "client_credentials"
  }
}
