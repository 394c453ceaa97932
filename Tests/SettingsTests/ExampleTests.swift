import APIs
import Core
import Testing

@testable import Settings

/// The examples in `config/`, loaded as a user would who has put the secrets beside them.
struct ExampleTests {
  static let folder = Folder(path: "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/config")

  /// What the reference names, beside itself.
  static func companions() throws -> [String: String] {
    [
      "mappings/investors.yaml": try folder.read("mappings/investors.yaml"),
      "mappings/accounts.yaml": try folder.read("mappings/accounts.yaml"),
      "secrets.json": try folder.read("secrets.example.json"), "liquid-password": "p\n", "liquid-client-secret": "s\n",
      "lusid-token": "t", "lusid-password": "p", "lusid-client-secret": "s", "company-ca.pem": "x", "upsertd.pem": "x",
      "upsertd.key": "x",
    ]
  }

  static func load(_ name: String) throws -> Settings {
    try loaded(try folder.read(name), files: try companions())
  }

  @Test func `the smallest LUSID configuration loads`() throws {
    let settings = try Self.load("lusid-minimal.yaml")
    #expect(settings.targets.map(\.api) == [.lusid])
    #expect(settings.targets[0].url == "https://example.lusid.com/api")
  }

  @Test func `the smallest Liquid configuration loads`() throws {
    let settings = try Self.load("liquid-minimal.yaml")
    #expect(settings.targets.map(\.api) == [.liquid])
    #expect(settings.inboxes[0].routes[0].item?.key == ["accountId"])
  }

  @Test func `the reference says the defaults as they are`() throws {
    let settings = try Self.load("upsertd.yaml")
    let plain = Settings(path: "")
    #expect(settings.spool == plain.spool)
    #expect(settings.state == plain.state)
    #expect(settings.watch == plain.watch)
    #expect(settings.queue == plain.queue)
    #expect(settings.retry == plain.retry)
    #expect(settings.limits == plain.limits)
    #expect(settings.log == plain.log)
    #expect(settings.admin == plain.admin)
    let target = try #require(settings.target(named: "lusid"))
    #expect(target == Target(name: "lusid", api: .lusid, url: target.url, auth: target.auth))
    let investors = try #require(settings.inbox(named: "investors"))
    #expect(investors == Inbox(name: "investors", routes: [Route(target: .named("lusid"))]))
    let mixed = try #require(settings.inbox(named: "mixed"))
    #expect(mixed.routes[0].mapping?.columns.count == 9)
    #expect(mixed.routes[1].mapping?.constants.map(\.json) == ["\"USD\"", "true"])
  }

  @Test(arguments: [
    ["access_token_file"], ["access_token"], ["scope"], ["max_requests_per_second"], ["ca_file"], ["client_cert"],
    ["client_cert", "client_key"], ["proxy"], ["marker"], ["retention"],
    ["grant", "token_url", "username", "password_file", "client_id", "client_secret_file", "scope"],
  ])
  func `the reference's settings that are off by default are in order too`(_ keys: [String]) throws {
    var lines = try Self.folder.read("upsertd.yaml").split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    for key in keys {
      let off = try #require(
        lines.firstIndex { $0.drop { $0 == " " }.hasPrefix("#\(key):") }, "no setting \(key) is off")
      lines[off] = String(lines[off].replacing("#", with: "", maxReplacements: 1))
    }
    // What can't stand beside them.
    if keys == ["retention"] { lines.removeAll { $0.hasPrefix("    retention: {}") } }
    if keys.contains(where: { $0.hasPrefix("access_token") || $0 == "username" }) {
      lines.removeAll { $0.hasPrefix("      secrets_file:") }
    }
    let found = try faults(
      lines.joined(separator: "\n"), files: try Self.companions(),
      environment: ["PROXY_PASSWORD": "p", "LUSID_TOKEN": "t"])
    #expect(found == [])
  }
}
