import Foundation
import JSONText
import Testing
import TestKit

@Suite struct InputDuplicateTests {
  @Test func `the same bytes dropped again are sent, and the receipt tells of the first file`() async throws {
    try await withAcceptingWorld({ .lusid($0) + .liquid($0) }) { world, server in
      let text = record("a")
      try world.drop("1.json", in: "investors", text)
      try world.drop("2-other.json", in: "investors", text + "\n")
      try await world.workOff()
      let first = try world.receipt("investors", of: "1.json")
      #expect(first.file?["duplicateOf"] == nil)
      try world.drop("3-copy.ndjson", in: "investors", text)
      try await world.workOff()
      try world.drop("4-copy.json", in: "investors", text)
      // Another inbox, another matter.
      try world.drop("4.json", in: "accounts", "{\"accountId\":\"1\"}")
      try await world.workOff()
      try world.drop("5.json", in: "investors", "{\"accountId\":\"1\"}")
      try await world.workOff(expecting: 1)
      for name in ["3-copy.ndjson", "4-copy.json"] {
        let receipt = try world.receipt("investors", of: name)
        #expect(receipt.status == "accepted")
        #expect(receipt.file?["duplicateOf"]?.string == first.id, "\(receipt.document)")
        #expect(receipt.file?["sha256"]?.string == first.file?["sha256"]?.string)
      }
      #expect(try world.receipt("investors", of: "2-other.json").file?["duplicateOf"] == nil)
      #expect(try world.receipt("investors", of: "5.json").file?["duplicateOf"] == nil)
      #expect(server.bodies.filter { $0 == "{\"item-1\":\(text)}" }.count == 4)
    }
  }

  @Test func `with duplicates reject the same bytes are refused, unless the first were of no use`() async throws {
    try await withAcceptingWorld({ .lusid($0, inbox: ["duplicates: reject"]) }) { world, server in
      let text = record("a")
      try world.drop("1.json", in: "investors", text)
      try world.drop("2.json", in: "investors", text)
      try world.drop("3.xlsx", in: "investors", record("b"))
      try await world.workOff(expecting: 1)
      let first = try world.receipt("investors", of: "1.json")
      // The first time the name was wrong.
      try world.drop("3.json", in: "investors", record("b"))
      try world.drop("4.json", in: "investors", text)
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 5)
      for name in ["2.json", "4.json"] {
        let receipt = try world.receipt("investors", of: name)
        #expect(receipt.errorCode == "duplicate-file", "\(receipt.document)")
        #expect(receipt.file?["duplicateOf"]?.string == first.id)
        #expect(receipt.error?["message"]?.string?.contains(first.id) == true)
        #expect(receipt.error?["line"] == nil)
      }
      #expect(try world.receipt("investors", of: "3.json").status == "accepted")
      #expect(Set(server.bodies) == ["{\"item-1\":\(text)}", "{\"item-1\":\(record("b"))}"])
      #expect(server.bodies.count == 2)
    }
  }

  @Test func `of a repeated request id the second and later are refused`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      let header = "requestId,identifiers.InvestorRecord/Test/Id,scope,displayName\n"
      try world.drop(
        "a.json", in: "investors",
        "{\"a\":\(record("1")),\"a\":\(record("2")),\"\\u0061\":\(record("3")),\"b\":\(record("4")),\"b\":{},\"\":\(record("5"))}"
      )
      try world.drop(
        "b.csv", in: "investors", header + "x,1,s,n\nx,2,s,n\n,3,s,n\nitem-3,4,s,n\nitem-6,5,s,n\n,6,s,n\n")
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 2)
      let object = try world.receipt("investors", of: "a.json")
      #expect(
        object.codes == [
          2: "duplicate-request-id", 3: "duplicate-request-id", 5: "missing-field", 6: "invalid-value",
        ], "\(object.document)")
      #expect(server.bodies.contains("{\"a\":\(record("1")),\"b\":\(record("4"))}"))
      let rows = try world.receipt("investors", of: "b.csv")
      #expect(
        rows.codes == [2: "duplicate-request-id", 4: "duplicate-request-id", 6: "duplicate-request-id"],
        "\(rows.document)")
      #expect(server.requests.map(\.requestIDs).contains(["x", "item-3", "item-6"]))
      // The rejects are good now: they repeat no other ids than their own.
      try world.drop(try #require(object["rejects"]?["file"]?.string), in: "investors", try world.rejects(of: object))
      try await world.workOff(expecting: 1)
      #expect(server.bodies.last == "{\"a\":\(record("2"))}")
    }
  }

  @Test func `duplicate member names are refused where they are read, and pass through elsewhere`() async throws {
    try await withAcceptingWorld({ .lusid($0) + .liquid($0) }) { world, server in
      let inside = "{\"x\":{\"a\":1,\"a\":2},\(record("1").dropFirst())"
      let twice = "{\"x\":1,\"x\":2,\(record("2").dropFirst())"
      let property = "\"A/b/c\":{\"key\":\"A/b/c\",\"value\":{\"labelValue\":\"1\"}}"
      let properties = "{\"properties\":{\(property),\(property)},\(record("3").dropFirst())"
      let identifiers = "{\"scope\":\"s\",\"displayName\":\"n\",\"identifiers\":{\(property),\(property)}}"
      try world.drop("a.json", in: "investors", array([inside, twice, properties, identifiers]))
      let items = [
        "{\(account("1").dropFirst().dropLast()),\"x\":{\"a\":1,\"a\":1}}",
        "{\(account("2").dropFirst().dropLast()),\"x\":1,\"x\":1}",
        account("3").replacing("\"n\"", with: "\"n\",\"name\":\"m\""),
        account("4").replacing("\"accountId\"", with: "\"accountId\":\"4\",\"accountId\""),
        account("5").replacing("\"category\"", with: "\"more\":1,\"more\":1,\"category\""),
      ]
      try world.drop("a.json", in: "accounts", array(items))
      try await world.workOff(expecting: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.codes == [2: "invalid-item", 4: "invalid-item"], "\(receipt.document)")
      let accounts = try world.receipt("accounts")
      #expect(accounts.codes == [2: "invalid-item", 4: "invalid-item", 5: "invalid-item"], "\(accounts.document)")
      #expect(
        Set(server.bodies) == ["{\"item-1\":\(inside),\"item-3\":\(properties)}", "[\(items[0]),\(items[2])]"])
    }
  }

  @Test func `two items of one key make an Atomic file fail, as does one bad item`() async throws {
    try await withAcceptingWorld({ .lusid($0, inbox: ["success_mode: Atomic"]) }) { world, server in
      try world.drop("a.json", in: "investors", array([record("1"), record("2"), record("1", name: "again")]))
      try world.drop("b.ndjson", in: "investors", [record("3"), "{", record("4")].joined(separator: "\n"))
      try world.drop("c.csv", in: "investors", "identifiers.InvestorRecord/Test/Id,scope,displayName\n5,s,n\n6,s\n")
      try world.drop("d.json", in: "investors", "{\"a\":\(record("7")),\"a\":\(record("8"))}")
      try world.drop("e.json", in: "investors", "[]")
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 5)
      func codes(_ name: String) throws -> [Int: String] { try world.receipt("investors", of: name).codes }
      #expect(try codes("a.json") == [1: "not-applied", 2: "not-applied", 3: "invalid-item"])
      #expect(try codes("b.ndjson") == [1: "not-applied", 2: "malformed-json", 3: "not-applied"])
      #expect(try codes("c.csv") == [1: "not-applied", 2: "wrong-column-count"])
      #expect(try codes("d.json") == [1: "not-applied", 2: "duplicate-request-id"])
      #expect(try world.receipt("investors", of: "e.json").status == "accepted")
      #expect(server.bodies == [])
      // All of it comes back, so that the whole can be fixed.
      let rejects = try world.rejects(of: try world.receipt("investors", of: "c.csv"))
      #expect(lines(rejects).count == 3)
      try world.drop(
        try #require(try world.receipt("investors", of: "c.csv")["rejects"]?["file"]?.string), in: "investors",
        rejects.replacing("6,s\n", with: "6,s,n\n"))
      try await world.workOff()
      #expect(server.requests.map(\.path) == ["/api/investorrecords/$batchUpsert?successMode=Atomic"])
      #expect(server.requests.first?.requestIDs == ["item-1", "item-2"])
    }
  }
}
