import APIs
import Calendar
import Core
import Formats
import Foundation
import Testing

@testable import Settings

/// The examples in `config/`, loaded as by a user who has put the secrets beside them.
struct ExampleTests {
  static let folder = Folder(path: "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/config")

  /// What the reference names, beside itself.
  static func companions() throws -> [String: String] {
    [
      "mappings/investors.yaml": try folder.read("mappings/investors.yaml"),
      "mappings/accounts.yaml": try folder.read("mappings/accounts.yaml"),
      "mappings/european.yaml": try folder.read("mappings/european.yaml"),
      "mappings/transfer-agent.yaml": try folder.read("mappings/transfer-agent.yaml"),
      "mappings/countries.csv": try folder.read("mappings/countries.csv"), "liquid-token": "t",
      "secrets.json": try folder.read("secrets.example.json"), "liquid-password": "p\n", "liquid-client-secret": "s\n",
      "lusid-token": "t", "lusid-password": "p", "lusid-client-secret": "s", "company-ca.pem": "x", "upsertd.pem": "x",
      "upsertd.key": "x", "hook-secret": "s", "mail-password": "p",
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

  @Test func `expected files load`() throws {
    let expect = try Self.load("expected-files.yaml").inboxes[0].expect
    #expect(
      expect.map { "\($0.match) from \($0.deadline.from) \($0.deadline)" } == [
        "nav-*.csv from 00:00 by 07:30, mon-fri, Europe/Dublin",
        "positions-*.csv from 20:00 by 06:00, mon-fri, America/New_York",
      ])
    #expect(expect[0].minItems == 1 && expect[0].sequence?.number(in: Array("nav-0007.csv".utf8)) == 7)
  }

  @Test func `a European CSV loads`() throws {
    let route = try Self.load("csv-european.yaml").inboxes[0].routes[0]
    #expect(
      route.csv
        == csv {
          ($0.encoding, $0.delimiter, $0.null) = ("windows-1252", .character(";"), ["(unbekannt)"])
          ($0.numbers.decimal, $0.numbers.grouping, $0.numbers.negative) = (",", ".", [.trailing])
        })
    #expect(route.mapping?.columns.count == 4)
  }

  @Test func `a CSV with control totals loads`() throws {
    let settings = try Self.load("csv-control-totals.yaml")
    let route = settings.inboxes[0].routes[0]
    #expect(settings.watch.minAge == .seconds(10))
    #expect(route.csv.header?.count == 6)
    #expect(route.csv.trailer == Trailer(match: Glob("TRL*"), count: 2, sums: ["Commitment": 3]))
    #expect(route.checksum == .sha256)
    #expect(route.mapping?.columns["Country"]?[0].lookup?.values["LU"] == "Luxembourg")
    #expect(route.mapping?.computed.count == 1)
  }

  @Test func `a database's CSV loads`() throws {
    let route = try Self.load("csv-database.yaml").inboxes[0].routes[0]
    #expect(
      route.csv
        == csv {
          ($0.delimiter, $0.quote, $0.escape, $0.null) = (.character("\t"), nil, UInt8(ascii: "\\"), ["\\N"])
          $0.skip.comment = "--"
        })
  }

  @Test func `notices by webhook and by mail load`() throws {
    let receivers = try Self.load("notify.yaml").receivers
    #expect(receivers.map(\.name) == ["hooks.example.com", "ops@example.com"])
    #expect(receivers[0].events == [.rejected, .partial, .missing, .held])
    #expect(receivers[1].events == [.rejected, .missing, .held, .released])
  }

  @Test func `every example in the folder is among the tested ones`() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0.hasSuffix(".yaml") }
    #expect(
      names.sorted() == [
        "csv-control-totals.yaml", "csv-database.yaml", "csv-european.yaml", "expected-files.yaml",
        "liquid-minimal.yaml", "lusid-minimal.yaml", "notify.yaml", "starter.yaml", "upsertd.yaml",
      ])
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
    ["client_cert", "client_key"], ["proxy"], ["send"], ["marker"], ["retention"], ["expect"],
    ["notify"], ["format"], ["encoding"], ["header"], ["skip"], ["grouping"], ["symbols"], ["trailer"], ["checksum"],
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
    // What can't be used together with them.
    for key in ["retention", "skip"] where keys == [key] { lines.removeAll { $0.hasPrefix("    \(key): {}") } }
    if keys == ["expect"] { lines.removeAll { $0.hasPrefix("    expect: []") } }
    if keys.contains(where: { $0.hasPrefix("access_token") || $0 == "username" }) {
      lines.removeAll { $0.hasPrefix("      secrets_file:") }
    }
    let found = try faults(
      lines.joined(separator: "\n"), files: try Self.companions(),
      environment: ["PROXY_PASSWORD": "p", "LUSID_TOKEN": "t"])
    #expect(found == [])
  }
}
