package import Engine
package import HTTPClient
package import Settings

/// Puts into words why a target takes nothing, and says what helps in that case.
///
/// A value: facts in, words out. Every text names the address and who signs in; none holds a secret.
package struct HindranceWording: Sendable {
  /// `user "svc"`, `client "id"` or `the access token`.
  private let who: String
  /// Nil if nobody is asked for tokens.
  private let tokenURL: String?
  private let grant: Grant?
  /// Where what signs in comes from.
  private let origin: SecretOrigin
  private let clientOrigin: SecretOrigin

  package init(_ auth: Auth) {
    switch auth {
    case .accessToken(let secret):
      (who, tokenURL, grant, origin) = ("the access token", nil, nil, secret.origin)
      clientOrigin = secret.origin
    case .accessTokenFile(let path):
      // systemd's folder for credentials, see systemd.exec(5).
      let isCredential = path.hasPrefix("/run/credentials/")
      (who, tokenURL, grant) = ("the access token", nil, nil)
      origin = isCredential ? .credential(path, isDocument: false) : .file(path)
      clientOrigin = origin
    case .grant(let grant):
      who = grant.username.map { "user \"\($0)\"" } ?? "client \"\(grant.clientID ?? "")\""
      (tokenURL, self.grant) = (grant.tokenURL, grant)
      clientOrigin = grant.clientSecret?.origin ?? .configuration
      origin = grant.password?.origin ?? clientOrigin
    }
  }

  // MARK: - No token

  /// The token endpoint refuses.
  ///
  /// - Parameters:
  ///   - code: OAuth 2's word for the reason, if it is a known one.
  ///   - fault: why a file with secrets could not be read now.
  package func tokenRefused(status: Int, code: String?, fault: String?) -> Hindrance {
    let (words, help) = tokenRefusal(status, code)
    var hindrance = help
    let unread = fault.map { "; an older secret was used: \($0)" } ?? ""
    hindrance.reason = "\(endpoint) answered \(status)\(code.map { " (\($0))" } ?? "") to \(who): \(words)\(unread)"
    return hindrance
  }

  private var endpoint: String { "the token endpoint \"\(tokenURL ?? "")\"" }

  private func tokenRefusal(_ status: Int, _ code: String?) -> (words: String, help: Hindrance) {
    let isPassword = grant?.kind == .password
    let isUser = isPassword ? ("user name or password is wrong", "the password", origin) : nil
    let client = ("the client \"\(grant?.clientID ?? "")\" or its secret is wrong", "the client's secret", clientOrigin)
    switch (code, status) {
    case ("invalid_grant", _), (nil, 400), (nil, 401), ("invalid_token", _):
      let (words, secret, origin) = isUser ?? client
      return (words, Self.correct(secret, origin))
    case ("invalid_client", _), ("unauthorized_client", _):
      return (client.0, Self.correct(client.1, client.2))
    case ("invalid_scope", _), ("insufficient_scope", _):
      return (
        "it does not grant the scope \"\(grant?.scope ?? "")\"",
        Hindrance("", advice: "correct scope or community of the target's auth", remedy: .reload)
      )
    case ("unsupported_grant_type", _), ("invalid_request", _):
      return (
        "it does not take this kind of request",
        Hindrance("", advice: "correct token_url, grant and the other parts of the target's auth", remedy: .reload)
      )
    case ("access_denied", _), (_, 403):
      return (
        "\(who) may not have a token",
        Hindrance("", advice: "let the API's administrator permit it to \(who)")
      )
    case ("server_error", _), ("temporarily_unavailable", _): return ("it is in trouble", Hindrance(""))
    default: return ("no tokens are given at this address", wrongTokenURL)
    }
  }

  /// The token endpoint asks to wait, or is in trouble.
  package func tokenDelayed(status: Int) -> Hindrance {
    Hindrance("\(endpoint) answered \(status) to \(who): it is in trouble, or asks to wait")
  }

  /// It answered 200, and there is no token in it.
  package func tokenMissing() -> Hindrance {
    var hindrance = wrongTokenURL
    hindrance.reason = "\(endpoint) answered 200 to \(who), without a usable access_token"
    return hindrance
  }

  private var wrongTokenURL: Hindrance {
    let isOutside =
      switch origin {
      case .environment, .credential(_, isDocument: true): true
      default: false
      }
    return Hindrance(
      "", advice: "correct token_url, or without one the target's url", remedy: isOutside ? .restart : .reload)
  }

  /// The file with the token can't be used.
  package func tokenUnread(_ fault: SecretFault) -> Hindrance {
    var hindrance = Self.correct("the access token", origin)
    hindrance.reason = "\(fault)"
    return hindrance
  }

  // MARK: - No answer

  /// - Parameter url: where the request was to go, with or without its query.
  package func unsent(_ error: SendError, to url: String, forToken isToken: Bool = false) -> Hindrance {
    let place = isToken ? endpoint : "\"\(Self.withoutQuery(url))\""
    let setting = isToken ? "token_url" : "the target's url"
    switch error.code {
    case .notSent:
      return Hindrance(
        "\(place) can't be reached, for \(who): \(error.reason)", advice: Self.reaching(error.reason, setting),
        remedy: .reload, isUnreachable: true)
    case .tls:
      let (words, advice, remedy) = Self.certificate(error.reason, setting)
      return Hindrance("\(place), for \(who): \(words): \(error.reason)", advice: advice, remedy: remedy)
    case .setup:
      return Hindrance(
        "\(place), for \(who): \(error.reason)",
        advice: "correct \(setting), ca_file, client_cert and client_key of the target", remedy: .reload)
    case .lost, .unanswered, .cancelled: return Hindrance("\(place), for \(who): \(error.reason)")
    }
  }

  /// A reload also makes an attempt at once, for whoever corrects the network and not the configuration.
  private static func reaching(_ reason: String, _ setting: String) -> String {
    let words = reason.lowercased()
    if words.contains("proxy") || words.contains("tunnel") {
      return "check the target's proxy, its user and its password"
    }
    if words.contains("resolve") {
      return "check the host in \(setting), and this machine's DNS"
    }
    return
      "check that the server runs, host and port in \(setting), and the network and firewalls between (`upsertd check --connect` tries it)"
  }

  /// By OpenSSL's and curl's own words.
  private static func certificate(
    _ reason: String, _ setting: String
  ) -> (words: String, advice: String, remedy: Hindrance.Remedy) {
    let words = reason.lowercased()
    func has(_ parts: String...) -> Bool { parts.contains { words.contains($0) } }
    if has("alert") {
      return (
        "the server does not accept the client certificate, or wants one",
        "correct the target's client_cert and client_key",
        .reload
      )
    }
    if has("has expired") {
      return ("the server's certificate has expired", "let whoever runs the server renew it", .retry)
    }
    if has("not yet valid") {
      return (
        "the server's certificate is not valid yet", "check this machine's clock, and the certificate", .retry
      )
    }
    if has("local issuer", "self-signed", "self signed", "unknown authority") {
      return (
        "no authority that is trusted here signed the server's certificate",
        "if it is a private authority, name its certificate in the target's ca_file", .reload
      )
    }
    if has("subject name", "does not match", "hostname mismatch") {
      return ("the server's certificate is for another host", "correct the host in \(setting)", .reload)
    }
    if has("wrong version number", "packet length", "record") {
      return ("the server does not speak TLS there", "correct scheme and port in \(setting)", .reload)
    }
    return ("TLS fails", "check the server's certificate, and the target's ca_file", .reload)
  }

  // MARK: - Answers

  /// The API does not accept the token, not even a new one.
  ///
  /// - Parameter reason: what the answer says: `answered 401 (…)`.
  package func unauthorized(_ reason: String, by url: String) -> Hindrance {
    let place = "\"\(Self.withoutQuery(url))\""
    guard grant != nil else {
      var hindrance = Self.correct("the access token, which may have expired,", origin)
      hindrance.reason = "\(place) \(reason) to the access token: it is not accepted"
      return hindrance
    }
    return Hindrance(
      "\(place) \(reason) to a new token of \(who): the API does not accept it",
      advice: "check that url and token_url belong together, and that the API knows \(who)", remedy: .reload)
  }

  /// The API's answer says that the target can't be used as it is configured.
  ///
  /// - Parameter reason: as for `unauthorized`.
  package func held(_ reason: String, status: Int, by url: String) -> Hindrance {
    let (words, advice, remedy) = meaning(of: status)
    return Hindrance(
      "\"\(Self.withoutQuery(url))\" \(reason) to \(who): \(words)", advice: advice, remedy: remedy)
  }

  private func meaning(of status: Int) -> (words: String, advice: String, remedy: Hindrance.Remedy) {
    switch status {
    case 300..<400:
      ("redirects are never followed", "correct the target's url: it must be the final address", .reload)
    case 402: ("the account may not do this", "check the account's licence", .retry)
    case 403: ("\(who) may not do this", "let the API's administrator permit it to \(who)", .retry)
    case 404, 405, 410: ("nothing takes items at this address", "correct the target's url", .reload)
    case 406, 415: ("another API answers there", "correct the target's url and api", .reload)
    case 407: ("the proxy wants a user and a password", "correct those of the target's proxy", .reload)
    default:
      ("it can't be used as configured", "check the target's url, and what \(who) may do there", .reload)
    }
  }

  // MARK: - Parts

  /// Without a reason.
  private static func correct(_ secret: String, _ origin: SecretOrigin) -> Hindrance {
    switch origin {
    case .file(let path), .document(let path):
      Hindrance("", advice: "correct \(secret) in \"\(path)\", which every attempt reads again")
    case .credential(let path, _):
      Hindrance(
        "",
        advice:
          "correct \(secret) in the file that LoadCredential= names for \"\(path.split(separator: "/").last ?? "")\"; systemd copies it only at a start",
        remedy: .restart)
    case .environment:
      Hindrance(
        "", advice: "correct \(secret) in the environment of the service, which it gets only at a start",
        remedy: .restart)
    case .configuration: Hindrance("", advice: "correct \(secret) in the configuration", remedy: .reload)
    }
  }

  private static func withoutQuery(_ url: String) -> String { String(url.prefix { $0 != "?" }) }
}
