import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// `release: manual` and `upsertd release`.
///
/// The daemon runs as a user of its own, so that files that the tests drop are somebody else's. They need root for that.
@Suite(.enabled(if: geteuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0))
struct `A file that has to be released` {
  private static let user: uid_t = 61_007

  /// A world in which all files that are there belong to the daemon's user.
  private func withManualInbox(
    _ api: LoopbackServer, target: [String] = [], inbox: [String] = [], _ body: (World) async throws -> Void
  ) async throws {
    var setup = Setup.lusid(api.url, target: target, inbox: ["release: manual"] + inbox)
    setup.inboxes += ["- {name: direct, target: lusid}"]
    try await withWorld(setup) { world in
      for inbox in ["investors", "direct"] {
        try FileManager.default.createDirectory(
          atPath: world.path(inbox, "inbox"), withIntermediateDirectories: true)
      }
      let all = FileManager.default.enumerator(atPath: world.folder)?.compactMap { $0 as? String } ?? []
      for path in [""] + all { #expect(chown("\(world.folder)/\(path)", Self.user, Self.user) == 0) }
      try await body(world)
    }
    await api.stop()
  }

  private func start(_ world: World, _ arguments: [String]) throws -> Product {
    try world.start(
      arguments: [
        "--reuid=\(Self.user)", "--regid=\(Self.user)", "--clear-groups", Product.path,
      ] + arguments, program: "/usr/bin/setpriv")
  }

  private func startDaemon(_ world: World) async throws -> Product {
    let daemon = try start(world, ["run"])
    try await daemon.waitFor("is ready")
    return daemon
  }

  /// By the daemon's user.
  private func run(_ world: World, _ arguments: [String]) async throws -> (status: Int32, printed: String, log: String)
  {
    let product = try start(world, arguments)
    return (try await product.end(), product.printed, product.log)
  }

  private func unreleased(_ world: World) async throws -> [JSONValue] {
    let inboxes = try await world.status()["inboxes"]?.elements ?? []
    return inboxes.flatMap { $0["unreleased"]?.elements ?? [] }
  }

  private func waitingID(_ world: World, _ count: Int = 1) async throws -> String {
    try await eventually("a file that waits for its release") { try await unreleased(world).count == count }
    return try #require(try await unreleased(world).last?["file"]?.string)
  }

  @Test func `it is checked, waits, and counts as dropped when it is released`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withManualInbox(api) { world in
      let daemon = try await startDaemon(world)
      try world.drop("a.json", in: "investors", array([record("1", name: "first"), "{}"]))
      let id = try await waitingID(world)
      let waiting = try #require(try await unreleased(world).first)
      #expect(waiting["items"]?.integer == 1 && waiting["rejected"]?.integer == 1)
      #expect(waiting["owners"]?.elements?.compactMap(\.string) == ["root"])
      #expect(try await world.run(["queue"]).printed.contains("unreleased"))
      #expect(try await world.run(["show", id]).printed.contains("missing-field"))
      // What was dropped later, with the same key, holds nobody up, and comes first.
      try world.drop("b.json", in: "direct", array([record("1", name: "second")]))
      try await world.waitForReceipts(1, in: "direct")
      #expect(api.requests.map(\.displayNames) == [["second"]])
      let (status, printed, log) = try await run(world, ["release", id])
      #expect(status == 0, "\(log)")
      #expect(printed == "released 1 item of file \(id)\n")
      try await world.waitForReceipts(1, in: "investors")
      #expect(api.requests.map(\.displayNames) == [["second"], ["first"]])
      let receipt = try world.receipt("investors")
      #expect(receipt.id == id && receipt.accepted == 1)
      let orders = receipt["orders"]?.elements ?? []
      #expect(orders.compactMap { $0["order"]?.string } == ["release"])
      #expect(orders.compactMap { $0["by"]?.string } == ["\(Self.user)"])
      #expect(world.names("investors", "archive") == ["a.\(id).json"])
      #expect(try await run(world, ["release", id]).status == 2, "once")
      #expect(try await run(world, ["release", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]).status == 2)
      daemon.send(SIGTERM)
      _ = try await daemon.end()
      #expect(try await run(world, ["verify"]).status == 0)
    }
  }

  @Test func `max_age begins with the release, and what can't be used is rejected at once`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withManualInbox(api) { world in
      try world.write(
        try String(contentsOfFile: world.configuration, encoding: .utf8)
          .replacing("max: 200ms}", with: "max: 200ms, max_age: 3s}"), to: world.configuration)
      #expect(chown(world.configuration, Self.user, Self.user) == 0)
      _ = try await startDaemon(world)
      try world.drop("a.json", in: "investors", array([record("1")]))
      try world.drop("bad.json", in: "investors", "[{]")
      try world.drop("empty.json", in: "investors", "[]")
      let id = try await waitingID(world)
      try await eventually("the receipts of the others") { world.names("investors", "outbox/receipts").count == 2 }
      let began = ContinuousClock.now
      try await eventually("the age") { began.duration(to: .now) > .seconds(4) }
      #expect(try await run(world, ["release", id]).status == 0)
      try await world.waitForReceipts(3, in: "investors")
      #expect(try world.receipt("investors", of: "a.json").accepted == 1)
    }
  }

  @Test func `its owner can't release it, and neither can root without a login`() async throws {
    let api = try LoopbackServer { .lusid(accepting: $0.requestIDs.filter { $0 == "item-1" }) }
    try await withManualInbox(api) { world in
      _ = try await startDaemon(world)
      let inbox = world.path("investors", "inbox")
      try Data(array([record("1")]).utf8).write(to: URL(filePath: inbox + "/.a.json"))
      #expect(chown(inbox + "/.a.json", Self.user, Self.user) == 0)
      #expect(rename(inbox + "/.a.json", inbox + "/a.json") == 0)
      let id = try await waitingID(world)
      #expect(try await unreleased(world).first?["owners"]?.elements?.compactMap(\.string) == ["\(Self.user)"])
      let refused = try await run(world, ["release", id])
      #expect(refused.status == 2 && refused.log.contains("\(Self.user) owns it"), "\(refused.log)")
      let login = (try? String(contentsOfFile: "/proc/self/loginuid", encoding: .utf8)) ?? "4294967295"
      if login.hasPrefix("4294967295") {
        let asRoot = try await world.run(["release", id])
        #expect(asRoot.status == 2 && asRoot.log.contains("not known who logged in"), "\(asRoot.log)")
      }
      #expect(api.requests.isEmpty)
      #expect(try await run(world, ["cancel", id]).status == 0)
      try await world.waitForReceipts(1, in: "investors")
    }
  }

  @Test func `a correction is refused to the owner of the original, too`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withManualInbox(api) { world in
      let daemon = try await startDaemon(world)
      // The original is the daemon user's: a replay is owned by who orders it.
      try world.drop("a.json", in: "direct", array([record("1")]))
      try await world.waitForReceipts(1, in: "direct")
      #expect(try await run(world, ["replay", try world.receipt("direct").id]).status == 0)
      try await world.waitForReceipts(2, in: "direct")
      let replay = try #require(try world.receipts("direct").last)
      #expect(replay["file"]?["owner"]?.string == "\(Self.user)")
      #expect(replay["file"]?["otherOwners"]?.elements?.compactMap(\.string) == ["root"])
      // Dropped by root, under the name of the replay's rejects file.
      try world.drop("a.\(replay.id).rejected.json", in: "investors", array([record("2")]))
      let id = try await waitingID(world)
      #expect(
        try await unreleased(world).first?["owners"]?.elements?.compactMap(\.string) == ["root", "\(Self.user)"])
      let refused = try await run(world, ["release", id])
      #expect(refused.status == 2 && refused.log.contains("\(Self.user) owns it"), "\(refused.log)")
      // It can still be cancelled.
      #expect(try await run(world, ["cancel", id]).status == 0)
      try await world.waitForReceipts(1, in: "investors")
      #expect(try world.receipt("investors")["error"]?["code"]?.string == "cancelled")
      #expect(api.requests.count == 2)
      daemon.send(SIGTERM)
      _ = try await daemon.end()
    }
  }

  @Test func `run --once names it, ends with 75, and the release works without a daemon`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withManualInbox(api) { world in
      try world.drop("a.json", in: "investors", array([record("1", name: "first")]))
      let first = try await run(world, ["run", "--once"])
      #expect(first.status == 75 && first.log.contains("file is waiting for its release"), "\(first.log)")
      let id = try #require(try await unreleased(world).first?["file"]?.string)
      try world.drop("b.json", in: "direct", array([record("1", name: "second")]))
      let again = try await run(world, ["run", "--once"])
      #expect(again.status == 75 && again.log.contains(id), "\(again.log)")
      let (status, printed, log) = try await run(world, ["release", id])
      #expect(status == 0 && printed.contains("as soon as the daemon runs"), "\(log)")
      #expect(try await run(world, ["run", "--once"]).status == 0)
      #expect(api.requests.map(\.displayNames) == [["second"], ["first"]])
    }
  }

  @Test(arguments: [true, false])
  func `a kill before or after the release loses neither the wait nor the release`(_ isReleased: Bool) async throws {
    let isOver = Arrivals()
    let api = try LoopbackServer { isOver.isOver ? .lusid($0) : .status(500) }
    try await withManualInbox(api) { world in
      var daemon = try await startDaemon(world)
      try world.drop("a.json", in: "investors", array((1...3).map { record("\($0)", name: "released") }))
      let id = try await waitingID(world)
      try world.drop("b.json", in: "direct", array([record("2", name: "between")]))
      try await api.waitForRequests(1)
      if isReleased { #expect(try await run(world, ["release", id]).status == 0) }
      daemon.kill()
      daemon = try await startDaemon(world)
      if !isReleased {
        #expect(try await waitingID(world) == id)
        #expect(try await run(world, ["release", id]).status == 0)
      }
      // Behind it, whatever was killed.
      try world.drop("c.json", in: "direct", array([record("3", name: "later")]))
      try await eventually("the claim") { world.names("direct", "work").count == 2 }
      isOver.isOver = true
      try await world.waitForReceipts(1, in: "investors")
      try await world.waitForReceipts(2, in: "direct")
      let accepted = api.requests.filter { $0.displayNames.contains("between") }
      #expect(!accepted.isEmpty)
      let last = try #require(api.requests.last { $0.displayNames.contains("released") })
      let between = try #require(api.requests.last { $0.displayNames == ["between"] })
      #expect(between.number < last.number)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 3)
      #expect(receipt["orders"]?.elements?.compactMap { $0["order"]?.string } == ["release"])
      #expect(try await unreleased(world).isEmpty)
    }
  }
}
