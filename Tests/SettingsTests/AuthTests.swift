import APIs
import Testing

@testable import Settings

struct AuthTests {
  static func auth(_ api: String, _ auth: String) -> String {
    target("api: \(api)\nurl: https://a.example.com/api\nauth: \(auth)")
  }

  struct Case: CustomTestStringConvertible {
    var api: String
    var auth: String
    var faults: [String]
    var testDescription: String { "\(api) \(auth)" }

    init(_ api: String, _ auth: String, _ faults: String...) {
      self.api = api
      self.auth = auth
      self.faults = faults.map { "upsertd.yaml:\($0)" }
    }
  }

  @Test(arguments: [
    Case(
      "liquid", "{}",
      "5: targets.t.auth: gives no way to get a token: give username, password_file, client_id, client_secret_file and "
        + "community, or access_token_file"),
    Case(
      "lusid", "{access_token: a, username: u, scope: s}",
      "5: targets.t.auth: gives several ways to get a token (access_token, username, scope): keep one"),
    Case(
      "lusid", "{access_token: a, access_token_file: token}",
      "5: targets.t.auth: gives several ways to get a token (access_token, access_token_file): keep one"),
    Case(
      "lusid", "{secrets_file: secrets.json, password: p}",
      "5: targets.t.auth: gives several ways to get a token (secrets_file, password): keep one"),
    Case(
      "lusid", "{username: u}",
      "5: targets.t.auth.token_url: is missing: a password grant needs token_url",
      "5: targets.t.auth.password: is missing: a password grant needs password or password_file"),
    Case(
      "lusid", "{username: u, password: p, password_file: token, client_secret: s, token_url: \"https://b\"}",
      "5: targets.t.auth.password_file: is given as well as password: keep one of them",
      "5: targets.t.auth.client_id: is missing: a password grant needs client_id"),
    Case(
      "lusid", "{grant: client_credentials, username: u, token_url: \"https://b\"}",
      "5: targets.t.auth.client_id: is missing: a client_credentials grant needs client_id",
      "5: targets.t.auth.client_secret: is missing: a client_credentials grant needs client_secret or client_secret_file",
      "5: targets.t.auth.username: is only for the password grant: leave it out, or leave out grant"),
    Case(
      "lusid", "{username: u, password: p, client_id: c, token_url: \"https://b\", community: x}",
      "5: targets.t.auth.community: is for Liquid only: LUSID has no communities, so leave it out"),
    Case(
      "liquid", "{username: u, password: p, client_id: c, client_secret: s}",
      "5: targets.t.auth.community: is missing: Liquid issues each token for one community"),
    Case(
      "liquid", "{username: u, password: p, client_id: c, client_secret: s, community: x, scope: y}",
      "5: targets.t.auth.community: is given as well as scope: keep one of them"),
    Case(
      "liquid", "{secrets_file: secrets.json}",
      "5: targets.t.auth.secrets_file: is the LUSID SDK's file, which has nothing for Liquid: give username, "
        + "password_file and so on"),
    Case(
      "liquid", "{grant: passwd, username: u, password: p, community: x}",
      "5: targets.t.auth.grant: must be one of password, client_credentials, but is \"passwd\": "
        + "did you mean \"password\"?"),
    Case(
      "liquid", "{user: u, password: p, community: x}",
      "5: targets.t.auth.username: is missing: a password grant needs username",
      "5: targets.t.auth.user: is unknown: did you mean \"username\"?"),
    Case(
      "liquid", "{access_token: a b}",
      "5: targets.t.auth.access_token: is not an access token: it must be one word in ASCII, without spaces or line "
        + "breaks"),
    Case("liquid", "abc", "5: targets.t.auth: must be a mapping of keys to values, but is a single value"),
  ])
  func `ways to get a token that do not add up are told apart`(_ example: Case) throws {
    let found = try faults(
      Self.auth(example.api, example.auth), files: ["token": "t", "secrets.json": AuthTests.secrets])
    #expect(found == example.faults)
  }

  static let secrets = """
    {"api": {"tokenUrl": "https://secrets/token", "lusidUrl": "https://secrets/api/", "username": "su",
      "password": "s\\u00fc\\ud83d\\ude00", "clientId": "sc", "clientSecret": "ss", "applicationName": "x", "other": 1},
     "proxy": {"address": "http://secrets:3128", "username": "pu", "password": "pp"}}
    """

  static let lusidScope = "openid client groups offline_access"

  @Test func `the LUSID SDK's secrets file gives grant, URL and proxy`() throws {
    let yaml = target("api: lusid\nauth: {secrets_file: secrets.json}")
    let settings = try loaded(yaml, files: ["secrets.json": Self.secrets], environment: Self.environment)
    #expect(settings.targets[0].url == "https://secrets/api")
    #expect(
      settings.targets[0].auth
        == .grant(
          Grant(
            kind: .password, tokenURL: "https://secrets/token", username: "su", password: Secret("sü😀"), clientID: "sc",
            clientSecret: Secret("ss"), scope: Self.lusidScope)))
    #expect(
      settings.targets[0].proxy == Proxy(address: "http://secrets:3128", username: "pu", password: Secret("pp")))
  }

  @Test func `what stands in the configuration wins over the secrets file`() throws {
    let yaml = target(
      """
      api: lusid
      url: https://mine/api
      auth: {secrets_file: secrets.json, token_url: "https://mine/token", scope: x, grant: client_credentials}
      proxy: false
      """)
    let settings = try loaded(yaml, files: ["secrets.json": Self.secrets], environment: Self.environment)
    #expect(settings.targets[0].url == "https://mine/api")
    #expect(
      settings.targets[0].auth
        == .grant(
          Grant(
            kind: .clientCredentials, tokenURL: "https://mine/token", clientID: "sc", clientSecret: Secret("ss"),
            scope: "x")))
    #expect(settings.targets[0].proxy == nil)
  }

  @Test func `an access token in the secrets file is used as it is`() throws {
    let json = #"{"api": {"accessToken": "abc", "lusidUrl": "https://x/api", "username": null, "password": ""}}"#
    let settings = try loaded(target("api: lusid\nauth: {secrets_file: s}"), files: ["s": "\u{FEFF}" + json])
    #expect(settings.targets[0].auth == .accessToken(Secret("abc")))
    #expect(settings.targets[0].proxy == nil)
  }

  @Test(arguments: [
    (
      "{\"api\": {\n  \"username\": \"hunter2\",\n}}",
      ["s:3: is not valid JSON: expected a member name in quotes, found '}' (column 1)"]
    ),
    ("[]", ["s: must be a JSON object with the member \"api\""]),
    (
      #"{"api": {"username": 5, "accessToken": "a", "lusidUrl": "https://x"}, "proxy": []}"#,
      ["s: proxy: must be an object", "s: api.username: must be a string"]
    ),
    (
      #"{"api": {"username": "u", "lusidUrl": "https://x"}}"#,
      [
        "upsertd.yaml:4: targets.t.auth: needs api.tokenUrl in \"s\" and api.password in \"s\" to get a token"
      ]
    ),
    (
      #"{"api": {"accessToken": "a"}}"#,
      [
        "upsertd.yaml:2: targets.t.url: is missing: give the API's address, such as https://example.lusid.com/api; "
          + "or give api.lusidUrl in \"s\""
      ]
    ),
    (
      #"{"api": {"accessToken": "a", "lusidUrl": "http://x.example.com"}}"#,
      [
        "upsertd.yaml:2: targets.t: api.lusidUrl in \"s\" is plain http, which lets others read tokens and data: "
          + "use https, or set allow_plaintext: true for the target"
      ]
    ),
  ])
  func `what is wrong with a secrets file is told of that file`(_ json: String, _ expected: [String]) throws {
    let found = try faults(target("api: lusid\nauth: {secrets_file: s}"), files: ["s": json])
    let named = " (named in upsertd.yaml:4: targets.t.auth.secrets_file)"
    #expect(found == expected.map { $0.hasPrefix("s:") ? $0 + named : $0 })
  }

  @Test func `a secrets file that others can read, or that is missing, is refused`() throws {
    let yaml = target("api: lusid\nurl: https://a/api\nauth: {secrets_file: s}")
    #expect(
      try faults(yaml, files: ["s": Self.secrets], modes: ["s": 0o644]) == [
        "s: others can read or change it (mode 0644): run chmod o-rwx \"s\" "
          + "(named in upsertd.yaml:5: targets.t.auth.secrets_file)"
      ])
    #expect(
      try faults(yaml) == [
        "upsertd.yaml:5: targets.t.auth.secrets_file: read \"s\": can't be opened: No such file or directory"
      ])
  }

  static let environment = [
    "FBN_TOKEN_URL": "https://fbn/token", "FBN_LUSID_URL": "https://fbn/api", "FBN_LUSID_API_URL": "https://old/api",
    "FBN_USERNAME": "fu", "FBN_PASSWORD": "fp", "FBN_CLIENT_ID": "fc", "FBN_CLIENT_SECRET": "fs",
    "FBN_PROXY_ADDRESS": "http://fbn:3128", "FBN_PROXY_USERNAME": "u", "FBN_PROXY_PASSWORD": "p",
  ]

  @Test func `LUSID without auth takes what the SDK takes from the environment`() throws {
    let settings = try loaded(target("api: lusid"), environment: Self.environment)
    #expect(settings.targets[0].url == "https://fbn/api")
    #expect(
      settings.targets[0].auth
        == .grant(
          Grant(
            kind: .password, tokenURL: "https://fbn/token", username: "fu", password: Secret("fp"), clientID: "fc",
            clientSecret: Secret("fs"), scope: Self.lusidScope)))
    #expect(settings.targets[0].proxy == Proxy(address: "http://fbn:3128", username: "u", password: Secret("p")))
  }

  @Test func `in the environment the newer URL and the access token come first`() throws {
    var environment = Self.environment
    environment["FBN_LUSID_URL"] = ""
    #expect(try loaded(target("api: lusid"), environment: environment).targets[0].url == "https://old/api")
    environment["FBN_ACCESS_TOKEN_FILE"] = "token"
    let fromFile = try withConfiguration(target("api: lusid"), files: ["token": "t"]) { folder in
      let settings = try Settings.load(path: folder.path + "/upsertd.yaml", environment: environment)
      return settings.targets[0].auth == .accessTokenFile(folder.path + "/token")
    }
    #expect(fromFile)
    environment["FBN_ACCESS_TOKEN"] = "abc"
    #expect(try loaded(target("api: lusid"), environment: environment).targets[0].auth == .accessToken(Secret("abc")))
  }

  @Test func `the configuration wins over the environment`() throws {
    let yaml = target("api: lusid\nurl: https://mine/api\nauth: {access_token: abc}\nproxy: socks5h://mine:1080")
    let settings = try loaded(yaml, environment: Self.environment)
    #expect(settings.targets[0].url == "https://mine/api")
    #expect(settings.targets[0].auth == .accessToken(Secret("abc")))
    #expect(settings.targets[0].proxy == Proxy(address: "socks5h://mine:1080"))
    let url = try loaded(target("api: lusid\nurl: https://mine/api"), environment: Self.environment)
    #expect(url.targets[0].url == "https://mine/api")
  }

  @Test func `Liquid takes nothing from the LUSID SDK's environment`() throws {
    let yaml = Self.auth("liquid", "{access_token: abc}")
    #expect(try loaded(yaml, environment: Self.environment).targets[0].proxy == nil)
    let found = try faults(target("api: liquid"), environment: Self.environment)
    #expect(found.count == 2 && found.allSatisfy { $0.contains("is missing") })
  }

  @Test func `an environment that is not enough is told by its names`() throws {
    let yaml = target("api: lusid\nurl: https://mine/api")
    let none = try faults(yaml)
    #expect(
      none == [
        "upsertd.yaml:2: targets.t.auth: is missing: give secrets_file, access_token_file, or username, password_file, "
          + "client_id, client_secret_file and token_url; or set FBN_TOKEN_URL, FBN_USERNAME and so on in the environment"
      ])
    var environment = Self.environment
    environment["FBN_PASSWORD"] = nil
    environment["FBN_TOKEN_URL"] = nil
    let some = try faults(yaml, environment: environment)
    #expect(
      some == ["upsertd.yaml:2: targets.t: needs FBN_TOKEN_URL and FBN_PASSWORD to get a token"])
    environment = Self.environment
    environment["FBN_TOKEN_URL"] = "http://fbn.example.com/token"
    let plain = try faults(yaml, environment: environment)
    #expect(plain.count == 1 && plain[0].contains("FBN_TOKEN_URL is plain http"))
  }

  @Test func `Liquid's token URL follows from its URL unless it is given`() throws {
    let rest = "username: u, password: p, client_id: c, client_secret: s, scope: all"
    func grant(_ auth: String) throws -> Grant? {
      guard case .grant(let grant) = try loaded(Self.auth("liquid", auth)).targets[0].auth else { return nil }
      return grant
    }
    #expect(try grant("{\(rest)}")?.tokenURL == "https://a.example.com/api/ls/api/oauth2/token")
    #expect(try grant("{\(rest)}")?.scope == "all")
    #expect(try grant("{\(rest), token_url: \"https://b/t\"}")?.tokenURL == "https://b/t")
  }

  @Test func `a public client has no secret, and LUSID's own scopes are for users`() throws {
    let settings = try loaded(Self.auth("lusid", "{username: u, password: p, client_id: c, token_url: \"https://b\"}"))
    guard case .grant(let grant) = settings.targets[0].auth else { throw Failure(reason: "no grant") }
    #expect(grant.clientSecret == nil)
    #expect(grant.scope == Self.lusidScope)
    let client = try loaded(
      Self.auth("lusid", "{grant: client_credentials, client_id: c, client_secret: s, token_url: \"https://b\"}"))
    guard case .grant(let other) = client.targets[0].auth else { throw Failure(reason: "no grant") }
    #expect(other.scope == nil)
  }
}
