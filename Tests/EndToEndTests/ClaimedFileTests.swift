import Foundation
import JSONText
import TestKit
import Testing

/// What is queued is told by places in the claimed file: it must not be sent when something else stands there.
@Suite struct `A claimed file that somebody touches` {
  private static let items = (1...3).map { record("\($0)") }

  /// Queues a file while the API refuses everything, changes it in `work/`, lets the API go, and mends the file once the daemon has told.
  private func check(saying words: String, _ damage: (String) throws -> Void) async throws {
    let trouble = Arrivals()
    let api = try LoopbackServer { trouble.isOver ? .lusid($0) : .status(403) }
    let setup = Setup.lusid(api.url).with { $0.retry = "{initial: 10ms, max: 50ms}" }
    try await withWorld(setup) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.ndjson", in: "investors", Self.items.joined(separator: "\n"))
      _ = try await world.waitFor(target: "lusid", toBe: "held")
      let work = try #require(world.names("investors", "work").first)
      let path = world.path("investors", "work") + "/" + work
      let original = try Data(contentsOf: URL(filePath: path))
      try damage(path)
      let seen = api.requests.count
      trouble.isOver = true
      try await daemon.waitFor(words)
      #expect(api.requests.dropFirst(seen).allSatisfy { !$0.path.contains("batchUpsert") || $0.number <= seen + 1 })
      #expect(try world.receipts("investors").isEmpty, "nothing is given up")
      #expect(try await world.status()["queue"]?["items"]?.integer == 3)
      try original.write(to: URL(filePath: path))
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").accepted == 3)
    }
    await api.stop()
  }

  @Test func `what was changed is not sent: its items are rejected, and hold nobody up`() async throws {
    let trouble = Arrivals()
    let api = try LoopbackServer { trouble.isOver ? .lusid($0) : .status(403) }
    try await withWorld(Setup.lusid(api.url).with { $0.retry = "{initial: 10ms, max: 50ms}" }) { world in
      _ = try await world.startDaemon()
      try world.drop("a.ndjson", in: "investors", Self.items.joined(separator: "\n"))
      _ = try await world.waitFor(target: "lusid", toBe: "held")
      let work = try #require(world.names("investors", "work").first)
      let path = world.path("investors", "work") + "/" + work
      var bytes = try Data(contentsOf: URL(filePath: path))
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: URL(filePath: path))
      // The same records, dropped again.
      try world.drop("b.json", in: "investors", array(Self.items))
      trouble.isOver = true
      try await world.waitForReceipts(2, in: "investors")
      let receipt = try world.receipt("investors", of: "a.ndjson")
      #expect(receipt.codes == [1: "file-changed", 2: "file-changed", 3: "file-changed"])
      #expect(try world.receipt("investors", of: "b.json").accepted == 3)
      #expect(api.requests.allSatisfy { !$0.path.contains("batchUpsert") || $0.body.count > 0 })
    }
    await api.stop()
  }

  @Test func `a missing one waits, says why, and goes on once it is back`() async throws {
    try await check(saying: "is gone") { try FileManager.default.removeItem(atPath: $0) }
  }

  @Test func `what waits of a missing one can be cancelled`() async throws {
    let api = try LoopbackServer { _ in .status(403) }
    try await withWorld(.lusid(api.url)) { world in
      _ = try await world.startDaemon()
      try world.drop("a.ndjson", in: "investors", Self.items.joined(separator: "\n"))
      _ = try await world.waitFor(target: "lusid", toBe: "held")
      let work = try #require(world.names("investors", "work").first)
      try FileManager.default.removeItem(atPath: world.path("investors", "work") + "/" + work)
      #expect(try await world.run(["cancel", String(work.prefix(26))]).status == 0)
      try await world.waitForReceipts(1, in: "investors")
      let receipt = try world.receipt("investors")
      #expect(receipt.rejected == 3)
    }
    await api.stop()
  }
}
