import Glibc
import Testing
import TestKit

/// A disk that fails for a moment: nothing is lost, order holds, and nobody has to start the daemon again.
@Suite struct `A disk that fails for a moment` {
  struct Trouble: Sendable, CustomTestStringConvertible {
    var call: String
    var pattern: String
    var error: Int32
    var skip: Int32 = 0
    var isDone = false

    var testDescription: String { "\(call) of \(pattern) after \(skip)" }
  }

  static let once: [Trouble] = [
    Trouble(call: "read", pattern: "*/work/*.a.json", error: EIO),
    Trouble(call: "read", pattern: "*/work/*.b.csv", error: EIO),
    Trouble(call: "open", pattern: "*/work/*.b.csv", error: EIO),
    Trouble(call: "sync", pattern: "*/inbox/a.json", error: EIO),
    Trouble(call: "sync", pattern: "*/outbox/receipts/.upsertd-*", error: EIO),
    Trouble(call: "sync", pattern: "*/outbox/receipts", error: EIO),
    Trouble(call: "sync", pattern: "*/outbox/rejected", error: EIO),
    Trouble(call: "sync", pattern: "*/investors/archive", error: EIO),
    Trouble(call: "sync", pattern: "*/outbox.sqlite-wal", error: EIO),
    Trouble(call: "write", pattern: "*/outbox/rejected/.upsertd-*", error: ENOSPC),
    // As NFS answers a rename that it was asked for twice.
    Trouble(call: "rename", pattern: "*/inbox/a.json", error: ENOENT, isDone: true),
    Trouble(call: "rename", pattern: "*/outbox/receipts/.upsertd-*", error: ENOENT, isDone: true),
    Trouble(call: "rename", pattern: "*/work/*.a.json", error: ENOENT, isDone: true),
  ]

  @Test(arguments: once)
  func `one call that fails`(_ trouble: Trouble) async throws {
    let hits = try await check { preload in
      try preload.fail(
        trouble.call, on: trouble.pattern, with: trouble.error, skip: trouble.skip, isDone: trouble.isDone)
    }
    #expect(hits == 1, "the call was never made")
  }

  @Test(arguments: [0, 1, 2, 3, 5, 8, 10, 16, 24, 40])
  func `one read of the outbox that fails`(_ skip: Int32) async throws {
    let hits = try await check { try $0.fail("read", on: "*/outbox.sqlite*", with: EIO, skip: skip) }
    #expect(hits == 1 || skip > 0, "the outbox was never read")
  }

  @Test(arguments: [0, 1, 2, 4, 8, 16])
  func `a disk that is full for a while`(_ skip: Int32) async throws {
    try await check {
      try $0.fail("write", on: "*/outbox.sqlite*", with: ENOSPC, skip: skip, times: nil)
    } meanwhile: { preload in
      // What can't be written is tried again and again.
      try await eventually("writes that fail") { try preload.hits() >= 4 }
      try preload.end()
    }
  }

  /// Drops a file and waits for its claim, so that the next one is dropped later.
  private func dropAndWait(_ world: World, _ name: String, _ text: String) async throws {
    try world.drop(name, in: "investors", text)
    try await eventually("the claim of \(name)") { !world.names("investors", "inbox").contains(name) }
  }

  /// Drops three files with a common key in the middle of trouble, and waits for their results.
  ///
  /// - Returns: how many calls failed.
  @discardableResult
  private func check(
    _ begin: (Preload) throws -> Void, meanwhile: (Preload) async throws -> Void = { _ in },
    location: SourceLocation = #_sourceLocation
  ) async throws -> Int {
    let api = try LoopbackServer { .lusid($0) }
    let setup = Setup.lusid(api.url, target: ["batch: {max_items: 2}"])
    let hits = try await withWorld(setup) { world in
      let preload = try await Preload(world)
      let daemon = try await preload.startDaemon(world)
      try begin(preload)
      try await dropAndWait(
        world, "a.json", array([record("k", name: "a"), record("a1"), record("a2"), record("a3")]))
      try await dropAndWait(
        world, "b.csv",
        """
        scope,displayName,identifiers.InvestorRecord/Test/Id
        s,b,k
        s,,x
        s,b1,b1

        """)
      try await dropAndWait(world, "c.json", array([record("k", name: "c"), record("c1")]))
      try await meanwhile(preload)
      do {
        try await world.waitForReceipts(3, in: "investors", within: .seconds(30))
      } catch {
        Issue.record("\(error)", sourceLocation: location)
      }
      try world.checkResults("investors", files: 3, location: location)
      let receipts = try world.receipts("investors")
      #expect(receipts.map(\.items).reduce(0) { $0 + ($1 ?? 0) } == 9, sourceLocation: location)
      #expect(
        receipts.map(\.rejected).reduce(0) { $0 + ($1 ?? 0) } == 1, "\(receipts.map(\.codes))", sourceLocation: location
      )
      let names = api.requests.flatMap(\.displayNames)
      #expect(Set(names) == ["a", "a1", "a2", "a3", "b", "b1", "c", "c1"], sourceLocation: location)
      let order = names.filter { ["a", "b", "c"].contains($0) }.reduce(into: [String]()) { order, name in
        if order.last != name { order.append(name) }
      }
      #expect(order == ["a", "b", "c"], sourceLocation: location)
      let hits = try preload.hits()
      // It went on by itself.
      try preload.end()
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0, sourceLocation: location)
      return hits
    }
    await api.stop()
    return hits
  }
}
