import APIs
import Core
import Foundation
import Sandbox
import Testing

@Suite struct ItemUpsertTests {
  static func item(_ data: String, _ headers: String = #""category":"entity","type":"Account","action":"Merge""#)
    -> String
  {
    #"{"headers":{\#(headers)},"data":\#(data)}"#
  }

  @Test func `good items are counted and nothing is said of rejects`() async throws {
    try await withSandbox { sandbox, client in
      let order = Self.item(#"{"purchaseOrderId":7}"#, #""category":"e","type":"PurchaseOrder","action":"Delete""#)
      let answer = try await client.upsertItems(#"[\#(Self.item(#"{"accountId":"ABC"}"#)),\#(order)]"#)
      #expect(answer.status == 200)
      #expect(answer.text == #"{"count":2}"#)
      #expect(sandbox.items(of: .liquid).keys.sorted() == ["Account/ABC", "PurchaseOrder/7"])
      #expect(sandbox.stats.liquid.accepted == 2)
    }
  }

  @Test(arguments: [
    #"{"name":"n","x":1.50,"y":2}"#, #"{"name":"n","x":1.50,"accountId":""}"#,
    #"{"name":"n","x":1.50,"accountId":null}"#,
  ])
  func `an item without its key comes back with the receipt and two of its fields`(_ data: String) async throws {
    try await withSandbox { sandbox, client in
      let headers = #""category":"entity","receiptType":"old","type":"Account","action":"Create""#
      let answer = try await client.upsertItems(
        #"[\#(Self.item(data, headers)),\#(Self.item(#"{"accountId":"1"}"#))]"#)
      #expect(answer.status == 200)
      #expect(
        answer.text == """
          {"count":2,"rejectedItems":[{"headers":{"category":"entity","type":"Account","action":"Create",\
          "receiptType":"Error","receiptMessage":"No primary key"},"data":{"name":"n","x":1.50}}]}
          """)
      #expect(sandbox.stats.liquid.accepted == 1)
      #expect(sandbox.stats.liquid.rejected == 1)
    }
  }

  @Test(arguments: [
    (#""type":"Account","action":"Merge""#, "No category"), (#""category":"e","action":"Merge""#, "No type"),
    (#""category":"e","type":"Account""#, "No action"),
    (#""category":"e","type":"Account","action":"merge""#, "Unknown action"),
    (#""category":"","type":"Account","action":"Merge""#, "No category"),
  ])
  func `an item whose headers will not do is rejected`(_ headers: String, _ message: String) async throws {
    try await withSandbox { _, client in
      let answer = try await client.upsertItems("[\(Self.item(#"{"accountId":"1"}"#, headers))]")
      let rejected = try #require(answer.object["rejectedItems"] as? [[String: [String: Any]]])
      #expect(rejected.first?["headers"]?["receiptMessage"] as? String == message)
      #expect(rejected.first?["headers"]?["receiptType"] as? String == "Error")
      #expect(rejected.first?["data"]?["accountId"] as? String == "1")
    }
  }

  @Test(arguments: ["{}", "", "[", "[1]", "[null]", #"[{"headers":{}},"x"]"#, "[{}]]"])
  func `a body that cannot be read gets a 400 and stores nothing`(_ body: String) async throws {
    try await withSandbox { sandbox, client in
      let answer = try await client.upsertItems(body)
      #expect(answer.status == 400)
      #expect(sandbox.items(of: .liquid).isEmpty)
      #expect(sandbox.stats.liquid.malformed == 1)
    }
  }

  @Test func `an item is kept byte for byte`() async throws {
    try await withSandbox { sandbox, client in
      let data = #"{ "accountId":"\u00e9\ud83d\ude00\/é😀", "n":12345678901234567.10,"e":1E+400 ,"e":2, "s":"]}\"[{"}"#
      let item = Self.item(data)
      _ = try await client.upsertItems(" [ \(item)\n, \(item) ]\n")
      let stored = try #require(sandbox.items(of: .liquid)["Account/é😀/é😀"])
      #expect(stored.raw == Array(item.utf8))
      #expect(stored.seen == 2)
      #expect(stored.version == 1)
      let view = try await client.get("/sandbox/liquid/items")
      #expect(view.text.contains(item))
      #expect((view.object["Account/é😀/é😀"] as? [String: Any])?["accepted"] as? Int == 2)
    }
  }

  @Test func `an item may ask for its outcome`() async throws {
    try await withSandbox { sandbox, client in
      let reject = Self.item(#"{"accountId":"1","description":"sandbox: reject"}"#)
      let answer = try await client.upsertItems("[\(reject)]")
      #expect((answer.object["rejectedItems"] as? [Any])?.count == 1)
      let malformed = try await client.upsertItems("[\(reject.replacingOccurrences(of: "reject", with: "malformed"))]")
      #expect(malformed.status == 400)
    }
  }

  @Test(arguments: [("application/json", 200), ("application/json-patch+json", 200), ("text/html", 415)])
  func `only JSON is taken`(_ type: String, _ status: Int) async throws {
    try await withSandbox { _, client in
      let answer = try await client.upsertItems("[]", type: type)
      #expect(answer.status == status)
    }
  }
}
