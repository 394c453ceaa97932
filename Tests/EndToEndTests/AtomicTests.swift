import JSONText
import Testing
import TestKit

/// `success_mode: Atomic`: a file is one request, all or nothing.
@Suite struct `Atomic files` {
  private func world(
    _ api: LoopbackServer, target: [String] = [], _ body: (World) async throws -> Void
  ) async throws {
    try await withWorld(.lusid(api.url, target: target, inbox: ["success_mode: Atomic"]), body)
  }

  @Test func `a good file is one request`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await world(api) { world in
      try world.drop("a.json", in: "investors", array((1...50).map { record("\($0)") }))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 50)
      #expect(receipt.batches.count == 1)
      #expect(api.requests.map(\.path) == ["/api/investorrecords/$batchUpsert?successMode=Atomic"])
      #expect(receipt["target"]?["url"]?.string?.hasSuffix("successMode=Atomic") == true)
    }
    await api.stop()
  }

  @Test func `of a 400 only the items that it blames are at fault`() async throws {
    let api = try LoopbackServer { _ in
      .json(
        """
        {"code": 151, "title": "validation", "detail": "some are bad", \
        "errors": {"item-2.displayName": ["is too short"]}}
        """, status: 400)
    }
    try await world(api) { world in
      try world.drop("a.json", in: "investors", array((1...3).map { record("\($0)") }))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.codes == [1: "not-applied", 2: "bad-request", 3: "not-applied"])
      #expect(receipt.message(ofItem: 2)?.contains("is too short") == true)
      #expect(api.requests.count == 1)
    }
    await api.stop()
  }

  @Test func `a 400 that blames nobody refuses the file with its words`() async throws {
    let api = try LoopbackServer { _ in .problem(400, code: 151, detail: "all of it is bad") }
    try await world(api) { world in
      try world.drop("a.json", in: "investors", array((1...3).map { record("\($0)") }))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.status == "rejected")
      #expect(Set(receipt.codes.values) == ["bad-request"])
      #expect(receipt.message(ofItem: 3)?.contains("all of it is bad") == true)
    }
    await api.stop()
  }

  @Test func `in a 201 those that were only aborted are not applied`() async throws {
    let api = try LoopbackServer { _ in
      .lusid(
        accepting: [],
        failing: [
          "item-1": "{\"type\": \"https://docs/error/395\", \"detail\": \"batch aborted\", \"code\": 395}",
          "item-2": "{\"type\": \"https://docs/error/402\", \"detail\": \"no such property\"}",
        ])
    }
    try await world(api) { world in
      try world.drop("a.json", in: "investors", array((1...3).map { record("\($0)") }))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").codes == [1: "not-applied", 2: "rejected-by-api", 3: "not-applied"])
      #expect(api.requests.count == 1)
    }
    await api.stop()
  }

  @Test func `an item that is refused here keeps the others from being sent`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await world(api) { world in
      try world.drop("a.json", in: "investors", array([record("1"), record("2", name: ""), record("3")]))
      try world.drop("b.json", in: "investors", array([record("1"), record("2"), record("1")]))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 2)
      let codes = try world.receipt("investors", of: "a.json").codes
      #expect(codes[1] == "not-applied")
      #expect(codes[2] != nil && codes[2] != "not-applied")
      #expect(codes[3] == "not-applied")
      #expect(try world.receipt("investors", of: "b.json").rejected == 3)
      #expect(api.requests.isEmpty)
    }
    await api.stop()
  }

  @Test func `a file that does not fit one request is refused whole`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await world(api, target: ["batch: {max_items: 3}"]) { world in
      try world.drop("a.json", in: "investors", array((1...4).map { record("\($0)") }))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.errorCode == "too-large")
      #expect(receipt.items == 0)
      #expect(api.requests.isEmpty)
    }
    await api.stop()
  }

  @Test(arguments: [413, 500])
  func `an atomic request is never halved`(_ status: Int) async throws {
    let api = try LoopbackServer { $0.number == 1 ? .status(status) : .lusid($0) }
    try await world(api) { world in
      try world.drop("a.json", in: "investors", array((1...4).map { record("\($0)") }))
      try await world.workOff(expecting: status == 413 ? 1 : 0)
      try world.checkResults("investors", files: 1)
      #expect(api.requests.allSatisfy { $0.requestIDs.count == 4 })
      #expect(try world.receipt("investors").rejected == (status == 413 ? 4 : 0))
    }
    await api.stop()
  }
}
