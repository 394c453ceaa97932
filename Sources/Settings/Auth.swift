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

extension Auth {
  /// The same, with what its files hold now: a secret that somebody corrected there takes effect without a reload.
  ///
  /// Blocks while files are read. What can't be read stays as it was: somebody may be writing it.
  /// - Parameter api: the target's, whose SDK's file may be read.
  /// - Returns: also why a file could not be read, without secrets; nil if all could.
  package func reread(_ api: (any APISettings)?) -> (auth: Auth, fault: String?) {
    do throws(SecretFault) {
      switch self {
      case .accessTokenFile: return (self, nil)
      case .accessToken(let secret):
        guard case .document(let path) = secret.origin else { return (self, nil) }
        guard let item = try SDKConfiguration(rereading: path, api).accessToken else { return (self, nil) }
        let token = Secret(item.value, from: secret.origin)
        guard token.isToken else { throw SecretFault(path: path, reason: "\(item.name) \(Secret.noTokenAdvice)") }
        return (.accessToken(token), nil)
      case .grant(let grant): return (.grant(try grant.reread(api)), nil)
      }
    } catch {
      return (self, error.description)
    }
  }
}

extension Grant {
  fileprivate func reread(_ api: (any APISettings)?) throws(SecretFault) -> Grant {
    var grant = self
    if case .document(let path)? = (password ?? clientSecret)?.origin {
      let access = try SDKConfiguration(rereading: path, api)
      func secret(_ item: SDKConfiguration.Item?, _ old: Secret?) -> Secret? {
        item.map { Secret($0.value, from: .document(path)) } ?? old
      }
      if kind == .password {
        grant.username = access.username?.value ?? username
        grant.password = secret(access.password, password)
      }
      // Not the token endpoint's address: another one has to pass the configuration's checks.
      grant.clientID = access.clientID?.value ?? clientID
      grant.clientSecret = secret(access.clientSecret, clientSecret)
    }
    if case .file(let path)? = password?.origin { grant.password = try Secret(file: path) }
    if case .file(let path)? = clientSecret?.origin { grant.clientSecret = try Secret(file: path) }
    return grant
  }
}

extension SDKConfiguration {
  fileprivate init(rereading path: String, _ api: (any APISettings)?) throws(SecretFault) {
    let reading = LoadContext(path: path, environment: nil)
    let access = SecretDocument(rereading: path, to: reading).flatMap { api?.sdkConfiguration(in: $0) }
    guard let access, reading.faults.isEmpty else {
      throw SecretFault(path: path, reason: reading.faults.first?.message ?? "it can't be used")
    }
    self = access
  }
}
