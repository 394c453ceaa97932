import Glibc
import JSONText
import Synchronization
import Testing
import TestKit

/// Small files that share a request (`batch.linger`), each with a receipt of its own.
@Suite struct `Joining` {
  private static let linger = "batch: {linger: 300ms}"

  @Test func `many small files become few requests, and each has its receipt`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 100, linger: 500ms}"])) { world in
      for file in 1...150 {
        try world.drop("f\(file).json", in: "investors", array([record("\(file)a"), record("\(file)b")]))
      }
      try await world.workOff()
      try world.checkResults("investors", files: 150)
      for receipt in try world.receipts("investors") {
        #expect(receipt.items == 2 && receipt.accepted == 2 && receipt.requests == 1)
        #expect(receipt.batches.count == 1 && receipt.batches[0]["attempts"]?.integer == 1)
      }
      #expect(api.requests.count <= 8)
      #expect(api.requests.allSatisfy { $0.requestIDs.count <= 100 })
      for request in api.requests { #expect(Set(request.requestIDs).count == request.requestIDs.count) }
      #expect(api.requests.flatMap(\.displayNames).sorted() == (1...150).flatMap { ["\($0)a", "\($0)b"] }.sorted())
    }
    await api.stop()
  }

  @Test func `what the answer says of an item reaches the receipt of its file`() async throws {
    let api = try LoopbackServer { request in
      let failing = zip(request.requestIDs, request.displayNames).filter { $1.hasPrefix("bad") }
      return .lusid(
        accepting: zip(request.requestIDs, request.displayNames).filter { !$1.hasPrefix("bad") }.map(\.0),
        failing: Dictionary(uniqueKeysWithValues: failing.map { ($0, "{\"detail\": \"\($0) is \($1)\"}") }))
    }
    try await withWorld(.lusid(api.url, target: [Self.linger])) { world in
      try world.drop("a.json", in: "investors", array([record("1"), record("2", name: "bad a")]))
      try world.drop("b.json", in: "investors", array([record("3", name: "bad b"), record("4")]))
      try world.drop(
        "c.json", in: "investors", "{\"item-1\": \(record("5")), \"item-1.2\": \(record("6", name: "bad c"))}")
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 3)
      #expect(api.requests.map { $0.requestIDs.count } == [6])
      #expect(try world.receipt("investors", of: "a.json").message(ofItem: 2) == "item-2 is bad a")
      #expect(try world.receipt("investors", of: "b.json").codes == [1: "rejected-by-api"])
      #expect(try world.receipt("investors", of: "b.json").message(ofItem: 1) == "item-1 is bad b")
      #expect(try world.receipt("investors", of: "c.json").message(ofItem: 2) == "item-1.2 is bad c")
    }
    await api.stop()
  }

  @Test func `items with one key never share a LUSID request, and keep their order over files`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    for ordering in ["key", "none"] {
      try await withWorld(.lusid(api.url, target: [Self.linger], inbox: ["ordering: \(ordering)"])) { world in
        let before = api.requests.count
        for file in 1...4 {
          try world.drop(
            "\(file).json", in: "investors", array([record("k", name: "k\(file)"), record("\(file)")]))
        }
        try await world.workOff()
        try world.checkResults("investors", files: 4)
        let requests = api.requests[before...]
        #expect(requests.allSatisfy { $0.displayNames.count { $0.hasPrefix("k") } <= 1 }, "\(ordering)")
        if ordering == "key" {
          let names = requests.flatMap(\.displayNames).filter { $0.hasPrefix("k") }
          #expect(names == ["k1", "k2", "k3", "k4"])
        }
      }
    }
    await api.stop()
  }

  @Test func `Liquid items with one key travel together in their order`() async throws {
    let arrivals = Arrivals()
    let api = try LoopbackServer { request in
      arrivals.note()
      return arrivals.all.count == 1 ? .status(503) : .liquid(request)
    }
    try await withWorld(.liquid(api.url, target: [Self.linger])) { world in
      for file in 1...5 { try world.drop("\(file).json", in: "accounts", array([account("A", name: "\(file)")])) }
      try await world.workOff()
      try world.checkResults("accounts", files: 5)
      let names = api.requests.map { $0.items.compactMap { $0["data"]?["name"]?.string } }
      // On a busy machine the first request may leave before the last files are read.
      let all = ["1", "2", "3", "4", "5"]
      let first = try #require(names.first)
      #expect(names == [first, all] && first.count > 1 && all.starts(with: first), "\(names)")
      let attempts = try world.receipts("accounts").map { $0.batches[0]["attempts"]?.integer }
      #expect(attempts.count { $0 == 2 } == first.count && attempts.count { $0 == 1 } == 5 - first.count)
    }
    await api.stop()
  }

  @Test(arguments: [400, 413, 422])
  func `a file that spoils a request is found, and its neighbours are accepted`(status: Int) async throws {
    let api = try LoopbackServer { request in
      request.displayNames.contains("bad") ? .problem(status, detail: "no good") : .lusid(request)
    }
    try await withWorld(.lusid(api.url, target: [Self.linger])) { world in
      for file in 1...10 {
        try world.drop(
          "\(file).json", in: "investors",
          array([record("\(file)a"), record("\(file)b", name: file == 7 ? "bad" : "good")]))
      }
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 10)
      for receipt in try world.receipts("investors") {
        let isBad = receipt["file"]?["name"]?.string == "7.json"
        #expect(receipt.accepted == (isBad ? 1 : 2))
        // Together, alone; and the bad one's halves.
        #expect(receipt.requests == (isBad ? 4 : 2))
        #expect(receipt.batches.allSatisfy { $0["unanswered"]?.integer == 0 })
      }
      #expect(api.requests.count == 13)
    }
    await api.stop()
  }

  @Test func `a file at which the API stumbles does not keep its neighbours`() async throws {
    let api = try LoopbackServer { $0.displayNames.contains("bad") ? .status(500) : .lusid($0) }
    try await withWorld(.lusid(api.url, target: [Self.linger])) { world in
      for file in 1...10 {
        try world.drop("\(file).json", in: "investors", array([record("\(file)", name: file == 3 ? "bad" : "good")]))
      }
      _ = try await world.startDaemon()
      try await eventually("the receipts of the neighbours") { try world.receipts("investors").count == 9 }
      #expect(try world.receipts("investors").allSatisfy { $0.accepted == 1 })
    }
    await api.stop()
  }

  @Test func `an API that is away for all gets the files together when it is back`() async throws {
    let api = try LoopbackServer { $0.number <= 3 ? .status(503, headers: ["Retry-After": "0"]) : .lusid($0) }
    try await withWorld(.lusid(api.url, target: [Self.linger, "concurrency: 1"])) { world in
      for file in 1...40 { try world.drop("\(file).json", in: "investors", array([record("\(file)")])) }
      try await world.workOff()
      try world.checkResults("investors", files: 40)
      #expect(api.requests.count <= 6)
    }
    await api.stop()
  }

  @Test func `an Atomic file is always alone, and without linger so is every file`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    for (target, inbox) in [([Self.linger], ["success_mode: Atomic"]), ([], [])] {
      try await withWorld(.lusid(api.url, target: target, inbox: inbox)) { world in
        let before = api.requests.count
        for file in 1...5 { try world.drop("\(file).json", in: "investors", array([record("\(file)")])) }
        try await world.workOff()
        try world.checkResults("investors", files: 5)
        #expect(api.requests[before...].map(\.requestIDs) == Array(repeating: ["item-1"], count: 5))
      }
    }
    await api.stop()
  }

  @Test func `a file waits for company no longer than linger, and a full one not at all`() async throws {
    let arrivals = Arrivals()
    let api = try LoopbackServer { request in
      arrivals.note()
      return .lusid(request)
    }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 3, linger: 1500ms}"])) { world in
      _ = try await world.startDaemon()
      let dropped = ContinuousClock.now
      try world.drop("one.json", in: "investors", array([record("1")]))
      try await eventually("the claim") { world.names("investors", "inbox").isEmpty }
      try world.drop("full.json", in: "investors", array([record("2"), record("3"), record("4")]))
      try await world.waitForReceipts(2, in: "investors")
      #expect(api.requests.map { $0.requestIDs.count } == [3, 1])
      #expect(arrivals.all[0] - dropped < .milliseconds(1500))
      #expect(arrivals.all[1] - dropped >= .milliseconds(1500))
      #expect(arrivals.all[1] - dropped < .milliseconds(4000))
    }
    await api.stop()
  }

  @Test func `killed while a joined request is under way, nothing is lost or told twice`() async throws {
    let gate = Arrivals()
    let api = try LoopbackServer { request in
      gate.isOver ? .lusid(request) : .hang
    }
    try await withWorld(.lusid(api.url, target: [Self.linger])) { world in
      for file in 1...8 { try world.drop("\(file).json", in: "investors", array([record("\(file)")])) }
      for signal in [SIGKILL, SIGTERM] {
        let before = api.requests.count
        let daemon = try await world.startDaemon()
        try await api.waitForRequests(before + 1)
        daemon.send(signal)
        _ = try await daemon.end()
      }
      gate.isOver = true
      try await world.workOff()
      try world.checkResults("investors", files: 8)
      for receipt in try world.receipts("investors") {
        #expect(receipt.accepted == 1)
        #expect(receipt.requests == 3)
        #expect(receipt.batches[0]["attempts"]?.integer == 3)
        #expect(receipt.batches[0]["unanswered"]?.integer == 2)
      }
      #expect(api.requests.map { $0.requestIDs.count } == [8, 8, 8])
    }
    await api.stop()
  }

  @Test func `a file that is cancelled while it travels with others is settled by the answer`() async throws {
    let gate = Arrivals()
    let api = try LoopbackServer { request in
      if request.number == 1 { gate.waitUntilOver() }
      // The second item of each file is not named: it is sent again.
      return .lusid(
        accepting: request.number == 1 ? request.requestIDs.filter { $0.hasPrefix("item-1") } : request.requestIDs)
    }
    try await withWorld(.lusid(api.url, target: [Self.linger])) { world in
      _ = try await world.startDaemon()
      for file in ["a", "b"] {
        try world.drop("\(file).json", in: "investors", array([record("\(file)1"), record("\(file)2")]))
      }
      try await api.waitForRequests(1)
      let id = try #require(world.names("investors", "work").first { $0.hasSuffix(".a.json") }?.prefix(26))
      let (status, _, log) = try await world.run(["cancel", String(id)])
      #expect(status == 0, "\(log)")
      gate.isOver = true
      try await world.waitForReceipts(2, in: "investors")
      #expect(try world.receipt("investors", of: "a.json").codes == [2: "cancelled"])
      #expect(try world.receipt("investors", of: "a.json").accepted == 1)
      #expect(try world.receipt("investors", of: "b.json").accepted == 2)
    }
    await api.stop()
  }

  @Test func `a token that is no longer taken is renewed for all of them`() async throws {
    let api = try LoopbackServer { request in
      if request.path.hasSuffix("/token") {
        return .json("{\"access_token\": \"t\(request.number)\", \"expires_in\": 3600}")
      }
      return request.headers["authorization"] == "Bearer t1" ? .status(401) : .lusid(request)
    }
    try await withWorld(.lusid(api.url, tokensFrom: api.url + "/token", target: [Self.linger])) { world in
      for file in 1...4 { try world.drop("\(file).json", in: "investors", array([record("\(file)")])) }
      try await world.workOff()
      try world.checkResults("investors", files: 4)
      #expect(try world.receipts("investors").allSatisfy { $0.requests == 2 && $0.accepted == 1 })
    }
    await api.stop()
  }
}
