internal import Delivery

/// Reads how one target's tokens are come by.
///
/// Exactly one way is given: an access token, a file with one, the LUSID SDK's secrets file, or the parts of a grant.
/// LUSID without `auth` takes FBN_* from the environment.
struct AuthReader {
  /// The target's section, whose `auth` this is.
  var target: Section
  var api: APIKind?
  /// The target's own URL, where it is known.
  var url: String?
  var allowsPlaintext: Bool

  struct Found {
    var auth: Auth?
    /// What the LUSID SDK's configuration said, which may also give URL and proxy.
    var access: SDKConfiguration?
    /// Whether it is unknown what that would have said: the file can't be used, which has been told.
    var isAccessUnknown = false
  }

  private var reading: Reading { target.entry.reading }

  func read() -> Found {
    if let entry = target.value("auth") { return entry.section(readAuth) ?? Found() }
    switch api {
    case .lusid?: return readEnvironment()
    case .liquid?:
      target.reportMissing("auth", "give username, password_file, client_id, client_secret_file and community")
    case nil: break
    }
    return Found()
  }

  private func readAuth(_ section: Section) -> Found {
    var found = Found()
    let ways = ["access_token", "access_token_file", "secrets_file"].filter(section.has)
    let token = section.read("access_token") { entry in entry.secret().flatMap { $0.checkedToken(entry.report) } }
    let tokenFile = section.read("access_token_file") { $0.tokenFile() }
    found.access = section.read("secrets_file", secrets)
    found.isAccessUnknown = section.has("secrets_file") && found.access == nil
    let parts = grantParts(section)
    let others = ["grant", "token_url", "scope"]
    let grantKeys =
      ["username", "password", "password_file", "client_id", "client_secret", "client_secret_file", "community"]
      + others
    let given = grantKeys.filter { section.has($0) && !(ways == ["secrets_file"] && others.contains($0)) }

    if ways.count + (given.isEmpty ? 0 : 1) > 1 {
      section.entry.report("has \((ways + given).joined(separator: ", ")): keep one way to get a token")
    } else if let way = ways.first {
      switch way {
      case "access_token": found.auth = token.map(Auth.accessToken)
      case "access_token_file": found.auth = tokenFile.map(Auth.accessTokenFile)
      default:
        if let access = found.access { found.auth = auth(access, parts, at: section.entry) }
      }
    } else if given.isEmpty {
      section.entry.report("gives no way to get a token: \(advice)")
    } else {
      checkGrant(parts, section)
      found.auth = parts.grant.map(Auth.grant)
    }
    return found
  }

  private var advice: String {
    api == .liquid
      ? "give username, password_file, client_id, client_secret_file and community, or access_token_file"
      : "give secrets_file, access_token_file, or username, password_file, client_id, client_secret_file and token_url"
  }

  private func secrets(_ entry: Entry) -> SDKConfiguration? {
    guard api != .liquid else {
      entry.report("is the LUSID SDK's file, which has nothing for Liquid: give username, password_file and so on")
      return nil
    }
    return entry.text().flatMap {
      SDKConfiguration(
        secretsFile: reading.credential($0), note: { reading.note($0, line: entry.line, key: entry.key) },
        report: reading.report)
    }
  }

  private func grantParts(_ auth: Section) -> GrantParts {
    var parts = GrantParts()
    auth.read("grant", into: &parts.kind) { $0.word() }
    parts.tokenURL = auth.read("token_url") { $0.webAddress(allowsPlaintext: allowsPlaintext) }
    parts.username = auth.read("username") { $0.text() }
    parts.password = secret("password", auth)
    parts.clientID = auth.read("client_id") { $0.text() }
    parts.clientSecret = secret("client_secret", auth)
    parts.scope = auth.read("scope") { $0.text() }
    if parts.tokenURL == nil, api == .liquid, let url { parts.tokenURL = url + "/ls/api/oauth2/token" }
    readCommunity(auth, &parts)
    if parts.scope == nil, api == .lusid { parts.scope = lusidScope(parts.kind) }
    return parts
  }

  /// What the SDK asks for; a client without a user has no use for any of it (OpenID Connect Core 1.0, 11).
  private func lusidScope(_ kind: Grant.Kind) -> String? {
    kind == .password ? "openid client groups offline_access" : nil
  }

  private func readCommunity(_ auth: Section, _ parts: inout GrantParts) {
    guard api == .liquid else {
      // Known to the section, so that it is told apart from a misspelt key.
      if let community = auth.value("community"), api == .lusid {
        community.report("is Liquid's: LUSID has no communities, so leave it out")
      }
      return
    }
    guard let community = auth.read("community", { $0.text() }) else { return }
    if auth.has("scope") {
      auth.report("is given beside scope: keep one of them", at: "community")
    } else {
      parts.scope = "community=\(community)"
    }
  }

  /// A secret in line, or in a file.
  private func secret(_ name: String, _ auth: Section) -> Secret? {
    let inLine = auth.read(name) { $0.secret() }
    let inFile = auth.read(name + "_file") { $0.secretFile() }
    if auth.has(name), auth.has(name + "_file") {
      auth.report("is given beside \(name): keep one of them", at: name + "_file")
    }
    return inLine ?? inFile
  }

  /// Tells what a grant that is written out lacks; a key that is there but refused has its own fault already.
  private func checkGrant(_ parts: GrantParts, _ auth: Section) {
    for name in parts.missing where !name.split(separator: " ").contains(where: { auth.has(String($0)) }) {
      // Liquid's token URL follows from its URL, which has its own fault.
      if name == parts.names.tokenURL, api != .lusid { continue }
      let key = String(name.prefix { $0 != " " })
      auth.reportMissing(key, "a \(parts.kind.rawValue) grant needs \(name)")
    }
    if api == .liquid, !auth.has("community"), !auth.has("scope") {
      auth.reportMissing("community", "Liquid gives tokens for one community")
    }
    guard parts.kind == .clientCredentials else { return }
    for name in ["username", "password", "password_file"] where auth.has(name) {
      auth.report("goes with grant: password only: leave it out, or leave out the grant", at: name)
    }
  }

  private func readEnvironment() -> Found {
    let access = SDKConfiguration(environment: reading.environment ?? [:])
    var found = Found(auth: nil, access: access)
    let grantItems = [
      access.tokenURL, access.username, access.password, access.clientID, access.clientSecret, access.accessToken,
      access.accessTokenFile,
    ]
    guard grantItems.contains(where: { $0 != nil }) else {
      target.reportMissing("auth", "\(advice); or set FBN_TOKEN_URL, FBN_USERNAME and so on in the environment")
      return found
    }
    var parts = GrantParts()
    parts.scope = lusidScope(.password)
    found.auth = auth(access, parts, at: target.entry)
    return found
  }

  /// What the SDK's configuration amounts to; `parts` holds what `auth` said beside it, which wins.
  private func auth(_ access: SDKConfiguration, _ given: GrantParts, at entry: Entry) -> Auth? {
    if let item = access.accessToken {
      return Secret(item.value).checkedToken { entry.report("\(item.name) \($0)") }.map(Auth.accessToken)
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
    parts.password = access.password.map { Secret($0.value) }
    parts.clientID = access.clientID?.value
    parts.clientSecret = access.clientSecret.map { Secret($0.value) }
    if parts.tokenURL == nil, let item = access.tokenURL {
      parts.tokenURL = entry.webAddress(item, allowsPlaintext: allowsPlaintext)
      guard parts.tokenURL != nil else { return nil }
    }
    guard parts.missing.isEmpty else {
      entry.report("can't get a token, for want of \(parts.missing.joined(separator: " and "))")
      return nil
    }
    return parts.grant.map(Auth.grant)
  }
}
