import APIs
import Foundation
import Testing

@testable import Settings

@Suite struct `Settings for commands while the configuration is faulty` {
  @Test func `the outline has what looking needs, and no secret`() throws {
    let settings = try loaded(
      """
      spool: /srv/spool
      state: /srv/state
      watch: {poll_interval: 300ms, settle: 5s}
      queue: {max_bytes: 1GiB, min_free_disk: 1MiB}
      limits: {max_file_bytes: 1MiB, max_gzip_ratio: 7}
      targets:
        lusid:
          api: lusid
          url: https://example.lusid.com/api
          auth: {access_token: very-secret}
          send: {from: 20:00, to: 06:00, timezone: Europe/Dublin, days: mon-fri}
      inboxes:
        - {name: a, target: lusid, ignore: ["*.x"], marker: .done, release: manual, results: all, retention: {archive: 30d}}
        - {name: b, routes: [{match: "*.csv", target: lusid}, {target: auto}]}
      """)
    let line = settings.outline
    #expect(!String(decoding: line, as: UTF8.self).contains("very-secret"))
    #expect(line.firstIndex(of: UInt8(ascii: "\n")) == line.count - 1)
    let told = try #require(Settings(outline: Array(line.dropLast())))
    #expect([told.path, told.spool, told.state] == [settings.path, "/srv/spool", "/srv/state"])
    #expect(told.watch == settings.watch)
    #expect(told.queue == settings.queue)
    #expect(told.limits == settings.limits)
    #expect(told.targets.map(\.name) == ["lusid"] && told.targets.map(\.url) == settings.targets.map(\.url))
    #expect(told.targets[0].send == settings.targets[0].send && told.targets[0].send != nil)
    #expect(told.inboxes.map(\.name) == ["a", "b"])
    for (inbox, original) in zip(told.inboxes, settings.inboxes) {
      #expect(inbox.ignore == original.ignore && inbox.marker == original.marker)
      #expect(inbox.retention == original.retention && inbox.waitsForRelease == original.waitsForRelease)
      #expect(inbox.retention == original.retention && inbox.listsAccepted == original.listsAccepted)
      #expect(inbox.routes.map(\.match) == original.routes.map(\.match))
      #expect(inbox.routes.map(\.target) == original.routes.map(\.target))
    }
    #expect(Settings(outline: Array("{}".utf8)) == nil)
  }

  @Test(arguments: [
    ("state: /srv/state\nnonsense: 1\n", "/srv/state"), ("state: sub/state\n", "FOLDER/sub/state"),
    ("state: ${PLACE}/s\n", "/place/s"), ("state: /srv/state # here\r\ntargets: [\r\n", "/srv/state"),
    ("a: 1\n\tb: 2\nstate: \"/srv/state\"\n", "/srv/state"), ("targets: [\n", "/var/lib/upsertd"),
    ("state: [1]\n", "/var/lib/upsertd"), ("", "/var/lib/upsertd"), ("\u{0}", "/var/lib/upsertd"),
  ])
  func `a faulty configuration says where the state is, or the default is taken`(
    _ text: String, expected: String
  ) throws {
    try withConfiguration(text) { folder in
      let state = Settings.readableState(path: folder.path + "/upsertd.yaml", environment: ["PLACE": "/place"])
      #expect(state == expected.replacing("FOLDER", with: folder.path))
    }
    #expect(Settings.readableState(path: "/nowhere/upsertd.yaml", environment: [:]) == "/var/lib/upsertd")
  }
}
