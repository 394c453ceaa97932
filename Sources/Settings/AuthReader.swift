internal import Core

/// Reads how one target gets its tokens.
///
/// Exactly one way is given: an access token, a file with one, the configuration file of the API's own SDK, or the
/// parts of a grant. Without `auth`, the configuration that the SDK finds in the environment is used.
struct AuthReader {
  /// The target's section, which contains this `auth`.
  var target: ConfigSection
  var api: (any APISettings)?
  /// The target's own URL, if known.
  var url: String?
  var allowsPlaintext: Bool

  struct Found {
    var auth: Auth?
    /// The SDK's configuration, which may also give the URL and proxy.
    var access: SDKConfiguration?
    /// Whether that configuration is unknown: the file can't be used, which has been reported.
    var isAccessUnknown = false
  }

  private var reading: LoadContext { target.entry.reading }
  private var apis: [any APISettings] { reading.apis }

  func read() -> Found {
    if let entry = target.value("auth") { return entry.section(readAuth) ?? Found() }
    guard let api else { return Found() }
    if let access = api.sdkConfiguration(environment: reading.environment ?? [:]) { return read(access, of: api) }
    target.reportMissing("auth", api.missingAuthAdvice)
    return Found()
  }

  private func readAuth(_ section: ConfigSection) -> Found {
    var found = Found()
    let sdkFiles = apis.compactMap { api in api.sdkFileKey.map { (key: $0, api: api) } }
    let ways = (["access_token", "access_token_file"] + sdkFiles.map(\.key)).filter(section.has)
    let token = section.read("access_token") { entry in entry.secret().flatMap { $0.checkedToken(entry.report) } }
    let tokenFile = section.read("access_token_file") { $0.tokenFile() }
    for file in sdkFiles {
      guard let entry = section.value(file.key) else { continue }
      found.access = configuration(of: file.api, fileNamedBy: entry)
      found.isAccessUnknown = found.access == nil
    }
    let parts = grantParts(section)
    let others = ["grant", "token_url", "scope"]
    let grantKeys =
      ["username", "password", "password_file", "client_id", "client_secret", "client_secret_file"]
      + apis.flatMap(\.authKeys) + others
    let isFile = ways.count == 1 && sdkFiles.contains { $0.key == ways[0] }
    let given = grantKeys.filter { section.has($0) && !(isFile && others.contains($0)) }

    if ways.count + (given.isEmpty ? 0 : 1) > 1 {
      section.entry.report("gives several ways to get a token (\((ways + given).joined(separator: ", "))): keep one")
    } else if let way = ways.first {
      switch way {
      case "access_token": found.auth = token.map(Auth.accessToken)
      case "access_token_file": found.auth = tokenFile.map(Auth.accessTokenFile)
      default:
        if let access = found.access { found.auth = auth(access, parts, at: section.entry) }
      }
    } else if given.isEmpty {
      section.entry.report("gives no way to get a token: \((api ?? apis.first)?.authAdvice ?? "")")
    } else {
      checkGrant(parts, section)
      found.auth = parts.grant.map(Auth.grant)
    }
    return found
  }

  /// - Parameter owner: the API whose SDK uses the file.
  private func configuration(of owner: any APISettings, fileNamedBy entry: ConfigNode) -> SDKConfiguration? {
    if let api, api.kind != owner.kind {
      entry.report(
        "is the \(owner.title) SDK's file, which has nothing for \(api.title): give username, password_file and so on")
      return nil
    }
    return owner.sdkConfiguration(fileNamedBy: entry)
  }

  private func grantParts(_ auth: ConfigSection) -> GrantParts {
    var parts = GrantParts()
    auth.read("grant", into: &parts.kind) { $0.word() }
    parts.tokenURL = auth.read("token_url") { $0.webAddress(allowsPlaintext: allowsPlaintext) }
    parts.username = auth.read("username") { $0.text() }
    parts.password = secret("password", auth)
    parts.clientID = auth.read("client_id") { $0.text() }
    parts.clientSecret = secret("client_secret", auth)
    parts.scope = auth.read("scope") { $0.text() }
    for owner in apis { owner.completeGrant(&parts, auth, of: api, url: url) }
    return parts
  }

  /// An inline secret, or one in a file.
  private func secret(_ name: String, _ auth: ConfigSection) -> Secret? {
    let inLine = auth.read(name) { $0.secret() }
    let inFile = auth.read(name + "_file") { $0.secretFile() }
    if auth.has(name), auth.has(name + "_file") {
      auth.report("is given as well as \(name): keep one of them", at: name + "_file")
    }
    return inLine ?? inFile
  }

  /// Reports what a grant in the configuration lacks; a key that is present but invalid already has its own fault.
  private func checkGrant(_ parts: GrantParts, _ auth: ConfigSection) {
    for name in parts.missing where !name.split(separator: " ").contains(where: { auth.has(String($0)) }) {
      // A token URL derived from the target's URL is missing because that one is, which has its own fault.
      if name == parts.names.tokenURL, api?.makesTokenURL ?? true { continue }
      let key = String(name.prefix { $0 != " " })
      auth.reportMissing(key, "a \(parts.kind.rawValue) grant needs \(name)")
    }
    api?.checkGrant(auth)
    guard parts.kind == .clientCredentials else { return }
    for name in ["username", "password", "password_file"] where auth.has(name) {
      auth.report("is only for the password grant: leave it out, or leave out grant", at: name)
    }
  }

  private func read(_ access: SDKConfiguration, of api: any APISettings) -> Found {
    var found = Found(auth: nil, access: access)
    let grantItems = [
      access.tokenURL, access.username, access.password, access.clientID, access.clientSecret, access.accessToken,
      access.accessTokenFile,
    ]
    guard grantItems.contains(where: { $0 != nil }) else {
      target.reportMissing("auth", api.missingAuthAdvice)
      return found
    }
    var parts = GrantParts()
    api.completeGrant(&parts, nil, of: api, url: url)
    found.auth = auth(access, parts, at: target.entry)
    return found
  }

  /// The authentication given by the SDK's configuration; `parts` holds the values from `auth`, which take precedence.
  private func auth(_ access: SDKConfiguration, _ given: GrantParts, at entry: ConfigNode) -> Auth? {
    let origin = access.path.map(reading.origin(ofDocument:)) ?? .environment
    if let item = access.accessToken {
      return Secret(item.value, from: origin).checkedToken { entry.report("\(item.name) \($0)") }.map(Auth.accessToken)
    }
    if let item = access.accessTokenFile {
      let path = reading.credential(item.value)
      do {
        _ = try Secret(tokenFile: path)
        return .accessTokenFile(path)
      } catch {
        entry.report("\(item.name): \(error.description)")
        return nil
      }
    }
    var parts = given
    parts.names = access.names
    parts.username = access.username?.value
    parts.password = access.password.map { Secret($0.value, from: origin) }
    parts.clientID = access.clientID?.value
    parts.clientSecret = access.clientSecret.map { Secret($0.value, from: origin) }
    if parts.tokenURL == nil, let item = access.tokenURL {
      parts.tokenURL = entry.webAddress(item, allowsPlaintext: allowsPlaintext)
      guard parts.tokenURL != nil else { return nil }
    }
    guard parts.missing.isEmpty else {
      entry.report("needs \(parts.missing.joined(separator: " and ")) to get a token")
      return nil
    }
    return parts.grant.map(Auth.grant)
  }
}
