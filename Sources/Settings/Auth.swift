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

/// The parts of a grant, whichever source each came from.
package struct GrantParts {
  package var kind = Grant.Kind.password
  package var tokenURL: String?
  var username: String?
  var password: Secret?
  var clientID: String?
  var clientSecret: Secret?
  package var scope: String?
  /// The names under which a missing part is reported.
  var names = SDKConfiguration.Names(
    tokenURL: "token_url", url: "url", username: "username", password: "password or password_file",
    clientID: "client_id", clientSecret: "client_secret or client_secret_file")

  /// The names of the missing parts.
  ///
  /// A client without a secret is a public one (RFC 6749, 2.1), which may still use the password grant; `check
  /// --connect` finds out whether the server knows it.
  var missing: [String] {
    var missing: [String] = []
    if tokenURL == nil { missing.append(names.tokenURL) }
    switch kind {
    case .password:
      if username == nil { missing.append(names.username) }
      if password == nil { missing.append(names.password) }
      if clientID == nil, clientSecret != nil { missing.append(names.clientID) }
    case .clientCredentials:
      if clientID == nil { missing.append(names.clientID) }
      if clientSecret == nil { missing.append(names.clientSecret) }
    }
    return missing
  }

  /// Nil if a part is missing.
  var grant: Grant? {
    guard missing.isEmpty, let tokenURL else { return nil }
    let signsIn = kind == .password
    return Grant(
      kind: kind, tokenURL: tokenURL, username: signsIn ? username : nil, password: signsIn ? password : nil,
      clientID: clientID, clientSecret: clientSecret, scope: scope)
  }
}
