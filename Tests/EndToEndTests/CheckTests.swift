import Foundation
import TestKit
import Testing

/// What `check` says beyond faults.
@Suite struct `Checking` {
  @Test func `the effective configuration is accepted again, and has no secret in it`() async throws {
    let server = try LoopbackServer { .accepting($0) }
    let setup = Setup.lusid(server.url, tokensFrom: server.url + "/token") + .liquid(server.url)
    try await withWorld(setup) { world in
      let first = try await world.run(["check", "--effective"])
      #expect(first.status == 0 && first.log == "", "\(first)")
      #expect(!first.printed.contains("secret-"), "\(first.printed)")
      for line in ["max_gzip_ratio: 200  # default", "concurrency: 4  # default", "initial: 20ms"] {
        #expect(first.printed.contains(line), "\(line)")
      }
      try world.write(first.printed, to: world.configuration)
      #expect(try await world.run(["check"]).status == 0)
      let second = try await world.run(["check", "--effective"])
      #expect(second.printed == first.printed.replacing("  # default", with: ""))
      try world.write(first.printed.replacing("max_gzip_ratio", with: "max_ratio"), to: world.configuration)
      let faulty = try await world.run(["check", "--effective"])
      #expect(faulty.status == 2 && faulty.printed == "" && faulty.log.contains("limits.max_ratio: is unknown"))
    }
    await server.stop()
  }

  @Test func `an admin address whose port is taken is told by check and at the start, and nothing else is wrong`()
    async throws
  {
    let other = try LoopbackServer { .accepting($0) }
    let port = try #require(other.url.split(separator: ":").last.flatMap { Int($0) })
    let setup = Setup.lusid(other.url).with { $0.admin = "{listen: \"127.0.0.1:\(port)\"}" }
    try await withWorld(setup) { world in
      let reason =
        "listen on 127.0.0.1:\(port): another program uses this port; stop it, or give admin.listen another port"
      let check = try await world.run(["check"])
      #expect(check.status == 0)
      #expect(check.log == "warning: the dashboard and metrics would not be served: \(reason)\n")
      let daemon = try await world.startDaemon()
      #expect(daemon.log.contains(reason), "\(daemon.log)")
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
      // Its own daemon has it, as it should.
      await other.stop()
      let second = try await world.startDaemon()
      try await second.waitFor("the dashboard is served")
      #expect(try await world.run(["check"]).log == "")
    }
  }

  @Test func `inboxes of one target whose keys differ are warned of, since nothing orders their items`() async throws {
    let other = "item: {category: entity, type: Account, action: Merge, key: [name]}"
    var setup = Setup.liquid("http://127.0.0.1:9")
    setup.inboxes += ["- name: names", "  target: liquid", "  " + other]
    try await withWorld(setup) { world in
      let check = try await world.run(["check"])
      #expect(check.status == 0)
      #expect(
        check.log == "warning: target liquid: items of type Account are not ordered across these, since their keys "
          + "differ: inbox accounts (accountId), inbox names (name): give them the same item.key, if one record may "
          + "come from several\n")
    }
    setup.inboxes = setup.inboxes.map { $0.replacing("[name]", with: "[accountId]") }
    try await withWorld(setup) { world in
      let check = try await world.run(["check"])
      #expect(check.log == "")
    }
  }

  @Test func `an outbox that can't be used is an error, as it is at the start`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      try await world.workOff()
      #expect(try await world.run(["check"]).status == 0)
      let path = world.state + "/outbox.sqlite"
      let (status, said) = try await world.tool(
        """
        python3 -c "import sqlite3; db = sqlite3.connect('\(path)')
        db.execute(\\"INSERT INTO grdb_migrations VALUES ('99')\\"); db.commit()"
        """)
      #expect(status == 0, "\(said)")
      let newer = try await world.run(["check"])
      #expect(newer.status == 2 && newer.log.contains("it was written by a newer upsertd"), "\(newer)")
      try Data("no database".utf8).write(to: URL(filePath: path))
      let damaged = try await world.run(["check"])
      #expect(damaged.status == 2 && damaged.log.contains("is not a database"), "\(damaged)")
    }
  }
}
