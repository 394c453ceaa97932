import Engine
import HTTPClient
import Testing

@testable import Dispatching
@testable import Settings

/// What is reported if a target takes nothing, and what helps in that case.
@Suite struct `What helps a target` {
  private static let tokenURL = "https://id.example.com/token"
  private static let url = "https://api.example.com/api/records/$batchUpsert?successMode=Partial"

  private static func wording(_ origin: SecretOrigin, _ kind: Grant.Kind = .password) -> HindranceWording {
    let isPassword = kind == .password
    return HindranceWording(
      .grant(
        Grant(
          kind: kind, tokenURL: tokenURL, username: isPassword ? "svc" : nil,
          password: isPassword ? Secret("hunter2", from: origin) : nil, clientID: "id",
          clientSecret: Secret("hunter3", from: origin), scope: "community=acme")))
  }

  /// Where a secret comes from, what the advice has to name, and what makes the correction take effect.
  static let origins: [(origin: SecretOrigin, place: String, remedy: Hindrance.Remedy)] = [
    (.file("/etc/upsertd/password"), "\"/etc/upsertd/password\"", .retry),
    (.document("/etc/upsertd/secrets.json"), "\"/etc/upsertd/secrets.json\"", .retry),
    (
      .credential("/run/credentials/upsertd.service/pw", isDocument: false), "LoadCredential= names for \"pw\"",
      .restart
    ),
    (.environment, "environment", .restart), (.configuration, "in the configuration", .reload),
  ]

  @Test(arguments: origins.indices)
  func `a wrong password is told with URL, user and plain words, and what helps goes by where it is`(
    _ index: Int
  ) throws {
    let (origin, place, remedy) = Self.origins[index]
    let told = Self.wording(origin).tokenRefused(status: 400, code: "invalid_grant", fault: nil)
    #expect(
      told.reason
        == "the token endpoint \"\(Self.tokenURL)\" answered 400 (invalid_grant) to user \"svc\": user name or password is wrong"
    )
    #expect(told.advice?.contains("the password") == true && told.advice?.contains(place) == true, "\(told)")
    #expect(told.remedy == remedy)
    #expect(!"\(told)".contains("hunter"))
    let client = Self.wording(origin, .clientCredentials).tokenRefused(status: 401, code: "invalid_client", fault: nil)
    #expect(client.reason.hasSuffix("(invalid_client) to client \"id\": the client \"id\" or its secret is wrong"))
    #expect(client.advice?.contains("the client's secret") == true && client.advice?.contains(place) == true)
    #expect(client.remedy == remedy)
  }

  @Test func `an older secret that was used, since its file could not be read, is told`() {
    let told = Self.wording(.file("/p")).tokenRefused(status: 401, code: nil, fault: "read \"/p\": is empty")
    #expect(told.reason.hasSuffix("is wrong; an older secret was used: read \"/p\": is empty"))
  }

  @Test(arguments: [301, 404, 405, 410, 418])
  func `a wrong token_url is told as that`(_ status: Int) {
    let told = Self.wording(.file("/p")).tokenRefused(status: status, code: nil, fault: nil)
    #expect(
      told.reason.contains("\"\(Self.tokenURL)\" answered \(status) to user \"svc\": no tokens are given at this"))
    #expect(told.advice?.contains("token_url") == true)
    #expect(told.remedy == .reload)
    #expect(Self.wording(.file("/p")).tokenMissing().advice == told.advice)
    #expect(Self.wording(.environment).tokenMissing().remedy == .restart)
  }

  @Test(arguments: [
    (301, "redirects", "the target's url", Hindrance.Remedy.reload),
    (403, "user \"svc\" may not do this", "administrator", .retry),
    (404, "nothing takes items at this address", "the target's url", .reload),
    (405, "nothing takes items at this address", "the target's url", .reload),
    (407, "proxy", "proxy", .reload), (415, "another API", "url and api", .reload),
  ])
  func `a wrong url and a missing permission are told as that`(
    _ status: Int, _ words: String, _ advice: String, _ remedy: Hindrance.Remedy
  ) {
    let told = Self.wording(.file("/p")).held("answered \(status)", status: status, by: Self.url)
    #expect(
      told.reason.hasPrefix("\"https://api.example.com/api/records/$batchUpsert\" answered \(status) to user \"svc\": ")
    )
    #expect(told.reason.contains(words) && told.advice?.contains(advice) == true, "\(told)")
    #expect(told.remedy == remedy)
  }

  @Test func `a token that the API does not accept`() {
    let told = Self.wording(.file("/p")).unauthorized("answered 401", by: Self.url)
    #expect(told.reason.contains("answered 401 to a new token of user \"svc\""))
    #expect(told.advice?.contains("token_url") == true)
    let fixed = HindranceWording(.accessToken(Secret("t"))).unauthorized("answered 401", by: Self.url)
    #expect(fixed.reason.contains("answered 401 to the access token"))
    #expect(fixed.remedy == .reload)
    let file = HindranceWording(.accessTokenFile("/etc/token")).unauthorized("answered 401", by: Self.url)
    #expect(file.advice?.contains("\"/etc/token\"") == true && file.remedy == .retry)
    let credential = HindranceWording(.accessTokenFile("/run/credentials/upsertd.service/token"))
    #expect(credential.unauthorized("answered 401", by: Self.url).remedy == .restart)
  }

  @Test(arguments: [
    ("Could not resolve host: api.example.com", "DNS"),
    ("Failed to connect to api.example.com port 443", "server runs"),
    ("Connection timed out after 10001 milliseconds", "firewalls"), ("Could not resolve proxy: p", "proxy"),
  ])
  func `a server that nothing reaches is told as that`(_ reason: String, _ advice: String) {
    let error = SendError(.notSent, place: "POST \"x\"", reason: reason)
    let told = Self.wording(.file("/p")).unsent(error, to: Self.url)
    #expect(told.isUnreachable)
    #expect(told.reason.hasPrefix("\"https://api.example.com/api/records/$batchUpsert\" can't be reached"))
    #expect(told.reason.contains(reason) && told.advice?.contains(advice) == true, "\(told)")
    let token = Self.wording(.file("/p")).unsent(error, to: Self.tokenURL, forToken: true)
    #expect(token.reason.hasPrefix("the token endpoint \"\(Self.tokenURL)\" can't be reached"))
    let open = SendError(.unanswered, place: "POST \"x\"", reason: "sent, but no full answer came", unanswered: 1)
    #expect(!Self.wording(.file("/p")).unsent(open, to: Self.url).isUnreachable)
  }

  @Test(arguments: [
    ("SSL certificate problem: certificate has expired", "has expired", "renew", Hindrance.Remedy.retry),
    ("SSL certificate problem: unable to get local issuer certificate", "no authority", "ca_file", .reload),
    ("SSL: no alternative certificate subject name matches target host name", "another host", "host", .reload),
    ("TLS connect error: error:0A00010B:SSL routines::wrong version number", "does not speak TLS", "port", .reload),
    ("error:0A000412:SSL routines::ssl/tls alert bad certificate", "client certificate", "client_cert", .reload),
  ])
  func `a certificate is told as that, and what helps goes by what is wrong with it`(
    _ reason: String, _ words: String, _ advice: String, _ remedy: Hindrance.Remedy
  ) {
    let told = Self.wording(.file("/p")).unsent(SendError(.tls, place: "POST \"x\"", reason: reason), to: Self.url)
    #expect(!told.isUnreachable)
    #expect(told.reason.contains("https://api.example.com") && told.reason.contains("user \"svc\""))
    #expect(told.reason.contains(words) && told.reason.contains(reason), "\(told)")
    #expect(told.advice?.contains(advice) == true && told.remedy == remedy, "\(told)")
  }
}
