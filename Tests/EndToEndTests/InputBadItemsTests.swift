import Foundation
import JSONText
import Testing
import TestKit

private let (first, last) = (record("first"), record("last"))

/// The body that holds the first and the third of three items.
private let neighbours = "{\"item-1\":\(first),\"item-3\":\(last)}"

/// An item `levels` deep, as LUSID takes it but for its depth.
private func deep(_ levels: Int) -> String {
  "{\"x\":" + String(repeating: "[", count: levels - 1) + String(repeating: "]", count: levels - 1) + ","
    + record("deep").dropFirst()
}

@Suite struct InputBadItemsTests {
  /// Drops `bad` between two good items, as an array and as NDJSON, and checks what becomes of the three.
  private func checkItem(
    _ bad: String, _ code: String, words: String = " ", more: [String] = [],
    location: SourceLocation = #_sourceLocation, rejects: (World, Receipt) throws -> Void = { _, _ in }
  ) async throws {
    try await withAcceptingWorld({ Setup.lusid($0).with { $0.more = more } }) { world, server in
      try world.drop("a.json", in: "investors", array([first, bad, last]))
      try world.drop("b.ndjson", in: "investors", [first, bad, last].joined(separator: "\r\n"))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 2)
      #expect(server.bodies == [neighbours, neighbours], sourceLocation: location)
      for receipt in try world.receipts("investors") {
        let isArray = receipt.file?["format"]?.string == "json"
        #expect(receipt.codes == [2: code], "\(receipt.document)", sourceLocation: location)
        #expect(receipt.message(ofItem: 2)?.contains(words) == true, "\(receipt.document)", sourceLocation: location)
        #expect(receipt.first.first?["line"]?.integer == (isArray ? 3 : 2), sourceLocation: location)
        try rejects(world, receipt)
      }
    }
  }

  @Test func `an item of 100,000 levels is too deep, and its neighbours go on`() async throws {
    let item = deep(100_000)
    try await checkItem(item, "too-deep", words: "100000 levels") { world, receipt in
      let rejects = try world.rejects(of: receipt)
      // Whole, with the reason in front.
      #expect(rejects.contains(String(item.dropFirst())))
      #expect(rejects.contains("\"_error\":{\"code\":\"too-deep\""))
    }
  }

  @Test func `an item of exactly max_nesting levels goes on`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      try world.drop("a.json", in: "investors", array([deep(128), deep(129)]))
      try await world.workOff(expecting: 1)
      #expect(try world.receipt("investors").codes == [2: "too-deep"])
      #expect(server.bodies == ["{\"item-1\":\(deep(128))}"])
    }
  }

  @Test func `a line that nests without end rejects that line alone, a file of it is malformed`() async throws {
    let endless = "{\"a\":" + String(repeating: "[", count: 100_000)
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      try world.drop("a.ndjson", in: "investors", [first, endless, last].joined(separator: "\n"))
      try world.drop("b.json", in: "investors", endless)
      try world.drop("c.json", in: "investors", "{\"id\":" + endless)
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 3)
      #expect(try world.receipt("investors", of: "a.ndjson").codes == [2: "malformed-json"])
      #expect(try world.receipt("investors", of: "b.json").errorCode == "malformed-json")
      #expect(try world.receipt("investors", of: "c.json").errorCode == "malformed-json")
      #expect(server.bodies == [neighbours])
      let rejects = try world.rejects(of: try world.receipt("investors", of: "a.ndjson"))
      #expect(rejects.hasSuffix(",\"_raw\":\"\(endless.replacing("\"", with: "\\\""))\"}\n"))
    }
  }

  @Test func `a number of 10,000 digits, and every other byte of an item, passes unchanged`() async throws {
    let number = "-" + (0..<10_000).map { "\(($0 * 7 + 1) % 10)" }.joined() + ".10e+0007"
    let item = """
      { "z" : \(number) ,\t"\\u0061\\/\\uD83D\\uDE00":12345678901234567.10,"scope":"s", "displayName":"\\u00e9é\u{2028}\\ud800",\
      "identifiers":{"InvestorRecord/T/I":{"value":{"labelValue":"1"},"key":"InvestorRecord\\/T/I"}},"a":{"b":1,"b":2},"e":[1E5 , -0.0]}
      """
    try await withAcceptingWorld({ .lusid($0) + .liquid($0) }) { world, server in
      try world.drop("a.json", in: "investors", "[\(item)]")
      let liquid =
        "{ \"data\" : \(item.replacing("\"z\"", with: "\"accountId\"")) , \"headers\":{\"category\":\"c\",\"type\":\"T\",\"action\":\"Create\"}}"
      try world.drop("a.json", in: "accounts", "[\n\(liquid) ]")
      try await world.workOff()
      #expect(Set(server.bodies) == ["{\"item-1\":\(item)}", "[\(liquid)]"])
    }
  }

  @Test func `an item over max_item_bytes is too large, and the rejects file holds it whole`() async throws {
    let item = record("big", name: String(repeating: "b", count: 1 << 20))
    try await checkItem(item, "too-large", words: "limits.max_item_bytes") { world, receipt in
      let rejects = try world.rejects(of: receipt)
      #expect(rejects.contains(item) || rejects.contains(String(item.dropFirst())))
    }
  }

  @Test func `an item far over max_item_bytes is too large in every format, and the rejects file holds it whole`()
    async throws
  {
    let small = ["limits: {max_item_bytes: 2KiB}"]
    // Beyond what is held in memory while a reason is put in (4 MiB), with text that a chunk's end may cut.
    let name = String(repeating: "é\\n€😀", count: 500_000)
    let item = record("big", name: name)
    try await checkItem(item, "too-large", more: small) { world, receipt in
      let rejects = try world.rejects(of: receipt)
      let isArray = receipt.file?["format"]?.string == "json"
      let document = try JSONValue.parse(Array(rejects.utf8))
      let entry = try #require(isArray ? document.elements?.first : document)
      #expect(entry["_error"]?["code"]?.string == "too-large")
      let raw = entry["_raw"] ?? entry
      let inner = try raw.string.map { try JSONValue.parse(Array($0.utf8)) } ?? raw
      #expect(inner["displayName"]?.string == String(repeating: "é\n€😀", count: 500_000))
    }
    try await withAcceptingWorld({ Setup.lusid($0).with { $0.more = small } }) { world, server in
      let head = "identifiers.InvestorRecord/Test/Id,scope,displayName\n"
      let row = "B,s,\"\(String(repeating: "é\"\"\n€😀", count: 500_000))\"\n"
      try world.drop("a.csv", in: "investors", head + "A,s,A\n" + row + "C,s,C\n")
      try world.drop("b.json", in: "investors", "{\"x\": \(first), \"y\"\n: \(item), \"z\": \(last)}")
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 2)
      let receipt = try world.receipt("investors", of: "a.csv")
      #expect(receipt.codes == [2: "too-large"])
      let rejects = try world.rejects(of: receipt)
      #expect(rejects.hasPrefix("_error_code,_error_message,_error_line,\(head)too-large,"))
      #expect(rejects.hasSuffix(",3,\(row)"))
      let ids = try world.receipt("investors", of: "b.json")
      #expect(ids.codes == [2: "too-large"])
      let object = try JSONValue.parse(Array(try world.rejects(of: ids).utf8))
      #expect(object.members?.map(\.name) == ["y"])
      #expect(object["y"]?["_error"]?["code"]?.string == "too-large")
      #expect(object["y"]?["_raw"]?["displayName"]?.string == String(repeating: "é\n€😀", count: 500_000))
      #expect(server.bodies.sorted() == ["{\"x\":\(first),\"z\":\(last)}", csvNeighbours].sorted())
    }
  }

  private let csvNeighbours = """
    {"item-1":{"identifiers":{"InvestorRecord/Test/Id":{"key":"InvestorRecord/Test/Id","value":{"labelValue":"A"}}},\
    "scope":"s","displayName":"A"},"item-3":{"identifiers":{"InvestorRecord/Test/Id":{"key":"InvestorRecord/Test/Id",\
    "value":{"labelValue":"C"}}},"scope":"s","displayName":"C"}}
    """

  @Test func `a bad NDJSON line rejects that line alone, with an offset within the line`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      var bytes: [UInt8] = [0xEF, 0xBB, 0xBF]
      func add(_ line: [UInt8], _ end: String = "\n") { bytes += line + Array(end.utf8) }
      add([0xFF, 0xFE])
      add(Array(first.utf8), "\r\n")
      add([])
      add(Array("{\"é\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8))
      add(Array("{\"a\":\"\0\"}".utf8))
      add(Array("{\"a\":1,}".utf8))
      add(Array(" [1] ".utf8))
      add(Array("\"text\"".utf8))
      add(Array("\(first)\(first)".utf8))
      add(Array("{\"a\":\"".utf8) + [0xE2, 0x82])
      add(Array(last.utf8), "")
      try world.drop("a.ndjson", in: "investors", bytes)
      try world.drop("a.jsonl.gz", in: "investors", gzipped(bytes))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 2)
      for receipt in try world.receipts("investors") {
        #expect(
          receipt.codes == [
            1: "invalid-encoding", 3: "invalid-encoding", 4: "malformed-json", 5: "malformed-json", 6: "invalid-item",
            7: "invalid-item", 8: "malformed-json", 9: "invalid-encoding",
          ])
        #expect(receipt.message(ofItem: 1)?.contains("offset 3") == true, "\(receipt.document)")
        #expect(receipt.message(ofItem: 3)?.contains("offset 7") == true, "\(receipt.document)")
        #expect(receipt.message(ofItem: 4)?.contains("column 7") == true, "\(receipt.document)")
        #expect(receipt.message(ofItem: 5)?.contains("column 8") == true, "\(receipt.document)")
        #expect(receipt.message(ofItem: 9)?.contains("offset 6") == true, "\(receipt.document)")
        #expect(receipt.first.map { $0["line"]?.integer } == [1, 4, 5, 6, 7, 8, 9, 10])
        #expect(receipt.accepted == 2)
        let rejects = lines(try world.rejects(of: receipt))
        #expect(rejects.count == 8)
        let raw = try rejects.map { try JSONValue.parse(Array($0.utf8))["_raw"] }
        #expect(raw[2]?.string == "{\"a\":\"\0\"}")
        #expect(raw[3]?.string == "{\"a\":1,}")
        #expect(raw[4]?.elements?.first?.integer == 1)
        #expect(raw[5]?.string == "text")
        #expect(raw[6]?.string == "\(first)\(first)")
      }
      #expect(server.bodies == Array(repeating: "{\"item-2\":\(first),\"item-10\":\(last)}", count: 2))
    }
  }

  @Test func `a CSV row with a wrong number of columns rejects that row alone`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      let head = "identifiers.InvestorRecord/Test/Id,scope,displayName\r\n"
      try world.drop("a.csv", in: "investors", head + "A,s,A\r\n\r\nB,s\r\nB,\"s\n\",B,\r\nx\r\nC,s,C")
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.codes == [2: "wrong-column-count", 3: "wrong-column-count", 4: "wrong-column-count"])
      #expect(receipt.first.map { $0["line"]?.integer } == [4, 5, 7])
      #expect(receipt.message(ofItem: 3) == "the row has 4 columns, but the header has 3")
      #expect(
        try world.rejects(of: receipt) == """
          _error_code,_error_message,_error_line,\(head)\
          wrong-column-count,"the row has 2 columns, but the header has 3",4,B,s\r
          wrong-column-count,"the row has 4 columns, but the header has 3",5,B,"s
          ",B,\r
          wrong-column-count,"the row has 1 column, but the header has 3",7,x\r

          """)
      #expect(server.bodies == [csvNeighbours.replacing("item-3", with: "item-5")])
    }
  }

  @Test func `a rejected row has its key, whatever else is wrong with it`() async throws {
    try await withAcceptingWorld({ .lusid($0) + .liquid($0) }) { world, _ in
      try world.drop(
        "a.csv", in: "investors",
        "identifiers.InvestorRecord/Test/Id,scope,displayName,properties.A/b/c:number\nk1,s,A,one\nk2,s\nk3,s,A,1,\n,s,A,1\n"
      )
      try world.drop("b.csv", in: "accounts", "accountId,exposure:number\nB1,much\n,1\nB3\n")
      try world.drop("c.json", in: "investors", array([deep(200)]))
      try await world.workOff(expecting: 1)
      func keys(_ inbox: String, _ name: String) throws -> [String?] {
        try world.receipt(inbox, of: name).first.map { $0["key"]?.string }
      }
      #expect(try keys("investors", "a.csv") == (1...3).map { "InvestorRecord/Test/Id=k\($0)" } + [nil])
      #expect(try keys("accounts", "b.csv") == ["Account B1", "Account", "Account B3"])
      #expect(try keys("investors", "c.json") == ["InvestorRecord/Test/Id=deep"])
    }
  }

  @Test func `what both APIs are known to refuse is refused here, with the member's path`() async throws {
    try await withAcceptingWorld({ .lusid($0) + .liquid($0) }) { world, server in
      let identifiers = "\"identifiers\":{\"A/s/c\":{\"key\":\"A/s/c\",\"value\":{\"labelValue\":\"1\"}}}"
      let records = [
        ("{\"scope\":\"s\",\(identifiers)}", "missing-field", "displayName is required"),
        ("{\"displayName\":\"n\",\(identifiers)}", "missing-field", "scope is required"),
        ("{\"displayName\":\"n\",\"scope\":\"s\"}", "missing-field", "identifiers is required"),
        ("{\"displayName\":\"n\",\"scope\":\"s\",\"identifiers\":{}}", "missing-field", "identifiers"),
        ("{\"displayName\":1,\"scope\":\"s\",\(identifiers)}", "invalid-value", "displayName"),
        ("{\"displayName\":\"n\",\"scope\":\"s!\",\(identifiers)}", "invalid-value", "scope"),
        ("{\"displayName\":\"n\",\"displayName\":\"m\",\"scope\":\"s\",\(identifiers)}", "invalid-item", "displayName"),
        (
          "{\"displayName\":\"n\",\"scope\":\"s\",\"x\":1,\"\\u0078\":1,\(identifiers)}", "invalid-item",
          "x is given twice"
        ),
        (
          "{\"displayName\":\"n\",\"scope\":\"s\",\(identifiers.replacing("}}}", with: "}},\"A/s/c\":{}}"))}",
          "missing-field", "identifiers.A/s/c"
        ),
        ("null", "invalid-item", "null"), ("[]", "invalid-item", "an array"), ("1.5", "invalid-item", "a number"),
      ]
      try world.drop("a.json", in: "investors", array(records.map(\.0)))
      let headers = "\"headers\":{\"category\":\"c\",\"type\":\"T\",\"action\":\"Create\"}"
      let items = [
        ("{\(headers),\"data\":{}}", "missing-field", "data.accountId"),
        ("{\(headers),\"data\":{\"accountId\":\"\"}}", "missing-field", "data.accountId"),
        ("{\(headers),\"data\":{\"accountId\":\"1\",\"account\\u0049d\":\"2\"}}", "invalid-item", "data.accountId"),
        ("{\(headers),\"data\":[]}", "invalid-value", "data"), ("{\(headers)}", "missing-field", "data"),
        (
          "{\(headers.replacing("Create", with: "create")),\"data\":{\"accountId\":\"1\"}}", "invalid-value",
          "headers.action"
        ),
        (
          "{\(headers.replacing("\"T\"", with: "\"\"")),\"data\":{\"accountId\":\"1\"}}", "missing-field",
          "headers.type"
        ),
        (
          "{\"headers\":{\"type\":\"T\",\"type\":\"U\"},\"data\":{\"accountId\":\"1\"}}", "invalid-item", "headers.type"
        ),
        ("{\"headers\":1,\"data\":{\"accountId\":\"1\"}}", "invalid-value", "headers"),
        ("{\"accountId\":\"1\",\"accountId\":\"1\"}", "invalid-item", "accountId"), ("7", "invalid-item", "a number"),
      ]
      try world.drop("a.json", in: "accounts", array(items.map(\.0)))
      try await world.workOff(expecting: 1)
      for (inbox, cases) in [("investors", records), ("accounts", items)] {
        try world.checkResults(inbox, files: 1)
        let receipt = try world.receipt(inbox)
        for (index, (item, code, words)) in cases.enumerated() {
          #expect(receipt.codes[index + 1] == code, "\(item)")
          #expect(
            receipt.message(ofItem: index + 1)?.contains(words) == true,
            "\(item): \(receipt.message(ofItem: index + 1) ?? "")")
        }
      }
      #expect(server.bodies == [])
    }
  }
}
