import Glibc
import JSONText
import Testing
import TestKit

/// A reload while files wait.
@Suite struct `A reload while files wait` {
  /// The next try is days away.
  private static let patient = "{initial: 4d, max: 4d}"

  /// A file waits for target `lusid`, whose API answered 500.
  private func withWaitingFile(
    retry: String = patient, target: [String] = [],
    _ body: @Sendable (World, LoopbackServer, _ daemon: Product, _ id: String, Setup) async throws -> Void
  ) async throws {
    let api = try LoopbackServer { _ in .status(500) }
    let setup = Setup.lusid(api.url, target: target).with { $0.retry = retry }
    try await withWorld(setup) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1"), record("2")]))
      try await api.waitForRequests(1)
      let id = String(try #require(world.names("investors", "work").first).prefix(26))
      try await body(world, api, daemon, id, setup)
    }
    await api.stop()
  }

  private func withoutTarget(_ setup: Setup) -> Setup {
    setup.with {
      $0.targets[0] = "other:"
      $0.inboxes = $0.inboxes.map { $0.replacing("target: lusid", with: "target: other") }
    }
  }

  private func reload(_ daemon: Product, _ world: World, to setup: Setup) async throws {
    try world.configure(setup)
    daemon.send(SIGHUP)
    try await daemon.waitFor("configuration reloaded")
  }

  /// Asks for reloads until one is accepted: a file's results are there a moment before the outbox forgets it.
  private func reloadOnceDone(_ daemon: Product) async throws {
    var before = daemon.log.count
    daemon.send(SIGHUP)
    try await eventually("the reload") {
      let new = daemon.log.dropFirst(before)
      if new.contains("the old one stays") {
        before = daemon.log.count
        daemon.send(SIGHUP)
      }
      return new.contains("configuration reloaded")
    }
  }

  @Test(arguments: [true, false])
  func `what waits for a target that is gone can be cancelled`(_ hasDaemon: Bool) async throws {
    try await withWaitingFile { world, _, daemon, id, setup in
      try await reload(daemon, world, to: withoutTarget(setup))
      if !hasDaemon {
        daemon.send(SIGTERM)
        #expect(try await daemon.end() == 0)
      }
      let (status, printed, log) = try await world.run(["cancel", id])
      #expect(status == 0, "\(log)")
      #expect(printed.contains("2 items"))
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").codes == [1: "cancelled", 2: "cancelled"])
    }
  }

  @Test func `what waits for a target that is gone expires`() async throws {
    try await withWaitingFile(retry: "{initial: 4d, max: 4d, max_age: 3s}") { world, _, daemon, _, setup in
      try await reload(daemon, world, to: withoutTarget(setup))
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").codes == [1: "expired", 2: "expired"])
    }
  }

  @Test func `run --once leaves what waits for a target that is gone, names it, and ends with 75`() async throws {
    try await withWaitingFile { world, _, daemon, _, setup in
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
      try world.configure(withoutTarget(setup))
      let log = try await world.workOff(expecting: 75, within: .seconds(10))
      #expect(log.contains("files are waiting for a target that is no longer in the configuration"))
      #expect(log.contains("lusid"))
      #expect(try await world.status()["queue"]?["items"]?.integer == 2)
    }
  }

  @Test func `run --once awaits what is too old, though its target is gone`() async throws {
    try await withWaitingFile { world, _, daemon, _, setup in
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
      try world.configure(withoutTarget(setup).with { $0.retry = "{initial: 4d, max: 4d, max_age: 1ms}" })
      try await world.workOff(expecting: 1, within: .seconds(10))
      #expect(try world.receipt("investors").codes == [1: "expired", 2: "expired"])
    }
  }

  @Test func `run --once delivers what it can, leaves what waits for a paused target, and ends with 75`() async throws {
    let lusid = try LoopbackServer { .lusid($0) }
    let liquid = try LoopbackServer { .liquid($0) }
    try await withWorld(.lusid(lusid.url) + .liquid(liquid.url)) { world in
      #expect(try await world.run(["pause", "lusid"]).status == 0)
      try world.drop("a.json", in: "investors", array([record("1")]))
      try world.drop("b.json", in: "accounts", array((1...20).map { account("\($0)") }))
      let log = try await world.workOff(expecting: 75, within: .seconds(10))
      #expect(log.contains("files are waiting for a paused target"))
      try world.checkResults("accounts", files: 1)
      #expect(lusid.requests.isEmpty)
      #expect(try await world.status()["queue"]?["items"]?.integer == 1)
      #expect(try await world.run(["resume", "lusid"]).status == 0)
      try await world.workOff()
      try world.checkResults("investors", files: 1)
    }
    await lusid.stop()
    await liquid.stop()
  }

  @Test func `another api for a target is refused, with a message that says what to do`() async throws {
    try await withWaitingFile { world, api, daemon, id, setup in
      try world.configure(
        setup.with { $0.targets = $0.targets.map { $0.replacing("api: lusid", with: "api: liquid") } })
      daemon.send(SIGHUP)
      try await daemon.waitFor("the old one stays")
      try await daemon.waitFor("targets.lusid.api is liquid, but files queued for lusid are still waiting")
      // The old one is at work.
      #expect(try await world.run(["retry"]).status == 0)
      try await api.waitForRequests(2)
      #expect(Set(api.requests.map(\.path)) == ["/api/investorrecords/$batchUpsert?successMode=Partial"])
      // Once they are done, it is accepted.
      #expect(try await world.run(["cancel", id]).status == 0)
      try await world.waitForReceipts(1, in: "investors")
      try await reloadOnceDone(daemon)
    }
  }

  @Test func `another spool is refused, with a message that says what to do`() async throws {
    try await withWaitingFile { world, api, daemon, id, setup in
      let moved = setup.yaml(spool: world.folder + "/elsewhere", state: world.state)
      try world.write(moved, to: world.configuration)
      daemon.send(SIGHUP)
      try await daemon.waitFor("the old one stays")
      try await daemon.waitFor("`spool` can't change while files are under way")
      try world.configure(setup)
      #expect(try await world.run(["retry"]).status == 0)
      try await api.waitForRequests(2)
      #expect(try await world.run(["cancel", id]).status == 0)
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      try world.write(moved, to: world.configuration)
      try await reloadOnceDone(daemon)
    }
  }

  @Test func `the receipt names the URL that answered`() async throws {
    let second = try LoopbackServer { .lusid($0) }
    try await withWaitingFile { world, _, daemon, _, setup in
      let moved = Setup.lusid(second.url).with { $0.retry = setup.retry }
      try await reload(daemon, world, to: moved)
      #expect(try await world.run(["retry"]).status == 0)
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 2)
      #expect(receipt["target"]?["url"]?.string?.hasPrefix(second.url + "/") == true)
    }
    await second.stop()
  }
}
