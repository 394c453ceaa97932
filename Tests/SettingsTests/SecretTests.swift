import APIs
import Glibc
import Testing

@testable import Settings

struct SecretTests {
  static let liquid = """
    targets:
      t:
        api: liquid
        url: https://ld.example.com
        auth:
          username: svc
          password_file: password
          client_id: upsertd
          client_secret_file: secret
          community: acme
    inboxes: [{name: a, target: t}]
    """

  @Test func `whoever only looks needs none of the secrets, and still has every fault told`() throws {
    _ = try withConfiguration(Self.liquid) { folder in
      let settings = try Settings.load(path: folder.path + "/upsertd.yaml", environment: [:], withSecrets: false)
      #expect(settings.targets.map(\.name) == ["t"])
      #expect(settings.inboxes.map(\.name) == ["a"])
      #expect(throws: SettingsFaults.self) {
        _ = try Settings.load(path: folder.path + "/upsertd.yaml", environment: [:])
      }
    }
    _ = try withConfiguration(Self.liquid.replacing("url:", with: "uri:")) { folder in
      #expect(throws: SettingsFaults.self) {
        _ = try Settings.load(path: folder.path + "/upsertd.yaml", environment: [:], withSecrets: false)
      }
    }
  }

  @Test(arguments: ["hunter2", "hunter2\n", "hunter2\r\n"])
  func `a line break at the end of a secret's file is not part of it`(_ text: String) throws {
    let settings = try loaded(Self.liquid, files: ["password": text, "secret": "s \n\n"])
    guard case .grant(let grant) = settings.targets[0].auth else { throw Failure(reason: "no grant") }
    #expect(grant.password == Secret("hunter2"))
    #expect(grant.clientSecret == Secret("s \n"))
  }

  @Test func `a secret's file that others can read or write is refused, the group's is not`() throws {
    for (mode, shown) in [(0o644, "0644"), (0o602, "0602"), (0o604, "0604")] as [(mode_t, String)] {
      let found = try faults(Self.liquid, files: ["password": "p", "secret": "s"], modes: ["password": mode])
      #expect(
        found == [
          "upsertd.yaml:7: targets.t.auth.password_file: read \"password\": others can read or change it (mode \(shown)): "
            + "run chmod o-rwx \"password\""
        ])
    }
    for mode in [0o600, 0o640, 0o400, 0o440, 0o601] as [mode_t] {
      #expect(try faults(Self.liquid, files: ["password": "p", "secret": "s"], modes: ["password": mode]) == [])
    }
  }

  @Test func `a secret's file that is missing, empty or no text is refused`() throws {
    let found = try faults(Self.liquid, files: ["secret": "\n"])
    #expect(
      found == [
        "upsertd.yaml:7: targets.t.auth.password_file: read \"password\": can't be opened: No such file or directory",
        "upsertd.yaml:9: targets.t.auth.client_secret_file: read \"secret\": is empty: write the secret to it",
      ])
  }

  @Test func `systemd's credentials come first, the configuration's own folder second`() throws {
    let files = ["password": "beside", "secret": "s", "credentials/password": "credential"]
    let password = try withConfiguration(Self.liquid, files: files) { folder in
      let settings = try Settings.load(
        path: folder.path + "/upsertd.yaml", environment: ["CREDENTIALS_DIRECTORY": folder.path + "/credentials"])
      guard case .grant(let grant) = settings.targets[0].auth else { throw Failure(reason: "no grant") }
      #expect(grant.clientSecret?.value == "s")
      return grant.password?.value
    }
    #expect(password == "credential")
  }

  @Test(arguments: [
    "password: hunter2", "\"password\": \"hunter2\"",
  ])
  func `a secret in the configuration makes that a secret's file`(_ line: String) throws {
    let yaml = Self.liquid.replacing("password_file: password", with: line)
    let open = try faults(yaml, files: ["secret": "s"], modes: ["upsertd.yaml": 0o644])
    #expect(
      open == [
        "upsertd.yaml:7: targets.t.auth.password: is a secret in a file that is open to others: others can read or "
          + "change it (mode 0644): run chmod o-rwx \"upsertd.yaml\", or move the secret to a file of its own"
      ])
    #expect(try faults(yaml, files: ["secret": "s"], modes: ["upsertd.yaml": 0o640]) == [])
    #expect(try faults(Self.liquid, files: ["secret": "s", "password": "p"], modes: ["upsertd.yaml": 0o644]) == [])
  }

  @Test func `a secret from the environment is not in the file`() throws {
    let yaml = Self.liquid.replacing("password_file: password", with: "password: ${PASSWORD}")
    let found = try faults(
      yaml, files: ["secret": "s"], modes: ["upsertd.yaml": 0o644], environment: ["PASSWORD": "hunter2"])
    #expect(found == [])
  }

  @Test func `a proxy's password is a secret too`() throws {
    for proxy in ["http://u:p@proxy:1", "{address: \"http://proxy:1\", username: u, password: p}"] {
      let yaml = minimal().replacing("access_token: abc", with: "access_token: \"${T}\"")
        .replacing("api: lusid,", with: "api: lusid, proxy: \(proxy),")
      let found = try faults(yaml, modes: ["upsertd.yaml": 0o644], environment: ["T": "t"])
      #expect(found.count == 1 && found[0].contains("is a secret in a file that is open to others"))
      let settings = try loaded(yaml, environment: ["T": "t"])
      #expect(settings.targets[0].proxy == Proxy(address: "http://proxy:1", username: "u", password: Secret("p")))
    }
  }

  @Test func `a key that others can read is refused, a certificate is not`() throws {
    let yaml = target("api: liquid\nurl: https://a\nauth: {access_token: a}\nclient_cert: c\nclient_key: k")
    let found = try faults(yaml, files: ["c": "x", "k": "x"], modes: ["c": 0o644, "k": 0o644])
    #expect(
      found == [
        "upsertd.yaml:7: targets.t.client_key: read \"k\": others can read or change it (mode 0644): "
          + "run chmod o-rwx \"k\""
      ])
    let alone = try faults(yaml.replacing("client_cert: c", with: ""), files: ["k": "x"])
    #expect(alone == ["upsertd.yaml:2: targets.t.client_cert: is missing: client_key needs it"])
  }

  @Test func `a file with an access token is checked, and left to be read again`() throws {
    let yaml = target("api: lusid\nurl: https://a/api\nauth: {access_token_file: token}")
    let settings = try loaded(yaml, files: ["token": "abc\n"])
    let folder = settings.path.dropLast("/upsertd.yaml".count)
    #expect(settings.targets[0].auth == .accessTokenFile("\(folder)/token"))
    let found = try faults(yaml, files: ["token": "abc\ndef\n"])
    #expect(
      found == [
        "upsertd.yaml:5: targets.t.auth.access_token_file: read \"token\": is not an access token: it must be one "
          + "word in ASCII, without spaces or line breaks"
      ])
  }

  @Test func `a secret shows in no description`() throws {
    let yaml = """
      targets:
        t:
          api: lusid
          url: https://a/api
          auth: {username: u, password: hunter2, client_id: c, client_secret: hunter2, token_url: "https://b/t"}
          proxy: {address: "http://proxy:1", username: u, password: hunter2}
      inboxes: [{name: a, target: t}]
      """
    let settings = try loaded(yaml)
    var dumped = ""
    dump(settings, to: &dumped)
    for text in ["\(settings)", String(reflecting: settings), dumped, "\(Secret("hunter2"))"] {
      #expect(!text.contains("hunter2"))
    }
    #expect(Secret("hunter2").value == "hunter2")
  }
}
