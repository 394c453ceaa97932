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
