import Foundation
import JSONText
import Testing
import TestKit

/// States that can't be used: exit status 2, and inboxes are untouched.
@Suite struct `An unusable state` {
  /// Runs `run --once` with a file in the inbox; it has to end with 2 and leave the file alone.
  private func expectRefusal(_ world: World, saying text: String, location: SourceLocation = #_sourceLocation)
    async throws
  {
    try world.drop("a.json", in: "investors", array([record("1")]))
    for arguments in [["run", "--once"], ["run"], ["pause", "investors"]] {
      let (status, _, log) = try await world.run(arguments)
      #expect(status == 2, "\(arguments)", sourceLocation: location)
      #expect(log.contains(text), "it said:\n\(log)", sourceLocation: location)
    }
    #expect(world.names("investors", "inbox") == ["a.json"], sourceLocation: location)
    #expect(world.names("investors", "work") == [], sourceLocation: location)
  }

  @Test func `a second daemon on the same state is refused`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let daemon = try await world.startDaemon()
      // The same state, another spool.
      let other = Setup.lusid(api.url).yaml(spool: world.folder + "/other", state: world.state)
      try world.write(other, to: world.configuration)
      let inbox = world.folder + "/other/investors/inbox"
      try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: true)
      try Data(array([record("1")]).utf8).write(to: URL(filePath: inbox + "/a.json"))
      for arguments in [["run"], ["run", "--once"]] {
        let (status, _, log) = try await world.run(arguments)
        #expect(status == 2)
        #expect(log.contains("another upsertd"))
        #expect(log.contains("\(daemon.id)"))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: world.folder + "/other/investors") == ["inbox"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: inbox) == ["a.json"])
      #expect(daemon.status == nil)
    }
    await api.stop()
  }

  @Test func `an outbox of a newer upsertd is left alone`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      try await world.workOff()
      try await world.sql("INSERT INTO grdb_migrations VALUES ('from the future')")
      let before = try Data(contentsOf: URL(filePath: world.outbox))
      try await expectRefusal(world, saying: "newer upsertd")
      #expect(try await world.run(["status"]).status == 2)
      #expect(try Data(contentsOf: URL(filePath: world.outbox)) == before)
    }
  }

  @Test(arguments: ["garbage", "cut", "overwritten"])
  func `a damaged outbox is left alone`(_ damage: String) async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      try await world.workOff()
      var bytes = try Data(contentsOf: URL(filePath: world.outbox))
      switch damage {
      case "garbage": bytes = Data("this is no database, but long enough to be read as one".utf8)
      case "cut": bytes = bytes.prefix(bytes.count / 2)
      default: bytes.replaceSubrange(8192..<bytes.count, with: Data(repeating: 0xA5, count: bytes.count - 8192))
      }
      try bytes.write(to: URL(filePath: world.outbox))
      try await expectRefusal(world, saying: world.outbox)
      #expect(try Data(contentsOf: URL(filePath: world.outbox)) == bytes)
    }
  }

  @Test func `a state or spool that is no folder is told`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      try world.write("", to: world.folder + "/file")
      try world.write(
        Setup.lusid("http://127.0.0.1:9").yaml(spool: world.spool, state: world.folder + "/file"),
        to: world.configuration)
      try await expectRefusal(world, saying: "/file")
      try world.write(
        Setup.lusid("http://127.0.0.1:9").yaml(spool: world.folder + "/file", state: world.state),
        to: world.configuration)
      let (status, _, log) = try await world.run(["run", "--once"])
      #expect(status == 2)
      #expect(log.contains("/file"))
    }
  }

  @Test func `a faulty configuration is told whole, before anything starts`() async throws {
    var setup = Setup.lusid("http://127.0.0.1:9")
    setup.more = ["nonsense: 1", "limits: {max_nesting: many}"]
    try await withWorld(setup) { world in
      try await expectRefusal(world, saying: "nonsense")
      let (status, _, log) = try await world.run(["check"])
      #expect(status == 2)
      #expect(log.contains("max_nesting"))
      #expect(!FileManager.default.fileExists(atPath: world.state))
      #expect(try await world.run(["run", "--nonsense"]).status == 2)
      #expect(try await world.run(["run", "--deadline", "1s"]).status == 2)
    }
  }

  @Test func `a check tries the folders, leaves nothing in them, and says which can't be used`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      #expect(try await world.run(["check"]).status == 0)
      #expect(!FileManager.default.fileExists(atPath: world.spool))
      try world.drop("a.csv", in: "investors", Array("displayName\n".utf8))
      // The file is rejected.
      #expect(try await world.run(["run", "--once"]).status == 1)
      #expect(try await world.run(["check"]).status == 0)
      let work = world.spool + "/investors/work"
      #expect(try FileManager.default.contentsOfDirectory(atPath: work).isEmpty)
      try FileManager.default.removeItem(atPath: work)
      try world.write("", to: work)
      let (status, _, log) = try await world.run(["check"])
      #expect(status == 2)
      #expect(log.contains("\"\(work)\": is not a folder"), "\(log)")
    }
  }

  @Test func `check --configured tells only whether a configuration was begun`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      #expect(try await world.run(["check", "--configured"]).status == 0)
      try world.write("nonsense: 1\ntargets: {}\n", to: world.configuration)
      #expect(try await world.run(["check", "--configured"]).status == 0)
      try world.write("# nothing yet\n", to: world.configuration)
      let (status, _, log) = try await world.run(["check", "--configured"])
      #expect(status == 1)
      #expect(log.contains(world.configuration))
    }
  }

  @Test func `outbox and control socket are for their owner alone`() async throws {
    let api = try LoopbackServer { _ in .status(500) }
    try await withWorld(.lusid(api.url)) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await api.waitForRequests(1)
      let names = try FileManager.default.contentsOfDirectory(atPath: world.state)
      let sensitive = names.filter { $0.hasPrefix("outbox.sqlite") || $0.hasSuffix(".sock") }
      #expect(Set(sensitive).isSuperset(of: ["outbox.sqlite", "outbox.sqlite-wal", "outbox.sqlite-shm"]))
      for name in sensitive {
        let attributes = try FileManager.default.attributesOfItem(atPath: world.state + "/" + name)
        let mode = attributes[.posixPermissions] as? Int ?? 0o777
        #expect(mode & 0o177 == 0, "\(name) has mode \(String(mode, radix: 8))")
      }
    }
    await api.stop()
  }

  @Test func `status works without a daemon, without an outbox, and after a crash`() async throws {
    let api = try LoopbackServer { _ in .status(500) }
    try await withWorld(.lusid(api.url)) { world in
      #expect(try await world.status()["queue"]?["files"]?.integer == 0)
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await api.waitForRequests(2)
      daemon.kill()
      let status = try await world.status()
      #expect(status["queue"]?["files"]?.integer == 1)
      #expect(status["queue"]?["batches"]?.integer == 1)
      #expect(status["queue"]?["items"]?.integer == 1)
      #expect(status["queue"]?["oldestAt"]?.string?.hasSuffix("Z") == true)
      // Its socket is still there, and nobody listens.
      #expect(try await world.run(["pause", "lusid"]).status == 0)
      let (ended, printed, _) = try await world.run(["status"])
      #expect(ended == 0)
      #expect(printed.contains("investors"))
    }
    await api.stop()
  }
}
