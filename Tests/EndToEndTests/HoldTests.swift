import JSONText
import Testing
import TestKit

/// Trouble that somebody has to fix: the target is on hold, and no data is rejected for it.
@Suite struct `A target on hold` {
  static let holding = [300, 301, 302, 303, 307, 308, 402, 403, 404, 405, 406, 407, 410, 415, 418, 451]

  @Test(arguments: holding)
  func `a status that speaks of the configuration holds the target, and refuses nothing`(_ status: Int) async throws {
    let trouble = Arrivals()
    let api = try LoopbackServer { request in
      trouble.isOver ? .lusid(request) : .status(status, headers: ["Location": "/elsewhere"])
    }
    try await withWorld(.lusid(api.url)) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1"), record("2")]))
      let reason = try await world.waitFor(target: "lusid", toBe: "held")
      #expect(reason.contains("\(status)"))
      try await api.waitForRequests(3)
      #expect(try await world.status()["queue"]?["items"]?.integer == 2)
      #expect(try world.receipts("investors").isEmpty)
      trouble.isOver = true
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").accepted == 2)
      #expect(try await world.waitFor(target: "lusid", toBe: "delivering") == "")
      // A redirect is never followed.
      #expect(Set(api.requests.map(\.path)) == ["/api/investorrecords/$batchUpsert?successMode=Partial"])
      #expect(api.requests.allSatisfy { $0.headers["authorization"] == "Bearer secret-token" })
    }
    await api.stop()
  }

  @Test func `one request at a time finds out whether a hold is over`() async throws {
    let api = try LoopbackServer { $0.number <= 12 ? .delayed(.milliseconds(10), .status(403)) : .lusid($0) }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 4"])) { world in
      try world.drop("a.json", in: "investors", array((1...20).map { record("\($0)") }))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 20)
      #expect(receipt.requests == api.requests.count)
    }
    await api.stop()
  }

  @Test func `a server without TLS at an https address holds the target`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid("https://127.0.0.1:\(api.port)")) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      let reason = try await world.waitFor(target: "lusid", toBe: "held")
      #expect(!reason.isEmpty)
      #expect(api.requests.isEmpty)
      #expect(try await world.status()["queue"]?["items"]?.integer == 1)
    }
    await api.stop()
  }

  @Test func `a hold of one target holds back no other`() async throws {
    let lusid = try LoopbackServer { _ in .status(404) }
    let liquid = try LoopbackServer { .liquid($0) }
    try await withWorld(.lusid(lusid.url) + .liquid(liquid.url)) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.waitFor(target: "lusid", toBe: "held")
      try world.drop("b.json", in: "accounts", array([account("1")]))
      try await world.waitForReceipts(1, in: "accounts")
      try world.checkResults("accounts", files: 1)
    }
    await lusid.stop()
    await liquid.stop()
  }
}
