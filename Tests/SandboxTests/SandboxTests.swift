import APIs
import Core
import Foundation
import Sandbox
import Testing

@Suite struct SandboxTests {
  @Test func `it tells where it answers`() async throws {
    try await withSandbox { sandbox, client in
      let addresses = try #require(await sandbox.addresses)
      #expect(addresses.lusid == client.origin + "/api")
      #expect(addresses.lusidToken == client.origin + "/oauth2/token")
      #expect(addresses.liquid == client.origin)
      #expect(addresses.liquidToken == client.origin + "/ls/api/oauth2/token")
      let welcome = try await client.get("/")
      #expect(welcome.status == 200)
      #expect(welcome.text.contains("/ls/api/items/upsert"))
    }
  }

  @Test func `a port that is taken is an error that names it`() async throws {
    try await withSandbox { sandbox, _ in
      let port = try #require(await sandbox.addresses?.port)
      let second = Sandbox(SandboxOptions(port: port))
      let error = await #expect(throws: SandboxError.self) { try await second.start() }
      #expect(error?.description.contains("127.0.0.1:\(port)") == true)
      await #expect(throws: SandboxError.self) { try await sandbox.start() }
    }
  }

  @Test func `once stopped it starts again on its port and remembers`() async throws {
    let first = Sandbox()
    let port = try await first.start()
    await first.stop()
    await first.stop()
    let sandbox = Sandbox(SandboxOptions(port: port))
    #expect(try await sandbox.start() == port)
    _ = try await Client(port: port).upsertItems("[]")
    await sandbox.stop()
    await #expect(throws: (any Error).self) { try await Client(port: port).get("/") }
    #expect(try await sandbox.start() == port)
    _ = try await Client(port: port).upsertItems("[]")
    await sandbox.stop()
    #expect(sandbox.stats.liquid.requests == 2)
  }

  @Test func `stopping does not wait for answers that are held back`() async throws {
    let sandbox = Sandbox(SandboxOptions(latency: .seconds(600)))
    let client = Client(port: try await sandbox.start())
    async let answer = client.upsertItems("[]")
    try await waitUntil { sandbox.stats.liquid.requests == 1 }
    let start = ContinuousClock.now
    await sandbox.stop()
    #expect(ContinuousClock.now - start < .seconds(10))
    let status = try? await answer.status
    #expect(status != 200)
  }

  @Test func `an outage answers every API request with 503 until it is over`() async throws {
    try await withSandbox { sandbox, client in
      sandbox.change { $0.outage = true }
      let lusid = try await client.upsertRecords("{}")
      let liquid = try await client.upsertItems(#"[{"headers":{},"data":{}}]"#)
      #expect(lusid.status == 503)
      #expect(liquid.status == 503)
      #expect(lusid.object["code"] as? Int == -1)
      #expect(sandbox.stats.liquid.rejected == 0)
      sandbox.change { $0.outage = false }
      let after = try await client.upsertRecords("{}")
      #expect(after.status == 201)
      #expect(sandbox.stats.lusid.unavailable == 1)
      #expect(sandbox.stats.lusid.requests == 2)
      #expect(sandbox.stats.lusid.tokens == 2)
    }
  }

  @Test func `the same seed fails the same requests, about as many as asked`() async throws {
    func statuses() async throws -> [Int] {
      var statuses: [Int] = []
      try await withSandbox(SandboxOptions(failRate: 0.3, seed: 7)) { _, client in
        let token = try await client.token("/ls/api/oauth2/token")
        for _ in 0..<100 { statuses.append(try await client.upsertItems("[]", token: token).status) }
      }
      return statuses
    }
    let first = try await statuses()
    #expect(Set(first) == [200, 503])
    #expect((15...45).contains(first.count { $0 == 503 }))
    let second = try await statuses()
    #expect(second == first)
  }

  @Test func `requests over the rate get a 429 and pass after the time it names`() async throws {
    try await withSandbox(SandboxOptions(rateLimit: 3)) { sandbox, client in
      let token = try await client.token("/oauth2/token")
      let other = try await client.token("/ls/api/oauth2/token")
      var statuses: [Int] = []
      var refusal: Client.Answer?
      // A burst may straddle two of the limit's seconds; within eight requests there is a refusal anyway.
      while refusal == nil, statuses.count < 8 {
        let answer = try await client.upsertRecords("{}", token: token)
        statuses.append(answer.status)
        if answer.status == 429 { refusal = answer }
      }
      #expect(statuses.prefix(3) == [201, 201, 201])
      #expect(refusal?.object["code"] as? Int == 103)
      let wait = try #require(refusal?.header("Retry-After").flatMap { Int($0) })
      #expect(wait >= 1)
      // Each API has a limit of its own.
      let liquid = try await client.upsertItems("[]", token: other)
      #expect(liquid.status == 200)
      try await Task.sleep(for: .seconds(wait))
      let after = try await client.upsertRecords("{}", token: token)
      #expect(after.status == 201)
      #expect(sandbox.stats.lusid.rateLimited == 1)
      sandbox.change { $0.rateLimit = 0 }
      let none = try await client.upsertRecords("{}", token: token)
      #expect(none.status == 429)
    }
  }

  @Test func `an answer is held back for the latency and a token is not`() async throws {
    try await withSandbox(SandboxOptions(latency: .seconds(600))) { sandbox, client in
      let token = try await client.token("/oauth2/token")
      sandbox.change { $0.latency = .milliseconds(300) }
      let start = ContinuousClock.now
      let answer = try await client.upsertRecords("{}", token: token)
      #expect(answer.status == 201)
      #expect(ContinuousClock.now - start >= .milliseconds(300))
    }
  }

  @Test func `many connections at once lose nothing`() async throws {
    try await withSandbox { sandbox, client in
      let token = try await client.token("/ls/api/oauth2/token")
      try await withThrowingTaskGroup(of: Int.self) { group in
        for batch in 0..<24 {
          group.addTask {
            let items = (0..<20).map { ItemUpsertTests.item(#"{"accountId":"\#(batch)-\#($0)"}"#) }
            return try await client.upsertItems("[\(items.joined(separator: ","))]", token: token).status
          }
        }
        for try await status in group { #expect(status == 200) }
      }
      #expect(sandbox.stats.liquid.accepted == 480)
      #expect(sandbox.stats.liquid.distinct == 480)
      #expect(sandbox.stats.liquid.requests == 24)
    }
  }

  @Test func `a body of megabytes arrives whole`() async throws {
    try await withSandbox { sandbox, client in
      let long = String(repeating: "0123456789", count: 200_000)
      let item = ItemUpsertTests.item(#"{"accountId":"1","long":"\#(long)"}"#)
      let answer = try await client.upsertItems("[\(item)]")
      #expect(answer.status == 200)
      #expect(sandbox.items(of: .liquid)["Account/1"]?.raw == Array(item.utf8))
    }
  }

  @Test func `requests are recorded where that is asked for, without their tokens`() async throws {
    try await withSandbox(SandboxOptions(recordsRequests: true)) { sandbox, client in
      _ = try await client.upsertItems(#"[ "é" ]"#)
      _ = try await client.upsertRecords("{}")
      let requests = sandbox.recordedRequests
      #expect(requests.map(\.status) == [400, 201])
      #expect(requests.map(\.api) == [.liquid, .lusid])
      #expect(requests.first?.body == Array(#"[ "é" ]"#.utf8))
      #expect(requests.last?.path == "/api/api/investorrecords/$batchUpsert")
      #expect(requests.last?.query == "successMode=Partial")
      #expect(requests.last?.headers["content-type"] == "application/json")
      #expect(requests.last?.headers["authorization"] == nil)
      let view = try await client.get("/sandbox/requests")
      let listed = try #require(JSONSerialization.jsonObject(with: Data(view.body)) as? [[String: Any]])
      #expect(listed.map { $0["body"] as? String } == [#"[ "é" ]"#, "{}"])
    }
    try await withSandbox { sandbox, client in
      _ = try await client.upsertItems("[]")
      #expect(sandbox.recordedRequests.isEmpty)
    }
  }

  @Test func `its own pages show what it has seen`() async throws {
    try await withSandbox { sandbox, client in
      let good = InvestorRecordTests.request("1")
      _ = try await client.upsertRecords(#"{"a":\#(good),"b":{}}"#)
      let stats = try await client.get("/sandbox/stats")
      let lusid = try #require(stats.object["lusid"] as? [String: Int])
      #expect(lusid["requests"] == 1)
      #expect(lusid["accepted"] == 1)
      #expect(lusid["rejected"] == 1)
      #expect(lusid["tokens"] == 1)
      #expect((stats.object["liquid"] as? [String: Int])?["requests"] == 0)
      let records = try await client.get("/sandbox/lusid/records")
      #expect(records.text == #"{"acme a/b/c=1":{"seen":1,"accepted":1,"version":1,"raw":\#(good)}}"#)
    }
  }

  @Test(arguments: [
    ("GET", "/nix", 404), ("POST", "/", 405), ("GET", "/oauth2/token", 405), ("GET", "/ls/api/items/upsert", 405),
    ("POST", "/ls/api/oauth2/validate", 405), ("POST", "/api/investorrecords/$batchUpsert", 404),
    ("GET", "/api/api/investorrecords/$batchUpsert", 405), ("POST", "/sandbox/stats", 405),
  ])
  func `other paths and methods are refused`(_ method: String, _ path: String, _ status: Int) async throws {
    try await withSandbox { _, client in
      let answer = try await client.send(method, path)
      #expect(answer.status == status)
      #expect((answer.header("Allow") != nil) == (status == 405))
    }
  }

  private func waitUntil(_ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while !condition() {
      try #require(ContinuousClock.now < deadline)
      try await Task.sleep(for: .milliseconds(5))
    }
  }
}
