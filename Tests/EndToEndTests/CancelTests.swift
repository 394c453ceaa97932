import Glibc
import JSONText
import Synchronization
import Testing
import TestKit

/// `cancel` at awkward moments.
@Suite struct `Cancelling` {
  @Test(arguments: [1, 10])
  func `a file of thousands of batches is cancelled while they are sent, and its receipt tells the truth`(
    _ cancels: Int
  ) async throws {
    let applied = Mutex<Set<String>>([])
    let api = try LoopbackServer { request in
      applied.withLock { $0.formUnion(request.displayNames) }
      // Time for the cancels to come while it is sent.
      return request.number > 50 ? .delayed(.milliseconds(20), .lusid(request)) : .lusid(request)
    }
    let count = 3000
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}"])) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array((1...count).map { record("\($0)") }))
      try await api.waitForRequests(50)
      let id = String(try #require(world.names("investors", "work").first).prefix(26))
      let results = try await withThrowingTaskGroup(of: (status: Int32, log: String).self) { group in
        for _ in 0..<cancels {
          group.addTask {
            let (status, _, log) = try await world.run(["cancel", id])
            return (status, log)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      // A later one may find it done.
      #expect(results.contains { $0.status == 0 }, "\(results)")
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      let (accepted, rejected) = (receipt.accepted ?? 0, receipt.rejected ?? 0)
      #expect(accepted + rejected == count)
      #expect(rejected > 0, "it was done before it was cancelled")
      let refused = try world.text("investors", "outbox/rejected", receipt["rejects"]?["file"]?.string ?? "")
      var unsure: Set<String> = []
      var cancelled: Set<String> = []
      for item in try JSONValue.parse(Array(refused.utf8)).elements ?? [] {
        let name = item["displayName"]?.string ?? ""
        cancelled.insert(name)
        #expect(item["_error"]?["code"]?.string == "cancelled")
        if item["_error"]?["message"]?.string?.contains("may have been applied") == true { unsure.insert(name) }
      }
      #expect(cancelled.count == rejected)
      let got = applied.withLock { $0 }
      #expect(got.intersection(cancelled).subtracting(unsure) == [], "applied, and yet cancelled without a word")
      #expect(got.subtracting(cancelled).count == accepted)
      #expect(receipt["orders"]?.elements?.isEmpty == false)

      #expect(!daemon.log.contains("damaged"))
      #expect(try await world.status()["targets"]?.elements?.first?["state"]?.string == "delivering")
      // The target goes on.
      try world.drop("b.json", in: "investors", array([record("later")]))
      try await world.waitForReceipts(2, in: "investors")
      #expect(try world.receipt("investors", of: "b.json").accepted == 1)
      #expect(!daemon.log.contains("damaged"))
      let (_, story, _) = try await world.run(["show", id, "--json"])
      let events = try JSONValue.parse(Array(story.utf8))["events"]?.elements ?? []
      let told = events.first { $0["kind"]?.string == "order" }
      #expect(told?["text"]?.string?.hasPrefix("cancel, requested by ") == true)
    }
    await api.stop()
  }

  @Test func `a file of which the outbox knows nothing yet is cancelled, too`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let preload = try await Preload(world)
      let daemon = try await preload.startDaemon(world)
      // It can't be read, and that can't be written down.
      try preload.fail("read", on: "*/work/*.a.json", with: EIO, times: nil)
      try preload.fail("write", on: "*/outbox.sqlite*", with: ENOSPC, times: nil, rule: 1)
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await eventually("the failure") { try preload.hits() > 0 && preload.hits(rule: 1) > 0 }
      let id = String(try #require(world.names("investors", "work").first).prefix(26))
      let (status, printed, log) = try await world.run(["cancel", id])
      #expect(status == 0, "\(log)")
      #expect(printed.contains("is cancelled"))
      #expect(try await world.run(["cancel", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]).status == 2)
      try preload.end(rule: 1)
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").errorCode == "cancelled")
      #expect(api.requests.isEmpty)
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
    }
    await api.stop()
  }

  @Test func `a cancelled file is not sent again when the kept connection of its request ends without an answer`()
    async throws
  {
    let api = try LoopbackServer { request in
      // The first request leaves a connection that the second one uses.
      request.number == 1 ? .lusid(request) : .delayed(.milliseconds(1500), .close)
    }
    try await withWorld(.lusid(api.url, target: ["concurrency: 1"])) { world in
      _ = try await world.startDaemon()
      try world.drop("first.json", in: "investors", array([record("1")]))
      try await world.waitForReceipts(1, in: "investors")
      try world.drop("a.json", in: "investors", array([record("2")]))
      try await api.waitForRequests(2)
      let id = String(try #require(world.names("investors", "work").first).prefix(26))
      #expect(try await world.run(["cancel", id]).status == 0)
      try await world.waitForReceipts(2, in: "investors")
      let receipt = try world.receipt("investors", of: "a.json")
      #expect(receipt.codes == [1: "cancelled"])
      #expect(receipt["counts"]?["requests"]?.integer == 1)
      #expect(receipt["batches"]?.elements?.first?["unanswered"]?.integer == 1)
      #expect(api.requests.count == 2)
    }
    await api.stop()
  }
}
