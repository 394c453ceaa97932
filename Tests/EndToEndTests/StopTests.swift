import Glibc
import JSONText
import Synchronization
import TestKit
import Testing

/// Stopping, and the exit statuses of `run --once`.
@Suite struct `Stopping` {
  @Test(arguments: [SIGTERM, SIGINT])
  func `answers under way are awaited, and nothing new is begun`(_ signal: Int32) async throws {
    let answers = Arrivals()
    let api = try LoopbackServer { request in
      answers.waitUntilOver()
      // Time for the signal to be seen.
      return .delayed(.milliseconds(500), .lusid(request))
    }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 2"])) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array((1...6).map { record("\($0)") }))
      try await api.waitForRequests(2)
      daemon.send(signal)
      answers.isOver = true
      #expect(try await daemon.end(within: .seconds(10)) == 0)
      #expect(api.requests.count == 2)
      #expect(try await world.status()["queue"]?["items"]?.integer == 4)
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      #expect(api.requests.count == 6)
      #expect(try world.receipt("investors").batches.allSatisfy { $0["unanswered"]?.integer == 0 })
    }
    await api.stop()
  }

  @Test func `an answer that takes six seconds is awaited as well`() async throws {
    let api = try LoopbackServer { .delayed(.seconds(6), .lusid($0)) }
    try await withWorld(.lusid(api.url)) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await api.waitForRequests(1)
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(10)) == 0)
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").batches.first?["unanswered"]?.integer == 0)
    }
    await api.stop()
  }

  @Test func `a server that never answers does not keep it from stopping, and nothing is lost`() async throws {
    let api = try LoopbackServer { $0.number == 1 ? .hang : .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await api.waitForRequests(1)
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(10)) == 0)
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      let batch = try world.receipt("investors").batches.first
      #expect(batch?["attempts"]?.integer == 2)
      #expect(batch?["unanswered"]?.integer == 1)
    }
    await api.stop()
  }

  @Test func `a stop during run --once leaves the rest queued and says so`() async throws {
    let answers = Arrivals()
    let api = try LoopbackServer { request in
      answers.waitUntilOver()
      return .delayed(.milliseconds(500), .lusid(request))
    }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 1"])) { world in
      try world.drop("a.json", in: "investors", array((1...3).map { record("\($0)") }))
      let run = try world.start(["run", "--once"])
      try await api.waitForRequests(1)
      run.send(SIGTERM)
      answers.isOver = true
      #expect(try await run.end(within: .seconds(10)) == 75)
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").batches.allSatisfy { $0["unanswered"]?.integer == 0 })
      #expect(api.requests.count == 3)
    }
    await api.stop()
  }

  @Test func `a deadline ends run --once, after the answers under way`() async throws {
    let api = try LoopbackServer { .delayed(.milliseconds(700), .lusid($0)) }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 1"])) { world in
      try world.drop("a.json", in: "investors", array((1...20).map { record("\($0)") }))
      let (status, _, _) = try await world.run(["run", "--once", "--deadline", "900ms"], within: .seconds(10))
      #expect(status == 75)
      let queued = try await world.status()["queue"]?["items"]?.integer ?? 0
      #expect(queued == 20 - api.requests.count)
    }
    await api.stop()
  }

  @Test func `run --once says 0 when all is well, 1 when something was refused`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try await world.workOff(expecting: 0)
      try world.drop("good.json", in: "investors", array([record("1")]))
      try await world.workOff(expecting: 0)
      try world.drop("bad.json", in: "investors", array([record("1"), record("2", name: "")]))
      try await world.workOff(expecting: 1)
      try world.drop("useless.json", in: "investors", "[")
      try await world.workOff(expecting: 1)
      // What earlier runs refused is theirs.
      try world.drop("empty.json", in: "investors", "[]")
      try await world.workOff(expecting: 0)
      try world.checkResults("investors", files: 4)
    }
    await api.stop()
  }

  @Test func `75 wins over 1`() async throws {
    let api = try LoopbackServer { _ in .status(500) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", "[")
      try world.drop("b.json", in: "investors", array([record("1")]))
      let (status, _, _) = try await world.run(["run", "--once", "--deadline", "500ms"])
      #expect(status == 75)
      #expect(try world.receipts("investors").map(\.errorCode) == ["malformed-json"])
    }
    await api.stop()
  }
}
