import JSONText
import Testing
import TestKit

/// What becomes of items when Liquid answers.
@Suite struct `Liquid answers` {
  static let unusable: [(name: String, reply: Reply)] = [
    ("is cut off", .cut(status: 200, body: Array("{\"count\": 2}".utf8), after: 5)),
    ("is no JSON", .answer(status: 200, body: Array("ok".utf8))),
    ("is empty", .status(200)),
    ("holds no count", .json("{}")),
    ("counts fewer items", .json("{\"count\": 1}")),
    ("counts more items", .json("{\"count\": 3}")),
    ("holds rejected items that are no list", .json("{\"count\": 2, \"rejectedItems\": {}}")),
    (
      "rejects more items than were sent",
      .json("{\"count\": 2, \"rejectedItems\": [1, 2, 3]}")
    ),
  ]

  @Test(arguments: unusable.indices)
  func `an answer that can't be used is no success, and the batch is sent again`(_ index: Int) async throws {
    let (name, reply) = Self.unusable[index]
    let api = try LoopbackServer { $0.number == 1 ? reply : .liquid($0) }
    try await withWorld(.liquid(api.url)) { world in
      try world.drop("a.json", in: "accounts", array([account("1"), account("2")]))
      try await world.workOff()
      try world.checkResults("accounts", files: 1)
      let receipt = try world.receipt("accounts")
      #expect(receipt.accepted == 2, "an answer that \(name)")
      #expect(receipt.batches.first?["attempts"]?.integer == 2)
      #expect(receipt.batches.first?["unanswered"]?.integer == 1, "an answer that \(name)")
      #expect(api.requests.count == 2)
    }
    await api.stop()
  }

  @Test func `an echo with fewer fields is the one item that it fits`() async throws {
    let api = try LoopbackServer { request in
      .liquid(
        request,
        rejecting: [
          """
          {"data": {"accountId": "2"}, "headers": {"type": "Account", "receiptType": "Error", \
          "receiptMessage": "the chain is unknown"}}
          """
        ])
    }
    try await withWorld(.liquid(api.url)) { world in
      try world.drop("a.json", in: "accounts", array((1...3).map { account("\($0)", name: "same") }))
      try await world.workOff(expecting: 1)
      try world.checkResults("accounts", files: 1)
      let receipt = try world.receipt("accounts")
      #expect(receipt.codes == [2: "rejected-by-api"])
      #expect(receipt.message(ofItem: 2) == "the chain is unknown")
      #expect(receipt.requests == 1)
      let rejects = try world.text("accounts", "outbox/rejected", receipt["rejects"]?["file"]?.string ?? "")
      let refused = try JSONValue.parse(Array(rejects.utf8)).elements ?? []
      #expect(refused.first?["headers"]?["receiptMessage"]?.string == "the chain is unknown")
      #expect(refused.first?["headers"]?["receiptType"]?.string != nil)
      #expect(refused.first?["data"]?["accountId"]?.string == "2")
    }
    await api.stop()
  }

  @Test(arguments: [1, 3])
  func `an item that is echoed twice with two reasons is refused once, with both`(_ count: Int) async throws {
    let api = try LoopbackServer { request in
      let echoes = ["no owner", "no chain"].map { reason in
        """
        {"data": {"accountId": "1"}, "headers": {"type": "Account", "receiptType": "Error", \
        "receiptMessage": "\(reason)"}}
        """
      }
      return .liquid(request, rejecting: request.accountIDs.contains("1") ? echoes : [])
    }
    // An inbox without `item.key`: all wait behind it.
    let inbox = ["item: {category: entity, type: Account, action: Merge}"]
    try await withWorld(.liquid(api.url, target: ["batch: {max_items: \(count)}"], inbox: inbox)) { world in
      try world.drop("a.json", in: "accounts", array((1...6).map { account("\($0)", name: "same") }))
      try await world.workOff(expecting: 1)
      try world.checkResults("accounts", files: 1)
      let receipt = try world.receipt("accounts")
      #expect(receipt.codes == [1: "rejected-by-api"])
      #expect(receipt.message(ofItem: 1) == "no owner; no chain")
      #expect(receipt.accepted == 5)
      #expect(api.requests.count == 6 / count, "it was sent again")
    }
    await api.stop()
  }

  @Test func `echoes that fit several items are told apart in halves`() async throws {
    // What comes back has lost its key, so that it could be any of them.
    let api = try LoopbackServer { request in
      let refused = request.accountIDs.filter { ["3", "6"].contains($0) }.map { _ in
        "{\"headers\": {\"receiptType\": \"Error\", \"receiptMessage\": \"no\"}, \"data\": {\"name\": \"same\"}}"
      }
      return .liquid(request, rejecting: refused)
    }
    try await withWorld(.liquid(api.url)) { world in
      try world.drop("a.json", in: "accounts", array((1...8).map { account("\($0)", name: "same") }))
      try await world.workOff(expecting: 1)
      try world.checkResults("accounts", files: 1)
      let receipt = try world.receipt("accounts")
      #expect(receipt.codes == [3: "rejected-by-api", 6: "rejected-by-api"])
      #expect(receipt.accepted == 6)
      #expect(receipt.requests == api.requests.count)
      #expect(receipt.batches.count < api.requests.count)
    }
    await api.stop()
  }

  @Test(arguments: [400, 422])
  func `one poisoned item among 500 is found, and all others get through`(_ status: Int) async throws {
    let api = try LoopbackServer { request in
      request.text.contains("poison")
        ? .json(
          "{\"status\": \(status), \"error\": \"Bad Request\", \"message\": \"malformed: poison\"}", status: status)
        : .liquid(request)
    }
    try await withWorld(.liquid(api.url)) { world in
      let accounts = (1...500).map { account("\($0)", name: $0 == 499 ? "poison" : "fine") }
      try world.drop("a.ndjson", in: "accounts", accounts.joined(separator: "\n") + "\n")
      try await world.workOff(expecting: 1)
      try world.checkResults("accounts", files: 1)
      let receipt = try world.receipt("accounts")
      #expect(receipt.accepted == 499)
      #expect(receipt.codes == [499: "bad-request"])
      #expect(receipt.message(ofItem: 499)?.contains("malformed: poison") == true)
      #expect(receipt.requests == api.requests.count)
      // No accepted item is sent twice, and order holds.
      let accepted = api.requests.filter { !$0.text.contains("poison") }.flatMap(\.accountIDs)
      #expect(accepted.count == 499)
      #expect(Set(accepted).count == 499)
    }
    await api.stop()
  }

  @Test func `a request that is too large is sent in halves, and an item that is too large alone is refused`()
    async throws
  {
    let api = try LoopbackServer { $0.body.count > 400 ? .status(413) : .liquid($0) }
    try await withWorld(.liquid(api.url)) { world in
      let long = String(repeating: "x", count: 500)
      try world.drop("a.json", in: "accounts", array((1...9).map { account("\($0)", name: $0 == 9 ? long : "fine") }))
      try await world.workOff(expecting: 1)
      try world.checkResults("accounts", files: 1)
      let receipt = try world.receipt("accounts")
      #expect(receipt.accepted == 8)
      #expect(receipt.codes == [9: "too-large"])
    }
    await api.stop()
  }

  @Test func `without a configured key a whole inbox is in order`() async throws {
    let api = try LoopbackServer { $0.number == 2 ? .status(500) : .liquid($0) }
    try await withWorld(.liquid(api.url, target: ["batch: {max_items: 2}", "concurrency: 4"], inbox: [])) { world in
      try world.drop("a.json", in: "accounts", array((1...7).map { account("\($0)") }))
      try world.drop("b.json", in: "accounts", array((8...12).map { account("\($0)") }))
      try await world.workOff()
      try world.checkResults("accounts", files: 2)
      let accepted = api.requests.filter { $0.number != 2 }.flatMap(\.accountIDs)
      #expect(accepted == (1...12).map(String.init))
      #expect(api.mostUnderWay == 1)
    }
    await api.stop()
  }
}
