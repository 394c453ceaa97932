import Foundation
import JSONText
import Testing
import TestKit

/// A file with rejected items, and what fixes it.
private struct Correction {
  var inbox: String
  var name: String
  var bytes: [UInt8]
  /// Texts of the rejects file and what they are replaced with.
  var changes: [(String, String)]
  /// The bodies that arrive: of what was good at first, and of what was corrected.
  var first: String?
  var corrected: String

  init(
    _ inbox: String, _ name: String, _ bytes: [UInt8], _ changes: [(String, String)], first: String?, corrected: String
  ) {
    self.inbox = inbox
    self.name = name
    self.bytes = bytes
    self.changes = changes
    self.first = first
    self.corrected = corrected
  }

  init(
    _ inbox: String, _ name: String, _ text: String, _ changes: [(String, String)], first: String?, corrected: String
  ) {
    self.init(inbox, name, Array(text.utf8), changes, first: first, corrected: corrected)
  }

  func mend(_ rejects: String) -> String {
    changes.reduce(rejects) { text, change in
      #expect(text.contains(change.0), "\(name): \(change.0) is not in:\n\(text)")
      return text.replacing(change.0, with: change.1)
    }
  }
}

private let filled = "\"headers\":{\"category\":\"entity\",\"type\":\"Account\",\"action\":\"Merge\"}"
private let header = "identifiers.InvestorRecord/Test/Id,scope,displayName"

private func made(_ key: String, _ name: String) -> String {
  """
  {"identifiers":{"InvestorRecord/Test/Id":{"key":"InvestorRecord/Test/Id","value":{"labelValue":"\(key)"}}},\
  "scope":"s","displayName":"\(name)"}
  """
}

/// `record` with a display name that LUSID does not take.
private func nameless(_ key: String) -> String { record(key, name: "") }

private let empty = "\"displayName\":\"\""
private let name = "\"displayName\":\"N\""

private let corrections: [Correction] = [
  // LUSID.
  Correction(
    "investors", "a.csv", "\(header)\nA,s,A\nB,s,\nC,\"s,s\",C\n", [("B,s,\n", "B,s,B\n"), ("\"s,s\"", "s")],
    first: "{\"item-1\":\(made("A", "A"))}", corrected: "{\"item-1\":\(made("B", "B")),\"item-2\":\(made("C", "C"))}"),
  Correction(
    "investors", "b.csv", "\(header),requestId\r\nA,s,A,x\r\nB,\"s\r\n\",B,y\r\nC,s,\r\n",
    [("\"s\r\n\"", "s"), ("C,s,\r\n", "C,s,C,\r\n")],
    first: "{\"x\":\(made("A", "A"))}", corrected: "{\"y\":\(made("B", "B")),\"item-2\":\(made("C", "C"))}"),
  Correction(
    "investors", "c.tsv", "\(header.replacing(",", with: "\t"))\nB\ts\t\n", [("B\ts\t\n", "B\ts\tB\n")],
    first: nil, corrected: "{\"item-1\":\(made("B", "B"))}"),
  Correction(
    "investors", "d.json", "[\(record("A")),\n \(nameless("B")), \(record("C"))]", [(empty, name)],
    first: "{\"item-1\":\(record("A")),\"item-3\":\(record("C"))}", corrected: "{\"item-1\":\(record("B", name: "N"))}"),
  Correction(
    "investors", "e.ndjson", "\(record("A"))\n\(nameless("B"))\r\n{ \(nameless("C").dropFirst())", [(empty, name)],
    first: "{\"item-1\":\(record("A"))}",
    corrected: "{\"item-1\":\(record("B", name: "N")),\"item-2\":{ \(record("C", name: "N").dropFirst())}"),
  Correction(
    "investors", "f.json", "{\"a\":\(record("A")),\"b\" : \(nameless("B")),\"\\u0063\":\(nameless("C"))}",
    [(empty, name)],
    first: "{\"a\":\(record("A"))}",
    corrected: "{\"b\":\(record("B", name: "N")),\"\\u0063\":\(record("C", name: "N"))}"),
  Correction(
    "investors", "g.json", " \(nameless("B"))\n", [(empty, name)], first: nil,
    corrected: "{\"item-1\":\(record("B", name: "N"))}"),
  Correction(
    "investors", "h.json", "[17, \"text\",null,[], \(record("A"))]",
    [
      ("\"_raw\":17", "\"_raw\":\(record("B"))"), ("\"_raw\":\"text\"", "\"_raw\":\(quoted(record("C")))"),
      ("\"_raw\":null", "\"_raw\" : \(record("D"))"), ("\"_raw\":[]", "\"_raw\":\(record("E"))"),
    ],
    first: "{\"item-5\":\(record("A"))}",
    corrected:
      "{\"item-1\":\(record("B")),\"item-2\":\(record("C")),\"item-3\":\(record("D")),\"item-4\":\(record("E"))}"),
  Correction(
    "investors", "i.ndjson",
    Array("{\"a\":1\n\(record("A"))\n".utf8) + [0xFF, 0x7B] + Array("\n\(record("B")) x\n7".utf8),
    [
      ("\"_raw\":\"{\\\"a\\\":1\"", "\"_raw\":\(quoted(record("C")))"),
      ("\"_raw\":\"\u{FFFD}{\"", "\"_raw\":\(record("D"))"), (" x\"", "\""), ("\"_raw\":7", "\"_raw\":\(record("E"))"),
    ],
    first: "{\"item-2\":\(record("A"))}",
    corrected:
      "{\"item-1\":\(record("C")),\"item-2\":\(record("D")),\"item-3\":\(record("B")),\"item-4\":\(record("E"))}"),
  Correction(
    "investors", "j.json", "{\"a\":17,\"b\":\(record("B"))}", [("\"_raw\":17", "\"_raw\":\(record("A"))")],
    first: "{\"b\":\(record("B"))}", corrected: "{\"a\":\(record("A"))}"),
  Correction(
    "investors", "k.json", "\"one\"", [("\"_raw\":\"one\"", "\"_raw\":\(record("A"))")],
    first: nil, corrected: "{\"item-1\":\(record("A"))}"),
  // Liquid.
  Correction(
    "accounts", "a.csv", "accountId,exposure:number\n1,\"1,5\"\n2,2\n,3\n",
    [(",\"1,5\"\n", ",1.5\n"), (",,3\n", ",3,3\n")],
    first: "[{\(filled),\"data\":{\"accountId\":\"2\",\"exposure\":2}}]",
    corrected:
      "[{\(filled),\"data\":{\"accountId\":\"1\",\"exposure\":1.5}},{\(filled),\"data\":{\"accountId\":\"3\",\"exposure\":3}}]"
  ),
  Correction(
    "accounts", "b.json",
    "[\(account("1")),{\"headers\":{\"action\" : \"create\"}, \"data\":{\"accountId\":\"2\"}},{\"name\":\"x\"}]",
    [("\"create\"", "\"Create\""), ("\"name\":\"x\"", "\"accountId\":\"3\"")],
    first: "[\(account("1"))]",
    corrected:
      "[{\"headers\":{\"action\" : \"Create\",\"category\":\"entity\",\"type\":\"Account\"}, \"data\":{\"accountId\":\"2\"}},{\(filled),\"data\":{\"accountId\":\"3\"}}]"
  ),
  Correction(
    "accounts", "c.ndjson", "\(account(""))\n{\"accountId\":null}\n\(account("3"))\n{\n",
    [
      ("\"accountId\":\"\"", "\"accountId\":\"1\""), ("\"accountId\":null", "\"accountId\":2"),
      ("\"_raw\":\"{\"", "\"_raw\":\(quoted(account("4")))"),
    ],
    first: "[\(account("3"))]", corrected: "[\(account("1")),{\(filled),\"data\":{\"accountId\":2}},\(account("4"))]"),
  Correction(
    "accounts", "d.json", "{\"accountId\":\"\"}", [("\"\"", "\"1\"")], first: nil,
    corrected: "[{\(filled),\"data\":{\"accountId\":\"1\"}}]"),
  Correction(
    "accounts", "e.json", account(""), [("\"accountId\":\"\"", "\"accountId\":\"1\"")], first: nil,
    corrected: "[\(account("1"))]"),
  Correction(
    "accounts", "f.json", "[[1],\(account("2"))]", [("\"_raw\":[1]", "\"_raw\":\(account("1"))")],
    first: "[\(account("2"))]", corrected: "[\(account("1"))]"),
]

@Suite struct InputCorrectionTests {
  @Test func `rejects keep their format, can be dropped again without piling up, and corrected they are accepted`()
    async throws
  {
    try await withAcceptingWorld({ .lusid($0) + .liquid($0) }) { world, server in
      /// The rejects files of a round, by the place of their correction.
      func round(_ files: [(Correction, String, [UInt8])], expecting status: Int32 = 1) async throws -> [Receipt] {
        for (correction, name, bytes) in files { try world.drop(name, in: correction.inbox, bytes) }
        try await world.workOff(expecting: status)
        return try files.map { try world.receipt($0.0.inbox, of: $0.1) }
      }
      let first = try await round(corrections.map { ($0, $0.name, $0.bytes) })
      for (correction, receipt) in zip(corrections, first) {
        #expect(receipt.status == (correction.first == nil ? "rejected" : "partial"), "\(receipt.document)")
        #expect(receipt.errorCode == nil && receipt.file?["corrects"] == nil)
      }
      #expect(Set(server.bodies) == Set(corrections.compactMap(\.first)))
      let sent = server.requests.count

      let rejects = try first.map { try world.rejects(of: $0) }
      let again = try await round(
        zip(corrections, zip(first, rejects)).map {
          ($0, try #require($1.0["rejects"]?["file"]?.string), Array($1.1.utf8))
        })
      #expect(server.requests.count == sent)
      for (receipt, original) in zip(again, first) {
        #expect(receipt.status == "rejected" && receipt.errorCode == nil, "\(receipt.document)")
        #expect(receipt.rejected == original.rejected)
        #expect(receipt.file?["corrects"]?.string == original.id)
      }

      let rejectsAgain = try again.map { try world.rejects(of: $0) }
      let third = try await round(
        zip(corrections, zip(again, rejectsAgain)).map {
          ($0, try #require($1.0["rejects"]?["file"]?.string), Array($1.1.utf8))
        })
      for (index, receipt) in third.enumerated() {
        // Numbers and lines are those of the second file by now, and nothing else changes any more.
        #expect(try world.rejects(of: receipt) == rejectsAgain[index])
        #expect(
          rejectsAgain[index].components(separatedBy: "_error").count
            == rejects[index].components(separatedBy: "_error").count)
      }

      let mended = try await round(
        zip(corrections, zip(third, rejectsAgain)).map { correction, pair in
          (correction, try #require(pair.0["rejects"]?["file"]?.string), Array(correction.mend(pair.1).utf8))
        }, expecting: 0)
      for (correction, (receipt, original)) in zip(corrections, zip(mended, third)) {
        #expect(receipt.status == "accepted", "\(correction.name): \(receipt.document)")
        #expect(receipt.file?["corrects"]?.string == original.id)
      }
      let bodies = server.bodies.dropFirst(sent)
      for correction in corrections {
        #expect(
          bodies.contains(correction.corrected), "\(correction.name) is not among:\n\(bodies.joined(separator: "\n"))")
      }
      #expect(bodies.count == corrections.count)
    }
  }

  @Test func `what a rejects file looks like, byte for byte`() async throws {
    try await withAcceptingWorld({ .lusid($0) + .liquid($0) }) { world, _ in
      try world.drop("a.csv", in: "investors", "\(header)\nA,s,\nB,\"s\"\"\n\",B\n")
      try world.drop("b.csv.gz", in: "investors", gzipped("\(header)\r\nA,s,\r\n".utf8))
      try world.drop("c.json", in: "investors", "[ \(nameless("A")), 1.50 ]")
      try world.drop("d.json", in: "investors", "{\"x\": {}}")
      try world.drop("e.jsonl", in: "investors", "{}\nx\"\t\u{1}\n")
      try world.drop("f.json", in: "investors", "{\"scope\":\"s\"}")
      try world.drop(
        "a.json", in: "accounts",
        "[{ \"headers\":{\"receiptType\":\"Old\",\"type\":\"T\"} , \"data\":{}},{},{\"headers\":{},\"_error\":1}]")
      try await world.workOff(expecting: 1)
      func expect(_ inbox: String, _ name: String, _ text: String) throws {
        let receipt = try world.receipt(inbox, of: name)
        #expect(try world.rejects(of: receipt) == text)
      }
      let columns = "_error_code,_error_message,_error_line,\(header)"
      let short = "displayName must be a string of 1 to 512 characters"
      let scope = "\"scope must be 1 to 64 letters, digits, '-' or '_'\""
      try expect(
        "investors", "a.csv",
        "\(columns)\nmissing-field,displayName is required,2,A,s,\ninvalid-value,\(scope),3,B,\"s\"\"\n\",B\n")
      try expect("investors", "b.csv.gz", "\(columns)\r\nmissing-field,displayName is required,2,A,s,\r\n")
      try expect(
        "investors", "c.json",
        """
        [
        {"_error":{"code":"invalid-value","message":"\(short)","item":1},\(nameless("A").dropFirst()),
        {"_error":{"code":"invalid-item","message":"an item must be a JSON object, but this is a number","item":2},"_raw":1.50}
        ]

        """)
      try expect(
        "investors", "d.json",
        "{\n\"x\": {\"_error\":{\"code\":\"missing-field\",\"message\":\"identifiers is required\",\"item\":1}}\n}\n")
      let lines = lines(try world.rejects(of: try world.receipt("investors", of: "e.jsonl")))
      #expect(lines.count == 2)
      #expect(
        lines.first == "{\"_error\":{\"code\":\"missing-field\",\"message\":\"identifiers is required\",\"item\":1}}")
      #expect(lines.last?.hasSuffix(",\"_raw\":\"x\\\"\\t\\u0001\"}") == true, "\(lines)")
      try expect(
        "investors", "f.json",
        "{\"_error\":{\"code\":\"missing-field\",\"message\":\"identifiers is required\",\"item\":1},\"scope\":\"s\"}\n"
      )
      let accountID = "data.accountId is required"
      try expect(
        "accounts", "a.json",
        """
        [
        { "headers":{"receiptType":"Error","receiptMessage":"\(accountID)","type":"T"} , "data":{}},
        {"_error":{"code":"missing-field","message":"\(accountID)","item":2}},
        {"headers":{"receiptType":"Error","receiptMessage":"data is required"}}
        ]

        """)
    }
  }

  @Test func `what an API refuses comes back with the API's own words`() async throws {
    let server = try LoopbackServer { request in
      if request.path.hasPrefix("/ls/") {
        let refused = request.items.filter { $0["data"]?["accountId"]?.string == "2" }
        return .liquid(
          request,
          rejecting: refused.map { _ in
            "{\"headers\":{\"category\":\"entity\",\"type\":\"Account\",\"action\":\"Merge\",\"receiptType\":\"Error\",\"receiptMessage\":\"No, \\\"no\\\"\\n\\u0000!\"},\"data\":{\"accountId\":\"2\"}}"
          })
      }
      let ids = zip(request.requestIDs, request.displayNames)
      let bad = ids.filter { $0.1 == "bad" }.map(\.0)
      return .lusid(
        accepting: ids.filter { $0.1 != "bad" }.map(\.0),
        failing: Dictionary(
          uniqueKeysWithValues: bad.map {
            ($0, "{\"id\":\"\($0)\",\"type\":\"T\",\"detail\":\"No, \\\"no\\\"\\n\\u0000!\"}")
          }))
    }
    try await withWorld(.lusid(server.url) + .liquid(server.url)) { world in
      try world.drop("a.csv", in: "investors", "\(header)\nA,s,A\nB,s,bad\n")
      try world.drop("b.json", in: "investors", "{\"x\":\(record("A")),\"y\":\(record("B", name: "bad"))}")
      try world.drop("a.csv", in: "accounts", "accountId\n1\n2\n")
      try world.drop("b.json", in: "accounts", "[\(account("1")),\(account("2")),{\"accountId\":\"3\"}]")
      try world.drop("c.ndjson", in: "accounts", "{\"accountId\":\"2\"}\n{\"accountId\":\"1\"}\n")
      try await world.workOff(expecting: 1)
      for receipt in try world.receipts("investors") + world.receipts("accounts") {
        #expect(Array(receipt.codes.values) == ["rejected-by-api"], "\(receipt.document)")
        #expect(
          receipt.first.first?["message"]?.string?.contains("No, \"no\"\\n\u{FFFD}!") == true, "\(receipt.document)")
        let rejects = try world.rejects(of: receipt)
        let name = receipt.file?["name"]?.string ?? ""
        if name.hasSuffix(".csv") {
          #expect(rejects.contains("No, \"\"no\"\"\\n\u{FFFD}!\",3,"), "\(rejects)")
        } else {
          #expect(rejects.contains("No, \\\"no\\\"\\\\n\u{FFFD}!"), "\(rejects)")
        }
        // Dropped again it is the item itself that is sent.
        try world.drop(
          try #require(receipt["rejects"]?["file"]?.string), in: receipt.file?["inbox"]?.string ?? "", rejects)
      }
      let before = server.requests.count
      try await world.workOff(expecting: 1)
      let bodies = server.requests.dropFirst(before).map(\.text)
      #expect(
        bodies.sorted()
          == [
            "{\"item-1\":\(made("B", "bad"))}", "{\"y\":\(record("B", name: "bad"))}",
            "[{\(filled),\"data\":{\"accountId\":\"2\"}}]", "[\(account("2"))]",
            "[{\(filled),\"data\":{\"accountId\":\"2\"}}]",
          ].sorted())
    }
    await server.stop()
  }

  @Test func `the file that is corrected is told from the name, however people and programs change it`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, _ in
      try world.drop("clients.v2.json", in: "investors", nameless("A"))
      try await world.workOff(expecting: 1)
      let first = try world.receipt("investors")
      let rejects = try #require(first["rejects"]?["file"]?.string)
      #expect(rejects == "clients.v2.\(first.id).rejected.json")
      let names = [
        "clients.v2.\(first.id).rejected (1).json", "clients.v2.\(first.id).rejected-fixed.json",
        "Copy of \(rejects)", "clients.v2.\(first.id).rejected.json.gz",
      ]
      let others = ["rejected.json", "clients.\(first.id).json", "x.0.rejected.json"]
      for name in names {
        try world.drop(
          name, in: "investors", name.hasSuffix("gz") ? gzipped(record("A").utf8) : Array(record("A").utf8))
      }
      for name in others { try world.drop(name, in: "investors", record("A")) }
      try await world.workOff()
      for name in names {
        #expect(try world.receipt("investors", of: name).file?["corrects"]?.string == first.id, "\(name)")
      }
      for name in others { #expect(try world.receipt("investors", of: name).file?["corrects"] == nil, "\(name)") }
    }
  }
}
