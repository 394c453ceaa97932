import APIs
import Foundation
import Testing

@testable import Settings

/// What `check --effective` prints: all that is in effect, in a form that can be read again.
struct EffectiveConfigurationTests {
  /// The settings, the effective configuration, and the settings that are read from that.
  static func readAgain(
    _ yaml: String, files: [String: String] = [:], environment: [String: String] = [:]
  ) throws -> (first: Settings, text: String, second: Settings) {
    try withConfiguration(yaml, files: files) { folder in
      let path = folder.path + "/upsertd.yaml"
      let first = try Settings.load(path: path, environment: environment)
      let text = try Settings.effectiveConfiguration(path: path, environment: environment)
      try folder.write("else/where.yaml", text)
      var second = try Settings.load(path: folder.path + "/else/where.yaml", environment: environment)
      second.path = first.path
      return (first, text, second)
    }
  }

  @Test(arguments: [
    "csv-control-totals.yaml", "csv-database.yaml", "csv-european.yaml", "expected-files.yaml", "liquid-minimal.yaml",
    "lusid-minimal.yaml", "notify.yaml", "upsertd.yaml",
  ])
  func `each example, read again from its effective form, means the same`(_ name: String) throws {
    // A webhook's path is a secret.
    let example = try ExampleTests.folder.read(name)
      .replacing("https://hooks.example.com/upsertd", with: "https://hooks.example.com/hidden")
    let (first, text, second) = try Self.readAgain(example, files: try ExampleTests.companions())
    #expect(first == second, "\(text)")
    #expect(text.contains("max_nesting: 128") && text.contains("success_mode: Partial"))
  }

  @Test func `what is hard to write stays what it is`() throws {
    let yaml = #"""
      spool: spool
      admin: true
      log: {level: "${LEVEL}"}
      limits: {max_nesting: "${NESTING}"}
      notify:
        - {webhook: "https://hooks.example.com/services/T0/B0", secret: "(hidden)"}
        - {webhook: "https://hooks.example.com/services/T0/B0", secret: "${HOOK}", on: held}
      targets:
        "true":
          api: lusid
          url: "${URL}"
          auth: {access_token: (hidden)}
          batch: {<<: {max_bytes: 1KiB}, max_items: 7}
          send: {from: "20:00", to: "06:00", timezone: UTC}
          proxy: {address: "http://proxy.example.com:3128", username: "a: b #", password: "(hidden)"}
        l:
          api: liquid
          url: https://ld.example.com
          auth: {username: "$${literal", password: "${SECRET}", client_id: '007', client_secret: "(hidden)", community: acme}
          proxy: false
      inboxes:
        - name: a
          ignore: ["*,*", "[ab]*", 'x"y']
          routes:
            - {match: "[ab].csv", target: "true", null: [NULL, "~", "\\N"], quote: "'", delimiter: tab, escape: '\'}
            - {match: "*.tsv", target: l, format: tsv}
            - {match: "*.x", target: l, format: ndjson, item: {key: id, type: "on"}}
            - {target: auto}
        - {name: "b c", target: l, marker: .done, expect: [{by: "07:30"}]}
      """#
    let environment = [
      "LEVEL": "debug", "NESTING": "9", "URL": "https://example.lusid.com/api", "HOOK": "of the environment",
      "SECRET": "s3cret", "TZ": "Europe/Dublin",
    ]
    let (first, text, second) = try Self.readAgain(yaml, environment: environment)
    #expect(first.targets == second.targets, "\(text)")
    #expect(first.inboxes == second.inboxes, "\(text)")
    #expect(first.log == second.log && first.limits == second.limits && first.admin == second.admin, "\(text)")
    #expect(first.receivers.map(\.name) == second.receivers.map(\.name))
    #expect(first.receivers.map(\.events) == second.receivers.map(\.events))
    #expect(text.contains("\"https://hooks.example.com/hidden\""))
    #expect(text.contains("timezone: Europe/Dublin  # default"))
  }

  @Test func `secrets are hidden, and the files and variables that they come from are named`() throws {
    let yaml = """
      notify: [{webhook: "https://h.example.com/s3cret?a=s3cret", secret: s3cret}]
      targets:
        a: {api: lusid, url: "https://example.lusid.com/api", auth: {access_token: s3cret}, proxy: "http://s3cret:s3cret@p:1"}
        b:
          api: liquid
          url: https://ld.example.com
          auth: {username: u, password: s3cret, client_id: c, client_secret_file: f, community: x}
        c: {api: lusid, url: "https://example.lusid.com/api", auth: {access_token: "${TOKEN}"}}
      inboxes: [{name: a, target: a}]
      """
    let text = try Self.readAgain(yaml, files: ["f": "s3cret"], environment: ["TOKEN": "s3cret"]).text
    #expect(!text.contains("s3cret"), "\(text)")
    #expect(text.contains("access_token: \"(hidden)\"") && text.contains("access_token: \"${TOKEN}\""))
    #expect(text.contains(/client_secret_file: "?\/tmp\/.*\/f"?\n/), "\(text)")
    #expect(text.contains("token_url: \"https://ld.example.com/ls/api/oauth2/token\"  # default"))
  }

  @Test func `what the file says stands without the remark that it is the default`() throws {
    let text = try Self.readAgain(minimal("watch: {settle: 2s}\n")).text
    #expect(text.contains("watch:\n  settle: 2s\n  poll_interval: 1s  # default\n"), "\(text)")
    #expect(text.contains("    schema: current  # default\n"))
    #expect(text.contains("  - name: a\n    ignore: []  # default\n"))
    #expect(text.contains("listen: \"127.0.0.1:9187\"  # default\n"))
  }

  @Test func `with a fault there is nothing to print but faults`() throws {
    try withConfiguration("targets: {}\n") { folder in
      _ = #expect(throws: SettingsFaults.self) {
        try Settings.effectiveConfiguration(path: folder.path + "/upsertd.yaml", environment: [:])
      }
    }
  }

  @Test(arguments: ["0", "1", "1023", "64KiB", "4MiB", "16GiB", "1025KiB"])
  func `a size is written as it is read`(_ text: String) {
    #expect(Int(writtenSize: text)?.writtenSize == text)
  }
}
