import APIs
import Core
import Testing

@testable import Settings

struct FaultTests {
  /// A configuration, and its one fault.
  struct Case: CustomTestStringConvertible {
    var yaml: String
    var fault: String
    var testDescription: String { fault }

    init(_ yaml: String, _ fault: String) {
      self.yaml = yaml
      self.fault = "upsertd.yaml:" + fault
    }
  }

  @Test(arguments: [
    Case(minimal("watch: {poll_interval: 0s}"), "1: watch.poll_interval: must be more than 0, but is 0s"),
    Case(minimal("watch: {poll_interval: -1s}"), "1: watch.poll_interval: must not be negative, but is -1s"),
    Case(minimal("watch:\n  settle: -2s"), "2: watch.settle: must not be negative, but is -2s"),
    Case(
      minimal("watch: {settle: 5}"), "1: watch.settle: has no unit: write 5s for seconds, or use ms, m, h, d"),
    Case(
      minimal("watch: {settle: soon}"),
      "1: watch.settle: must be a duration such as 500ms, 2s, 5m, 1h30m or 5d, but is \"soon\""),
    Case(minimal("watch: 1s"), "1: watch: must be a mapping of keys to values, but is a single value"),
    Case(minimal("watch: [1s]"), "1: watch: must be a mapping of keys to values, but is a list"),
    Case(minimal("watch:"), "1: watch: must be a mapping of keys to values, but is empty"),
    Case(minimal("queue: {max_bytes: 0}"), "1: queue.max_bytes: must be at least 1, but is 0"),
    Case(
      minimal("queue: {max_bytes: 4 gigs}"),
      "1: queue.max_bytes: must be a size such as 4096, 64KiB, 4MiB, 1GiB or 5MB, but is \"4 gigs\""),
    Case(
      minimal("\nretry: {max: 5m,\n  initial: 10m}"),
      "3: retry.initial: makes the first delay (initial) longer than the longest (max): change one of them"),
    Case(minimal("limits: {max_nesting: 0}"), "1: limits.max_nesting: must be at least 1, but is 0"),
    Case(minimal("limits: {max_nesting: 5000}"), "1: limits.max_nesting: must be at most 1000, but is 5000"),
    Case(
      minimal("limits: {max_nesting: \"128\"}"),
      "1: limits.max_nesting: must be a whole number, but is text: leave out the quotes"),
    Case(minimal("limits: {max_gzip_ratio: 1.5}"), "1: limits.max_gzip_ratio: must be a whole number, but is \"1.5\""),
    Case(
      minimal("log: {level: warn}"),
      "1: log.level: must be one of trace, debug, info, notice, warning, error, critical, but is \"warn\": "
        + "did you mean \"warning\"?"),
    Case(
      minimal("log: {level: eror}"),
      "1: log.level: must be one of trace, debug, info, notice, warning, error, critical, but is \"eror\": "
        + "did you mean \"error\"?"),
    Case(minimal("log: {format: }"), "1: log.format: has no value: give one of text, json"),
    Case(
      minimal("admin: {listen: 9187}"),
      "1: admin.listen: must be an address and a port such as 127.0.0.1:9187, but has a host that is neither a name nor an IPv4 address"
    ),
    Case(
      minimal("admin: {listen: \"127.0.0.1:99999\"}"),
      "1: admin.listen: must be an address and a port such as 127.0.0.1:9187, "
        + "but has a port that is not a number from 0 to 65535"),
    Case(minimal("admin: maybe"), "1: admin: must be true or false, but is \"maybe\""),
    Case(minimal("spool: \"\""), "1: spool: must not be empty"),
    Case(minimal("spool:"), "1: spool: has no value: give one, or leave out the key"),
    Case(minimal("spool: {a: b}"), "1: spool: must be a single value, but is a mapping of keys to values"),
    Case(
      minimal("state: 7"), "1: state: must be a path, but is the number 7: write \"7\", with quotes, if it is meant"),
    Case(
      minimal("spool: no\nstate: yes\nlog: {level: 7}"),
      "3: log.level: must be one of trace, debug, info, notice, warning, error, critical, but is \"7\""),
    Case(minimal("spool: \"a\\0b\""), "1: spool: must not contain control characters or line breaks"),
    Case(minimal("wach: {settle: 1s}"), "1: wach: is unknown: did you mean \"watch\"?"),
    Case(minimal("watch: {poll-interval: 1s}"), "1: watch.poll-interval: is unknown: did you mean \"poll_interval\"?"),
    Case(
      minimal("watch: {color: red}"), "1: watch.color: is unknown: the keys here are poll_interval, settle, min_age"),
    Case(minimal("watch: {min_age: -1s}"), "1: watch.min_age: must not be negative, but is -1s"),
    Case(
      minimal("watch:\n  settle: 1s\n  poll_interval: 1s\n  settle: 3s"),
      "4: watch.settle: is given more than once, first on line 2: keep one of them"),
  ])
  func `a fault of the general part says where it is and what to do`(_ example: Case) throws {
    let found = try faults(example.yaml)
    #expect(found == [example.fault])
  }

  @Test(arguments: [
    ("marker: 9", "marker", "a suffix such as .done", "the number 9", "9"),
    ("ignore: 7", "ignore", "a pattern such as *.csv", "the number 7", "7"),
    ("ignore: [a, 1.5]", "ignore[1]", "a pattern such as *.csv", "the number 1.5", "1.5"),
    ("match: true", "match", "a pattern such as *.csv", "true", "true"),
    ("mapping: 2024", "mapping", "a path", "the number 2024", "2024"),
  ])
  func `a number where text is meant is a fault`(
    _ line: String, _ key: String, _ wanted: String, _ found: String, _ word: String
  ) throws {
    let end = "must be \(wanted), but is \(found): write \"\(word)\", with quotes, if it is meant"
    #expect(
      try faults(inbox("target: lusid\n\(line)")) == ["upsertd.yaml:7: inboxes[0].\(key) (inbox \"a\"): \(end)"])
  }

  @Test(arguments: ["marker: \"9\"", "ignore: [\"7\", 7x]", "ignore: '1.5'"])
  func `a number in quotes is text`(_ line: String) throws {
    #expect(try faults(inbox("target: lusid\n\(line)")) == [])
  }

  @Test(arguments: [
    ("{from: \"20:00\", to: \"06:00\", days: [mon]}", "days", "days such as mon-fri, but is a list"),
    ("{from: [20], to: \"06:00\"}", "from", "a time of day such as 07:30, but is a list"),
    (
      "{from: \"20:00\", to: \"06:00\", timezone: {a: b}}", "timezone",
      "a time zone such as Europe/Dublin, but is a mapping of keys to values"
    ),
  ])
  func `a list for days or times is told with what is right`(_ send: String, _ key: String, _ end: String) throws {
    let yaml = target("api: lusid\nurl: https://a\n\(Self.signIn)\nsend: \(send)")
    #expect(try faults(yaml) == ["upsertd.yaml:6: targets.t.send.\(key): must be \(end)"])
    guard key == "days" else { return }
    let expected = try faults(inbox("target: lusid\nexpect: [{by: \"07:30\", days: [mon]}]"))
    #expect(expected == ["upsertd.yaml:7: inboxes[0].expect[0].days (inbox \"a\"): must be \(end)"])
  }

  static let signIn = "auth: {access_token: abc}"

  @Test(arguments: [
    Case(
      target("api: lusd\nurl: https://a/api\n\(signIn)"),
      "3: targets.t.api: must be one of lusid, liquid, but is \"lusd\": did you mean \"lusid\"?"),
    Case(target("url: https://a/api\n\(signIn)"), "2: targets.t.api: is missing: write lusid or liquid"),
    Case(
      target("api: liquid\n\(signIn)"),
      "2: targets.t.url: is missing: give the API's address, such as https://ld.example.com"),
    Case(
      target("api: liquid\nurl: ftp://a\n\(signIn)"),
      "4: targets.t.url: must be a URL that begins with https:// or http://, but is \"ftp://a\""),
    Case(target("api: liquid\nurl: https://\n\(signIn)"), "4: targets.t.url: \"https://\" has no host"),
    Case(
      target("api: liquid\nurl: https://u:p@a\n\(signIn)"),
      "4: targets.t.url: must not contain credentials: move them to auth"),
    Case(
      target("api: liquid\nurl: https://a?x=1\n\(signIn)"), "4: targets.t.url: must be a URL without \"?\" and \"#\""),
    Case(
      target("api: liquid\nurl: https://a:0\n\(signIn)"),
      "4: targets.t.url: \"https://a:0\" has a port that is not a number from 1 to 65535"),
    Case(
      target("api: liquid\nurl: http://a.example.com\n\(signIn)"),
      "4: targets.t.url: \"http://a.example.com\" is plain http, which lets others read tokens and data: use https, or set "
        + "allow_plaintext: true for the target"),
    Case(
      target(
        "api: liquid\nurl: https://a\nauth: {username: u, password: p, client_id: c, client_secret: s, community: x,\n  token_url: \"http://b/t\"}"
      ),
      "6: targets.t.auth.token_url: \"http://b/t\" is plain http, which lets others read tokens and data: use https, or set "
        + "allow_plaintext: true for the target"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nbatch: {max_items: 0}"),
      "6: targets.t.batch.max_items: must be at least 1, but is 0"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nbatch: {linger: 200}"),
      "6: targets.t.batch.linger: has no unit: write 200s for seconds, or use ms, m, h, d"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nbatch:\n  max_item: 5"),
      "7: targets.t.batch.max_item: is unknown: did you mean \"max_items\"?"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nconcurrency: 0"),
      "6: targets.t.concurrency: must be at least 1, but is 0"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nconcurrency: four"),
      "6: targets.t.concurrency: must be a whole number, but is \"four\""),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nmax_requests_per_second: 0"),
      "6: targets.t.max_requests_per_second: must be more than 0, but is 0"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nmax_requests_per_second: 1e-300"),
      "6: targets.t.max_requests_per_second: must be from 0.001 to 1000000, but is 1e-300"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nconcurrency: 9223372036854775807"),
      "6: targets.t.concurrency: must be at most 1000, but is 9223372036854775807"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nbatch: {max_items: 9223372036854775807}"),
      "6: targets.t.batch.max_items: must be at most 1000000, but is 9223372036854775807"),
    Case(
      minimal("limits: {max_item_bytes: 9223372036854775807}"),
      "1: limits.max_item_bytes: must be at most 1048576GiB, but is 9223372036854775807"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\ntimeout: 0"),
      "6: targets.t.timeout: must be more than 0, but is 0"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nsend: always"),
      "6: targets.t.send: must be a mapping of keys to values, but is a single value"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nsend: {from: 8:00, to: \"20:00\", timezone: UTC}"),
      "6: targets.t.send.from: is \"8:00\", which must have two digits for hours and two for minutes, such as 07:30"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nsend:\n  from: 08:00\n  to: 09:00\n  timezone: Europe/Dublinn"),
      "9: targets.t.send.timezone: is \"Europe/Dublinn\", which is no time zone that this machine knows: "
        + "did you mean \"Europe/Dublin\"?"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nsend: {from: 08:00, timezone: UTC}"),
      "6: targets.t.send.to: is missing: write when sending ends, such as to: \"06:00\""),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nsend: {from: 08:00, to: 08:00, timezone: UTC}"),
      "6: targets.t.send: is \"08:00 to 08:00\", which ends when it begins: write 00:00 to 24:00 for whole days"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nsend: {from: 08:00, to: 09:00, timezone: UTC, days: monday}"),
      "6: targets.t.send.days: is \"monday\", which has \"monday\", which is no day: write mon"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nsend: {from: 08:00, to: 09:00, timezone: UTC, day: mon}"),
      "6: targets.t.send.day: is unknown: did you mean \"days\"?"),
    Case(
      target("api: liquid\nurl: https://a\n\(signIn)\nschema: seed"),
      "6: targets.t.schema: is for LUSID only: Liquid has one schema, so leave it out"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nallow_plaintext: yes"),
      "6: targets.t.allow_plaintext: must be true or false, but is \"yes\""),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nca_file: none.pem"),
      "6: targets.t.ca_file: read \"none.pem\": can't be opened: No such file or directory"),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nproxy: proxy:3128"),
      "6: targets.t.proxy: must be a URL that begins with http:// or https:// or socks5h:// or socks5:// or "
        + "socks4a:// or socks4://, but is \"proxy:3128\""),
    Case(
      target("api: lusid\nurl: https://a\n\(signIn)\nproxy: {username: u}"),
      "6: targets.t.proxy.address: is missing: give the proxy's URL, such as http://proxy.example.com:3128"),
  ])
  func `a fault of a target says where it is and what to do`(_ example: Case) throws {
    let found = try faults(example.yaml)
    #expect(found == [example.fault])
  }

  @Test(arguments: [
    Case(
      inbox("target: lusd"),
      "6: inboxes[0].target (inbox \"a\"): names target \"lusd\", which does not exist: did you mean \"lusid\"?"),
    Case(
      inbox("target: elsewhere"),
      "6: inboxes[0].target (inbox \"a\"): names target \"elsewhere\", which does not exist: the targets are lusid, "
        + "liquid; or write auto"),
    Case(
      inbox("ordering: key"),
      "5: inboxes[0].target (inbox \"a\"): is missing: name the target, write auto, or give routes"),
    Case(
      inbox("target: lusid\nordering: strict"),
      "7: inboxes[0].ordering (inbox \"a\"): must be one of key, file, none, but is \"strict\""),
    Case(
      inbox("target: lusid\nduplicates: refuse"),
      "7: inboxes[0].duplicates (inbox \"a\"): must be one of send, reject, but is \"refuse\""),
    Case(
      inbox("target: lusid\nresults: accepted"),
      "7: inboxes[0].results (inbox \"a\"): must be one of rejected, all, but is \"accepted\""),
    Case(
      inbox("target: lusid\nretention: {archive: -1d}"),
      "7: inboxes[0].retention.archive (inbox \"a\"): must not be negative, but is -1d"),
    Case(
      inbox("target: lusid\nretention: {archve: 1d}"),
      "7: inboxes[0].retention.archve (inbox \"a\"): is unknown: did you mean \"archive\"?"),
    Case(
      inbox("target: lusid\nignore: [\"*.bak\", \"[a-\"]"),
      "7: inboxes[0].ignore[1] (inbox \"a\"): has a \"[\" without a \"]\": close it, or write \"\\[\" for a literal "
        + "\"[\""),
    Case(
      inbox("target: lusid\nmatch: in/*.csv"),
      "7: inboxes[0].match (inbox \"a\"): contains a \"/\", but is matched against file names only: leave out the "
        + "folder"),
    Case(
      inbox("target: lusid\nmarker: a/b"),
      "7: inboxes[0].marker (inbox \"a\"): contains a \"/\": a marker is a suffix of a file name, such as .done"),
    Case(
      inbox("target: lusid\nmapping: none.yaml"),
      "7: inboxes[0].mapping (inbox \"a\"): read \"none.yaml\": can't be opened: No such file or directory"),
    Case(
      inbox("target: lusid\nitem: {type: Account}"),
      "7: inboxes[0].item (inbox \"a\"): is for Liquid items, but files here go only to LUSID: leave it out"),
    Case(
      inbox("target: liquid\nitem: {action: merge}"),
      "7: inboxes[0].item.action (inbox \"a\"): must be one of Create, Merge, Update, Delete, but is \"merge\": "
        + "did you mean \"Merge\"?"),
    Case(
      inbox("target: liquid\nitem: {key: []}"),
      "7: inboxes[0].item.key (inbox \"a\"): must name at least one field; without key, the whole inbox is kept in "
        + "order"),
    Case(
      inbox("target: liquid\nitem: {key: [a, b, a]}"),
      "7: inboxes[0].item.key (inbox \"a\"): names \"a\" twice: leave out one of them"),
    Case(
      inbox("target: liquid\nsuccess_mode: Atomic"),
      "7: inboxes[0].success_mode (inbox \"a\"): is Atomic, but Liquid accepts or rejects items one by one (it has "
        + "no atomic mode): leave it out, or use Partial"),
    Case(
      inbox("target: auto\nsuccess_mode: Atomic"),
      "7: inboxes[0].success_mode (inbox \"a\"): is Atomic, but Liquid accepts or rejects items one by one (auto may "
        + "send files to Liquid): leave it out, or use Partial"),
    Case(
      inbox("target: lusid\nsuccess_mode: atomic"),
      "7: inboxes[0].success_mode (inbox \"a\"): must be one of Partial, Atomic, but is \"atomic\": did you mean "
        + "\"Atomic\"?"),
    Case(
      inbox("target: lusid\nvalidate: \"false\""),
      "7: inboxes[0].validate (inbox \"a\"): must be true or false, but is text: leave out the quotes"),
    Case(
      inbox("target: lusid\nempty: nothing"),
      "7: inboxes[0].empty (inbox \"a\"): must be one of omit, null, string, but is \"nothing\""),
    Case(
      inbox("target: lusid\nroutes:\n  - {match: \"*\", target: liquid}"),
      "6: inboxes[0].target (inbox \"a\"): can't be combined with routes: move it into each route, or leave out "
        + "routes"),
    Case(inbox("routes: []"), "6: inboxes[0].routes (inbox \"a\"): must name at least one route"),
    Case(
      inbox("routes:\n  - {match: a}"),
      "7: inboxes[0].routes[0].target (inbox \"a\"): is missing: name the target, or write auto"),
    Case(
      inbox("routes:\n  - target: lusid\n  - {match: a, target: lusid}"),
      "8: inboxes[0].routes[1] (inbox \"a\"): is never used: inboxes[0].routes[0] matches every file, and the first "
        + "match wins; put this route before it"),
    Case(
      inbox("routes:\n  - {match: a, target: lusid, ordering: key}"),
      "7: inboxes[0].routes[0].ordering (inbox \"a\"): is unknown: the keys here are target, match, mapping, item, "
        + "success_mode, validate, empty, format, encoding, delimiter, quote, escape, header, skip, null, decimal, "
        + "grouping, negative, symbols, trailer, checksum"),
  ])
  func `a fault of an inbox says where it is and what to do`(_ example: Case) throws {
    let found = try faults(example.yaml)
    #expect(found == [example.fault])
  }

  @Test(arguments: [
    ("\"\"", "is empty"), ("a/b", "contains a \"/\""), (".a", "begins with a dot"), ("..", "begins with a dot"),
    ("\"a\\0\"", "contains control characters"), ("~", "is empty"),
    (String(repeating: "ä", count: 128), "is longer than 255 bytes"),
  ])
  func `a name that can't be a folder's is refused`(_ name: String, _ reason: String) throws {
    let found = try faults(minimal() + "\n").map { "\($0)" }
    #expect(found.isEmpty)
    let refused = try faults(minimal().replacing("name: a", with: "name: \(name)"))
    #expect(refused == ["upsertd.yaml:3: inboxes[0].name: \(reason): give a plain folder name"])
  }

  @Test func `two inboxes with one name are told apart`() throws {
    let found = try faults(
      inbox("target: lusid\n") + "\n  - name: b\n    target: lusid\n  - name: a\n    target: lusid")
    #expect(
      found == [
        "upsertd.yaml:10: inboxes[2].name (inbox \"a\"): is already the name of inboxes[0]: give each inbox its own name"
      ])
  }

  @Test func `auto needs to know which target is meant`() throws {
    let found = try faults(
      """
      targets:
        one: {api: lusid, url: "https://a/api", auth: {access_token: abc}}
        two: {api: lusid, url: "https://b/api", auth: {access_token: abc}}
        three: {api: liquid, url: "https://b", auth: {access_token: abc}}
      inboxes:
        - name: a
          target: auto
      """)
    #expect(
      found == [
        "upsertd.yaml:7: inboxes[0].target (inbox \"a\"): is auto, but there are several lusid targets: name \"one\" "
          + "or \"two\""
      ])
  }

  @Test func `a target can't be called auto`() throws {
    let found = try faults(
      minimal().replacing("{lusid: {", with: "{auto: {").replacing("target: lusid", with: "target: auto"))
    #expect(
      found == [
        "upsertd.yaml:2: targets.auto: can't be a target's name, since auto selects the target by a file's content: "
          + "choose another name"
      ])
  }

  @Test func `Atomic is fine where auto can only mean LUSID`() throws {
    let settings = try loaded(minimal().replacing("target: lusid", with: "target: auto, success_mode: Atomic"))
    #expect(settings.inboxes[0].routes[0].successMode == .atomic)
    #expect(settings.inboxes[0].routes[0].target == .auto)
  }

  @Test func `a configuration without targets and inboxes is none`() throws {
    let found = try faults("spool: /tmp/x")
    #expect(
      found == [
        "upsertd.yaml:1: targets: is missing: say where items are sent",
        "upsertd.yaml:1: inboxes: is missing: say where files are dropped",
      ])
    let empty = try faults("targets: {}\ninboxes: []")
    #expect(
      empty == [
        "upsertd.yaml:1: targets: must name at least one target",
        "upsertd.yaml:2: inboxes: must name at least one inbox",
      ])
  }

  @Test func `all that is wrong is told in one go, by line`() throws {
    let found = try faults(
      """
      spol: /var/spool/x
      watch: {poll_interval: 0s, settle: 1s, settle: 2s}
      queue: {max_bytes: lots}
      log: {level: loud}
      targets:
        lusid:
          api: lusid
          url: http://example.com/api
          auth: {username: u, password_file: none, token_url: "${NOWHERE}"}
          batch: {max_items: -1}
        liquid:
          api: liquid
          url: https://ld.example.com
          concurrency: 0
      inboxes:
        - name: a/b
          target: lusid
          mapping: map.yaml
        - target: liqid
          success_mode: Atomic
        - name: c
          target: liquid
          success_mode: Atomic
          target: liquid
      """, files: ["map.yaml": "columns: {A: [displayName, c:numbr]}\nconstant: {}\n"])
    #expect(
      found == [
        "upsertd.yaml:1: spol: is unknown: did you mean \"spool\"?",
        "upsertd.yaml:2: watch.settle: is given more than once, first on line 2: keep one of them",
        "upsertd.yaml:2: watch.poll_interval: must be more than 0, but is 0s",
        "upsertd.yaml:3: queue.max_bytes: must be a size such as 4096, 64KiB, 4MiB, 1GiB or 5MB, but is \"lots\"",
        "upsertd.yaml:4: log.level: must be one of trace, debug, info, notice, warning, error, critical, but is \"loud\"",
        "upsertd.yaml:8: targets.lusid.url: \"http://example.com/api\" is plain http, which lets others read tokens and data: use https, or set "
          + "allow_plaintext: true for the target",
        "upsertd.yaml:9: targets.lusid.auth.token_url: ${NOWHERE} is not set in the environment: set it, or write \"$${\" "
          + "for a literal \"${\"",
        "upsertd.yaml:9: targets.lusid.auth.password_file: read \"none\": can't be opened: No such file or directory",
        "upsertd.yaml:10: targets.lusid.batch.max_items: must be at least 1, but is -1",
        "upsertd.yaml:11: targets.liquid.auth: is missing: give username, password_file, client_id, client_secret_file "
          + "and community",
        "upsertd.yaml:14: targets.liquid.concurrency: must be at least 1, but is 0",
        "upsertd.yaml:16: inboxes[0].name: contains a \"/\": give a plain folder name",
        "upsertd.yaml:19: inboxes[1].name: is missing: give the folder's name",
        "upsertd.yaml:19: inboxes[1].target: names target \"liqid\", which does not exist: did you mean \"liquid\"?",
        "upsertd.yaml:23: inboxes[2].success_mode (inbox \"c\"): is Atomic, but Liquid accepts or rejects items one "
          + "by one (it has no atomic mode): leave it out, or use Partial",
        "upsertd.yaml:24: inboxes[2].target (inbox \"c\"): is given more than once, first on line 22: keep one of them",
        "map.yaml:1: columns.A[1]: ends in \":numbr\", but the types are string, number, boolean, list, json: "
          + "did you mean \"number\"?",
        "map.yaml:2: constant: is unknown: did you mean \"constants\"?",
      ])
  }

  @Test func `what is not YAML is told with its line, and without the text`() throws {
    #expect(
      try faults("spool: [a\nwatch: {") == [
        "upsertd.yaml:2: is not valid YAML: did not find expected ',' or ']'; is a bracket or a comma missing?"
      ])
    #expect(
      try faults("spool: a\n state: b\n") == [
        "upsertd.yaml:2: is not valid YAML: mapping values are not allowed in this context; is the line indented too far, does the line above lack its colon, or does a text with \": \" lack quotes?"
      ])
    #expect(
      try faults("a: b\n\tc: hunter2") == [
        "upsertd.yaml:2: is not valid YAML: found a tab character that violates indentation; indent with spaces, not "
          + "tabs"
      ])
    let nothing =
      "upsertd.yaml:1: is empty or has only comments: remove the \"#\" before what you need, and fill in your values"
    #expect(try faults("") == [nothing])
    #expect(try faults("# nothing\n") == [nothing])
    #expect(try faults("- a") == ["upsertd.yaml:1: must be a mapping of keys to values, but is a list"])
    #expect(try faults("a: 1\n---\nb: 2\n") == ["upsertd.yaml:2: is not valid YAML: but found another document"])
    let hint = try faults("spool: {a: ${HOME}}")
    #expect(hint.count == 1 && hint[0].hasSuffix("; a ${NAME} inside { } or [ ] needs quotes around it"))
  }

  @Test func `a file that can't be read is one fault`() throws {
    let fault = #expect(throws: SettingsFaults.self) {
      _ = try Settings.load(path: "/nonexistent/upsertd.yaml", environment: [:])
    }
    #expect(fault?.description == "/nonexistent/upsertd.yaml: can't be opened: No such file or directory")
    let folder = #expect(throws: SettingsFaults.self) { _ = try Settings.load(path: "/tmp", environment: [:]) }
    #expect(folder?.description == "/tmp: is not a regular file")
  }
}
