import APIs
import Calendar
import Core
import Testing

@testable import Settings

struct ValueTests {
  @Test func `what is left out has its default`() throws {
    let settings = try loaded(minimal())
    #expect(settings.spool == "/var/spool/upsertd")
    #expect(settings.state == "/var/lib/upsertd")
    #expect(settings.watch == .init(pollInterval: .seconds(1), settle: .seconds(2), minAge: .zero))
    #expect(settings.queue == .init(maxBytes: 4_294_967_296, minFreeDisk: 268_435_456))
    #expect(settings.retry == .init(initial: .seconds(1), max: .seconds(300), maxAge: .seconds(432_000)))
    #expect(
      settings.limits
        == .init(maxItemBytes: 1_048_576, maxFileBytes: 17_179_869_184, maxNesting: 128, maxGzipRatio: 200))
    #expect(settings.log == .init(level: .info, format: .text))
    #expect(settings.admin == .init(host: "127.0.0.1", port: 9187))
    let target = try #require(settings.targets.first)
    #expect(
      target
        == Target(
          name: "lusid", api: .lusid, url: "https://example.lusid.com/api", auth: .accessToken(Secret("abc")),
          batch: .init(maxItems: 500, maxBytes: 4_194_304, linger: nil), concurrency: 4, maxRequestsPerSecond: nil,
          timeout: .seconds(60), own: OwnSettings(), caFile: nil, clientCert: nil, clientKey: nil, proxy: nil))
    let inbox = try #require(settings.inboxes.first)
    #expect(
      inbox
        == Inbox(
          name: "a", ignore: [], marker: nil, ordering: .key, rejectsDuplicates: false, retention: .init(),
          routes: [
            Route(
              match: "*", target: .named("lusid"), mapping: nil, own: OwnSettings(), successMode: .partial,
              validate: true, format: nil, csv: CSVOptions(), checksum: nil, empty: .omit)
          ]))
  }

  @Test func `every value reaches its place`() throws {
    let settings = try loaded(
      """
      spool: drop
      state: ./state/
      watch: {poll_interval: 500ms, settle: 0, min_age: 1m}
      queue: {max_bytes: 10MB, min_free_disk: 0}
      retry: {initial: 2s, max: 1h30m, max_age: 1d}
      limits: {max_item_bytes: 2KiB, max_file_bytes: 3GB, max_nesting: 7, max_gzip_ratio: 9}
      log: {level: debug, format: json}
      admin: {listen: "[::1]:0"}
      targets:
        l:
          api: liquid
          url: https://ld.example.com/x//
          auth: {username: u, password: p, client_id: c, client_secret: s, community: acme}
          batch: {max_items: 5, max_bytes: 6KiB, linger: 200ms}
          concurrency: 8
          max_requests_per_second: 0.5
          timeout: 9s
          send: {from: 20:00, to: "06:00", timezone: Europe/Dublin, days: mon-fri}
          ca_file: tls/ca.pem
          client_cert: tls/cert.pem
          client_key: tls/key.pem
          proxy: {address: "http://p.example.com:3128/", username: me, password: pw}
      inboxes:
        - name: a
          ignore: ["*.bak", "[!a]?"]
          marker: .done
          ordering: file
          duplicates: reject
          release: manual
          results: all
          retention: {archive: 30d}
          match: "*.csv"
          target: l
          item: {category: entity, type: Account, action: Merge, key: [accountId, region]}
          validate: false
          delimiter: tab
          empty: null
        - name: b
          ordering: none
          ignore: "*.log"
          routes:
            - {match: "x*", target: auto, delimiter: auto, empty: string, success_mode: Partial}
            - {target: l, delimiter: ";", item: {key: id}}
      """, files: ["tls/ca.pem": "x", "tls/cert.pem": "x", "tls/key.pem": "x"])
    let folder = settings.path.dropLast("/upsertd.yaml".count)
    #expect(settings.spool == "\(folder)/drop")
    #expect(settings.state == "\(folder)/state")
    #expect(settings.watch == .init(pollInterval: .milliseconds(500), settle: .zero, minAge: .seconds(60)))
    #expect(settings.queue == .init(maxBytes: 10_000_000, minFreeDisk: 0))
    #expect(settings.retry == .init(initial: .seconds(2), max: .seconds(5400), maxAge: .seconds(86_400)))
    #expect(
      settings.limits == .init(maxItemBytes: 2048, maxFileBytes: 3_000_000_000, maxNesting: 7, maxGzipRatio: 9))
    #expect(settings.log == .init(level: .debug, format: .json))
    #expect(settings.admin == .init(host: "::1", port: 0))
    let grant = Grant(
      kind: .password, tokenURL: "https://ld.example.com/x/ls/api/oauth2/token", username: "u", password: Secret("p"),
      clientID: "c", clientSecret: Secret("s"), scope: "community=acme")
    #expect(
      try settings.target(named: "l")
        == Target(
          name: "l", api: .liquid, url: "https://ld.example.com/x", auth: .grant(grant),
          batch: .init(maxItems: 5, maxBytes: 6144, linger: .milliseconds(200)), concurrency: 8,
          maxRequestsPerSecond: 0.5, timeout: .seconds(9),
          send: DailyWindow(
            from: TimeOfDay("20:00"), to: TimeOfDay("06:00"), days: DaysOfWeek("mon-fri"),
            zone: Zone(named: "Europe/Dublin")), own: OwnSettings(), caFile: "\(folder)/tls/ca.pem",
          clientCert: "\(folder)/tls/cert.pem", clientKey: "\(folder)/tls/key.pem",
          proxy: Proxy(address: "http://p.example.com:3128", username: "me", password: Secret("pw"))))
    #expect(
      settings.inbox(named: "a")
        == Inbox(
          name: "a", ignore: ["*.bak", "[!a]?"], marker: ".done", ordering: .file, rejectsDuplicates: true,
          waitsForRelease: true,
          retention: .init(archive: .seconds(30 * 86_400)),
          listsAccepted: true,
          routes: [
            Route(
              match: "*.csv", target: .named("l"), mapping: nil,
              own: OwnSettings(
                ItemDefaults(category: "entity", type: "Account", action: "Merge", key: ["accountId", "region"])),
              successMode: .partial, validate: false, csv: csv { $0.delimiter = .character("\t") }, empty: .null)
          ]))
    #expect(
      settings.inbox(named: "b")
        == Inbox(
          name: "b", ignore: ["*.log"], ordering: .none,
          routes: [
            Route(match: "x*", target: .auto, csv: csv { $0.delimiter = .auto }, empty: .string),
            Route(
              match: "*", target: .named("l"), own: OwnSettings(ItemDefaults(key: ["id"])),
              csv: csv { $0.delimiter = .character(";") }),
          ]))
  }

  @Test func `the admin address can be turned off, and left as it is`() throws {
    #expect(try loaded(minimal("admin: false")).admin == nil)
    #expect(try loaded(minimal("admin: true")).admin == .init())
    #expect(try loaded(minimal("admin: {listen: localhost:80}")).admin == .init(host: "localhost", port: 80))
  }

  @Test func `the first route that matches takes a name`() throws {
    let settings = try loaded(
      inbox(
        """
        ignore: ["*.bak"]
        routes:
          - {match: "inv-*.csv", target: lusid}
          - {match: "*.csv", target: liquid}
        """))
    let inbox = settings.inboxes[0]
    #expect(inbox.route(for: Array("inv-1.csv".utf8))?.target == .named("lusid"))
    #expect(inbox.route(for: Array("acc-1.csv".utf8))?.target == .named("liquid"))
    #expect(inbox.route(for: Array("acc-1.json".utf8)) == nil)
    #expect(inbox.ignores(Array("a.bak".utf8)))
    #expect(!inbox.ignores(Array("a.csv".utf8)))
  }

  @Test func `plain http is fine on this machine, or where it is allowed`() throws {
    for url in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080", "http://127.8.8.8"] {
      #expect(try faults(target("api: liquid\nurl: \"\(url)\"\nauth: {access_token: a}")) == [])
    }
    for url in ["http://10.0.0.1", "http://localhost.example.com", "http://[::2]", "http://0.0.0.0"] {
      #expect(try faults(target("api: liquid\nurl: \"\(url)\"\nauth: {access_token: a}")).count == 1)
      #expect(try faults(target("api: liquid\nallow_plaintext: true\nurl: \"\(url)\"\nauth: {access_token: a}")) == [])
    }
  }

  @Test func `anchors and merge keys save typing`() throws {
    let settings = try loaded(
      """
      targets:
        one: &one
          api: lusid
          url: https://one/api
          auth: {access_token: a}
          concurrency: 2
        two:
          <<: *one
          url: https://two/api
      inboxes:
        - {name: a, target: one}
        - {name: b, target: two}
      """)
    #expect(settings.targets.map(\.url) == ["https://one/api", "https://two/api"])
    #expect(settings.targets.map(\.concurrency) == [2, 2])
    let wrong = try faults(minimal("watch: {<<: [1], settle: 1s}"))
    #expect(wrong == ["upsertd.yaml:1: watch.\"<<\": must be an alias of a mapping"])
  }

  @Test(arguments: [
    ("500ms", 500), ("2s", 2000), ("5m", 300_000), ("1h30m", 5_400_000), ("5d", 432_000_000), ("0", 0), ("0s", 0),
    ("1s500ms", 1500), ("1d1h1m1s1ms", 90_061_001), ("36500d", 3_153_600_000_000),
  ])
  func `a duration is read`(_ text: String, _ milliseconds: Int64) {
    #expect(Duration(written: text) == .milliseconds(milliseconds))
  }

  @Test(arguments: [
    "", "5", "s", "1.5s", "1s1s", "30m1h", "1 s", "1S", "-1s", "+1s", "1h30", "36501d", "99999999999999999999s", "٣s",
    "36500d1ms",
  ])
  func `what is no duration is refused`(_ text: String) {
    #expect(Duration(written: text) == nil)
  }

  @Test(arguments: [
    ("0", 0), ("4096", 4096), ("1KiB", 1024), ("2MiB", 2_097_152), ("4GiB", 4_294_967_296), ("1KB", 1000),
    ("2MB", 2_000_000), ("3GB", 3_000_000_000),
  ])
  func `a size is read`(_ text: String, _ bytes: Int) {
    #expect(Int(writtenSize: text) == bytes)
  }

  @Test(arguments: ["", "KiB", "1kib", "1.5MiB", "1 MiB", "-1", "1TiB", "99999999999GiB", "1_000", "٣"])
  func `what is no size is refused`(_ text: String) {
    #expect(Int(writtenSize: text) == nil)
  }
}

extension OwnSettings {
  fileprivate init(_ item: ItemDefaults) {
    self.init()
    self[ItemDefaults.self] = item
  }
}
