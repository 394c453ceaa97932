import JSONText
import Synchronization
import Testing
import TestKit

/// What becomes of items when LUSID answers 2xx, in all the ways in which such an answer can be wrong.
@Suite struct `LUSID answers` {
  static let unusable: [(name: String, reply: Reply)] = [
    ("is cut off", .cut(status: 201, body: Array("{\"values\": {\"item-1\": {}".utf8), after: 12)),
    ("is cut off right after its head", .cut(status: 201, body: Array("{}".utf8), after: 0)),
    ("closes the connection", .close),
    ("is no HTTP", .garbage(Array("hello\r\n\r\n".utf8))),
    ("is no JSON", .answer(status: 201, body: Array("<html>welcome</html>".utf8))),
    ("is empty", .status(201)),
    ("has no content", .status(204)),
    ("is JSON of another kind", .json("[1, 2]", status: 201)),
    ("holds neither map", .json("{\"links\": []}", status: 201)),
    (
      "has an id in both maps",
      .lusid(accepting: ["item-1", "item-2"], failing: ["item-1": "{\"detail\": \"no\"}"])
    ),
    ("names an id twice", .json("{\"values\": {\"item-1\": {}, \"item-1\": {}, \"item-2\": {}}}", status: 201)),
    ("names an id that was not sent", .lusid(accepting: ["item-1", "item-2", "item-3"])),
    ("goes on after the document", .json("{\"values\": {\"item-1\": {}, \"item-2\": {}}} {}", status: 201)),
  ]

  @Test(arguments: unusable.indices)
  func `an answer that can't be used is no success, and the batch is sent again`(_ index: Int) async throws {
    let (name, reply) = Self.unusable[index]
    let api = try LoopbackServer { $0.number == 1 ? reply : .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1"), record("2")]))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 2, "an answer that \(name)")
      #expect(receipt.requests == 2)
      #expect(receipt.batches.first?["attempts"]?.integer == 2)
      #expect(receipt.batches.first?["unanswered"]?.integer == 1, "an answer that \(name)")
      #expect(receipt.batches.first?["status"]?.integer == 201)
      #expect(api.requests.count == 2)
      #expect(api.requests.first?.body == api.requests.last?.body)
    }
    await api.stop()
  }

  @Test func `items that an answer does not name are sent again, alone`() async throws {
    let api = try LoopbackServer { .lusid(accepting: $0.number == 1 ? ["item-1", "item-3"] : $0.requestIDs) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array((1...4).map { record("\($0)") }))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 4)
      #expect(receipt.requests == 2)
      #expect(receipt.batches.map { $0["items"]?.integer } == [2, 2])
      #expect(api.requests.map(\.requestIDs) == [["item-1", "item-2", "item-3", "item-4"], ["item-2", "item-4"]])
    }
    await api.stop()
  }

  @Test func `an item that three answers do not name is refused, and its neighbours are not`() async throws {
    let api = try LoopbackServer { .lusid(accepting: $0.requestIDs.filter { $0 != "item-2" }) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array((1...3).map { record("\($0)") }))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.codes == [2: "unacknowledged"])
      #expect(receipt.requests == 3)
      #expect(api.requests.map(\.requestIDs) == [["item-1", "item-2", "item-3"], ["item-2"], ["item-2"]])
    }
    await api.stop()
  }

  @Test func `what LUSID fails is refused with its words, and what it left unchanged is accepted`() async throws {
    let api = try LoopbackServer { _ in
      .lusid(
        accepting: ["item-1"],
        failing: [
          "item-2": "{\"id\": \"x\", \"type\": \"t\", \"detail\": \"the country is unknown\", \"errorDetails\": []}",
          "item-3": "{\"id\": \"x\"}", "item-4": "{\"type\": null, \"detail\": null, \"errorDetails\": []}",
          "item-5": "{\"type\": \"https://docs/402\"}",
        ])
    }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array((1...5).map { record("\($0)") }))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.codes == [2: "rejected-by-api", 5: "rejected-by-api"])
      #expect(receipt.message(ofItem: 2)?.contains("the country is unknown") == true)
      #expect(receipt.accepted == 3)
      #expect(receipt.unchanged == 2)
      let rejects = try world.text("investors", "outbox/rejected", receipt["rejects"]?["file"]?.string ?? "")
      let refused = try JSONValue.parse(Array(rejects.utf8)).elements ?? []
      #expect(refused.map { $0["displayName"]?.string } == ["2", "5"])
      #expect(refused.first?["_error"]?["code"]?.string == "rejected-by-api")
      #expect(refused.first?["_error"]?["item"]?.integer == 2)
    }
    await api.stop()
  }

  @Test func `one poisoned item among 500 is found, and all others get through`() async throws {
    let api = try LoopbackServer { request in
      request.displayNames.contains("poison")
        ? .json(
          """
          {"code": 151, "title": "One or more validation errors occurred", "detail": "bad name", \
          "errors": {"displayName": ["must not be poison"]}}
          """, status: 400) : .lusid(request)
    }
    try await withWorld(.lusid(api.url)) { world in
      let records = (1...500).map { record("\($0)", name: $0 == 217 ? "poison" : "fine") }
      try world.drop("a.json", in: "investors", array(records))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 499)
      #expect(receipt.codes == [217: "bad-request"])
      #expect(receipt.message(ofItem: 217)?.contains("must not be poison") == true)
      #expect(receipt.first.first?["line"]?.integer == 218)
      #expect(receipt.requests == api.requests.count)
      #expect(api.requests.count <= 19)
    }
    await api.stop()
  }

  @Test func `a request that is too large is sent in halves, and an item that is too large alone is refused`()
    async throws
  {
    let api = try LoopbackServer { $0.body.count > 1000 ? .status(413) : .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let long = String(repeating: "x", count: 500)
      let records = (1...9).map { record("\($0)", name: $0 == 5 ? long + "x" + long.prefix(11) : "fine") }
      var large = records
      large[4] = large[4].dropLast() + ",\"description\":\"\(long)\"}"
      try world.drop("a.json", in: "investors", array(large))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 8)
      #expect(receipt.codes == [5: "too-large"])
    }
    await api.stop()
  }

  @Test func `two items with the same key never share a batch and keep their order`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url, target: ["concurrency: 4"])) { world in
      let keys = (0..<60).map { $0 % 7 }
      let records = keys.enumerated().map { record("\($1)", name: "\($0)") }
      try world.drop("a.json", in: "investors", array(records))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      let batches = api.requests.map { $0.displayNames.compactMap { Int($0) } }
      for batch in batches { #expect(Set(batch.map { keys[$0] }).count == batch.count) }
      for key in 0..<7 {
        let sent = batches.joined().filter { keys[$0] == key }
        #expect(sent == sent.sorted())
        #expect(sent.count == Set(sent).count)
      }
      #expect(batches.joined().count == 60)
    }
    await api.stop()
  }
}
