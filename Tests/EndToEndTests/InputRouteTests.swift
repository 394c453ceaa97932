import JSONText
import Testing
import TestKit

@Suite struct InputRouteTests {
  /// Both APIs, and an inbox that decides by what a file contains.
  private func auto(_ url: String) -> Setup {
    (.lusid(url) + .liquid(url)).with { $0.inboxes = ["- name: mixed", "  target: auto"] }
  }

  @Test func `target auto finds the API by what a file contains`() async throws {
    let header = "identifiers.InvestorRecord/Test/Id,scope,displayName"
    let made =
      "{\"identifiers\":{\"InvestorRecord/Test/Id\":{\"key\":\"InvestorRecord/Test/Id\",\"value\":{\"labelValue\":\"1\"}}},\"scope\":\"s\",\"displayName\":\"n\"}"
    let files: [(String, String, String)] = [
      ("a.json", "[\(record("1"))]", "{\"item-1\":\(record("1"))}"),
      ("b.json", record("2"), "{\"item-1\":\(record("2"))}"),
      ("c.json", "{\"x\":\(record("3")),\"y\":\(record("4"))}", "{\"x\":\(record("3")),\"y\":\(record("4"))}"),
      ("d.ndjson", "\(record("5"))\n\(record("6"))", "{\"item-1\":\(record("5")),\"item-2\":\(record("6"))}"),
      ("e.csv", "\(header)\n1,s,n\n", "{\"item-1\":\(made)}"),
      ("f.tsv", "requestId\t\(header.replacing(",", with: "\t"))\nr\t1\ts\tn\n", "{\"r\":\(made)}"),
      ("g.json", "[\(account("1"))]", "[\(account("1"))]"), ("h.json", account("2"), "[\(account("2"))]"),
      ("i.jsonl", "\(account("3"))\n", "[\(account("3"))]"),
      (
        "j.csv", "accountId,headers.category,headers.type,headers.action\n4,entity,Account,Merge\n",
        "[{\"data\":{\"accountId\":\"4\"},\"headers\":{\"category\":\"entity\",\"type\":\"Account\",\"action\":\"Merge\"}}]"
      ),
      ("k.json", "[{\"_error\":{},\"_raw\":\(account("5"))}]", "[\(account("5"))]"),
    ]
    try await withAcceptingWorld(auto) { world, server in
      for (name, text, _) in files { try world.drop(name, in: "mixed", text) }
      try await world.workOff()
      try world.checkResults("mixed", files: files.count)
      for (name, _, body) in files {
        let receipt = try world.receipt("mixed", of: name)
        let api = body.hasPrefix("[") ? "liquid" : "lusid"
        #expect(receipt.status == "accepted" && receipt["target"]?["api"]?.string == api, "\(receipt.document)")
        let path = api == "lusid" ? "/api/investorrecords/$batchUpsert?successMode=Partial" : "/ls/api/items/upsert"
        #expect(server.requests.contains { $0.text == body && $0.path == path }, "\(name): \(server.bodies)")
      }
      #expect(server.bodies.count == files.count)
    }
  }

  @Test func `what fits no API, or both, is refused as a whole`() async throws {
    let files: [(String, String)] = [
      ("a.json", "[\(record("1")),\(account("1"))]"), ("b.json", "[\(account("1")),\(record("1"))]"),
      ("c.json", "[\(record("1")),{\"name\":\"x\"}]"), ("d.json", "{\"name\":\"x\"}"), ("e.json", "[17]"),
      ("f.ndjson", "\(account("1"))\n\(record("1"))\n"), ("g.csv", "accountId,name\n1,x\n"),
      ("h.csv", "headers.type,identifiers.A/b/c\nx,y\n"),
      ("i.json", "{\"headers\":{},\"data\":{},\"identifiers\":{}}"), ("j.json", "{\"headers\":{},\"data\":[]}"),
      ("k.json", "{\"x\":\(record("1")),\"y\":\(account("1"))}"), ("l.csv", "displayName,properties.A/b/c\nx,y\n"),
      ("m.json", "null"), ("n.json", "{\"identifiers\":[]}"),
    ]
    try await withAcceptingWorld(auto) { world, server in
      for (name, text) in files { try world.drop(name, in: "mixed", text) }
      try await world.workOff(expecting: 1)
      try world.checkResults("mixed", files: files.count)
      for (name, _) in files {
        let receipt = try world.receipt("mixed", of: name)
        #expect(receipt.errorCode == "no-route", "\(receipt.document)")
        #expect(receipt.error?["message"]?.string?.isEmpty == false)
      }
      #expect(server.bodies == [])
    }
  }

  @Test func `target auto leaves bad lines to themselves, and takes a file without items`() async throws {
    try await withAcceptingWorld(auto) { world, server in
      try world.drop("a.ndjson", in: "mixed", "{\n\(account("1"))\n{\"headers\":{},\"data\":{}}\n")
      try world.drop("b.json", in: "mixed", "[]")
      try world.drop("c.ndjson", in: "mixed", "{\n")
      try await world.workOff(expecting: 1)
      try world.checkResults("mixed", files: 3)
      #expect(try world.receipt("mixed", of: "a.ndjson").codes == [1: "malformed-json", 3: "missing-field"])
      let empty = try world.receipt("mixed", of: "b.json")
      #expect(empty.status == "accepted")
      #expect(empty["target"] != nil)
      #expect(try world.receipt("mixed", of: "c.ndjson").codes == [1: "malformed-json"])
      #expect(server.bodies == ["[\(account("1"))]"])
    }
  }

  @Test func `the first route that matches counts`() async throws {
    func setup(_ url: String) -> Setup {
      (.lusid(url) + .liquid(url)).with {
        $0.inboxes = [
          "- name: mixed", "  routes:", "    - {match: \"inv-*.csv\", target: lusid, delimiter: \";\"}",
          "    - {match: \"acc-[0-9].*\", target: liquid, item: {category: entity, type: Account, action: Merge}}",
          "    - {match: \"*.json\", target: auto}",
        ]
      }
    }
    try await withAcceptingWorld(setup) { world, server in
      try world.drop("inv-1.csv", in: "mixed", "identifiers.InvestorRecord/Test/Id;scope;displayName\n1;s;n\n")
      try world.drop("acc-1.csv", in: "mixed", "accountId\n1\n")
      try world.drop("acc-1.json", in: "mixed", "{\"accountId\":\"2\"}")
      try world.drop("acc-10.json", in: "mixed", account("3"))
      try world.drop("INV-1.csv", in: "mixed", "accountId\n1\n")
      try await world.workOff(expecting: 1)
      try world.checkResults("mixed", files: 5)
      #expect(try world.receipt("mixed", of: "INV-1.csv").errorCode == "no-route")
      #expect(server.requests.filter { $0.path.hasPrefix("/ls/") }.count == 3)
      #expect(server.bodies.contains("[\(account("3"))]"))
      #expect(
        server.bodies.contains(
          "[{\"headers\":{\"category\":\"entity\",\"type\":\"Account\",\"action\":\"Merge\"},\"data\":{\"accountId\":\"2\"}}]"
        ))
    }
  }

  @Test func `validate false leaves all to the API`() async throws {
    func setup(_ url: String) -> Setup {
      .lusid(url, inbox: ["validate: false"]) + .liquid(url, inbox: [Setup.accountKey, "validate: false"])
    }
    try await withAcceptingWorld(setup) { world, server in
      let odd = "{\"displayName\":5,\"identifiers\":{\"x\":1},\"a\":1,\"a\":2}"
      let item = "{\"headers\":{\"action\":\"explode\"},\"data\":[]}"
      try world.drop("a.json", in: "investors", "[\(odd),{\"scope\":\"\"},7]")
      try world.drop("a.json", in: "accounts", "[\(item),{\"x\":1},7]")
      try world.drop("b.csv", in: "accounts", "name\nx,y\nz\n")
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      try world.checkResults("accounts", files: 2)
      // What is not an object can't be sent, whatever the API would say.
      #expect(try world.receipt("investors").codes == [3: "invalid-item"])
      #expect(try world.receipt("accounts", of: "a.json").codes == [3: "invalid-item"])
      #expect(try world.receipt("accounts", of: "b.csv").codes == [1: "wrong-column-count"])
      let filled = "\"headers\":{\"category\":\"entity\",\"type\":\"Account\",\"action\":\"Merge\"}"
      #expect(
        Set(server.bodies) == [
          "{\"item-1\":\(odd),\"item-2\":{\"scope\":\"\"}}",
          "[{\"headers\":{\"action\":\"explode\",\"category\":\"entity\",\"type\":\"Account\"},\"data\":[]},{\(filled),\"data\":{\"x\":1}}]",
          "[{\(filled),\"data\":{\"name\":\"z\"}}]",
        ])
    }
  }
}
