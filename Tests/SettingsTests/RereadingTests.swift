import APIs
import Testing

@testable import Settings

/// Secrets that are corrected while the daemon runs.
@Suite struct `Secrets that are read again` {
  private static func grant(_ auth: Auth) throws -> Grant {
    guard case .grant(let grant) = auth else { throw Failure(reason: "no grant") }
    return grant
  }

  @Test func `what stands in files of its own is read again; what can't be read stays, and is told`() throws {
    _ = try withConfiguration(SecretTests.liquid, files: ["password": "old", "secret": "s"]) { folder in
      let settings = try Settings.load(path: folder.path + "/upsertd.yaml", environment: [:])
      let auth = settings.targets[0].auth
      try folder.write("password", "new\n")
      let (again, fault) = auth.reread(APIs[.liquid])
      #expect(try Self.grant(again).password == Secret("new"))
      #expect(try Self.grant(again).password?.origin == .file(folder.path + "/password"))
      #expect(fault == nil)
      try folder.write("password", "")
      let (kept, reason) = again.reread(APIs[.liquid])
      #expect(try Self.grant(kept).password == Secret("new"))
      #expect(reason?.contains("is empty") == true)
    }
  }

  @Test func `an SDK's file is read again whole, but not for another address`() throws {
    let yaml = """
      targets: {t: {api: lusid, auth: {secrets_file: secrets.json}}}
      inboxes: [{name: a, target: t}]
      """
    func secrets(_ user: String, _ password: String, _ host: String) -> String {
      """
      {"api": {"tokenUrl": "https://\(host)/token", "lusidUrl": "https://h/api", "username": "\(user)",
        "password": "\(password)", "clientId": "c", "clientSecret": "s"}}
      """
    }
    _ = try withConfiguration(yaml, files: ["secrets.json": secrets("u", "p", "h")]) { folder in
      let auth = try Settings.load(path: folder.path + "/upsertd.yaml", environment: [:]).targets[0].auth
      #expect(try Self.grant(auth).password?.origin == .document(folder.path + "/secrets.json"))
      try folder.write("secrets.json", secrets("u2", "p2", "elsewhere"))
      let again = try Self.grant(auth.reread(APIs[.lusid]).auth)
      #expect(again.username == "u2" && again.password == Secret("p2"))
      #expect(again.tokenURL == "https://h/token")
      try folder.write("secrets.json", "{")
      let (kept, fault) = auth.reread(APIs[.lusid])
      #expect(try Self.grant(kept).password == Secret("p"))
      #expect(fault?.contains("is not valid JSON") == true)
    }
  }

  @Test func `credentials, the environment and the configuration are told apart, and not read again`() throws {
    let yaml = SecretTests.liquid.replacing("client_secret_file: secret", with: "client_secret: \"${CLIENT}\"")
    _ = try withConfiguration(yaml, files: ["credentials/password": "p"]) { folder in
      let environment = ["CREDENTIALS_DIRECTORY": folder.path + "/credentials", "CLIENT": "s"]
      let auth = try Settings.load(path: folder.path + "/upsertd.yaml", environment: environment).targets[0].auth
      let grant = try Self.grant(auth)
      #expect(grant.password?.origin == .credential(folder.path + "/credentials/password", isDocument: false))
      #expect(grant.clientSecret?.origin == .environment)
      try folder.write("credentials/password", "other")
      #expect(auth.reread(APIs[.liquid]).auth == auth)
    }
    let inline = SecretTests.liquid.replacing("password_file: password", with: "password: p")
    let settings = try loaded(inline, files: ["secret": "s"])
    #expect(try Self.grant(settings.targets[0].auth).password?.origin == .configuration)
  }
}
