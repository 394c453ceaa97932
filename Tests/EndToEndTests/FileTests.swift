import Foundation
import JSONText
import Testing
import TestKit

/// Whole files: no part of an unusable file is sent; what was rejected can be fixed and dropped again.
@Suite struct `Files` {
  @Test func `results can be read by the group, whatever umask the daemon is started with`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", "[\(record("1")), {\"displayName\": 1}]")
      let command = "umask 077; exec '\(Product.path)' run --once --config '\(world.configuration)'"
      let (status, said) = try await world.tool(command)
      #expect(status == 1, "one item is rejected: \(said)")
      // A rejects file is there to be corrected, a receipt is not.
      for (folder, mode) in [("outbox/receipts", mode_t(0o640)), ("outbox/rejected", 0o660)] {
        let name = try #require(world.names("investors", folder).first)
        var facts = stat()
        #expect(stat(world.path("investors", folder) + "/" + name, &facts) == 0)
        #expect(facts.st_mode & 0o777 == mode, "\(folder)")
      }
    }
    await api.stop()
  }

  static let useless: [(name: String, bytes: [UInt8], code: String)] = [
    ("a.json", Array("[\(record("1")), {\"displayName\": }]".utf8), "malformed-json"),
    ("a.json", Array("[\(record("1")), \(record("2"))".utf8), "malformed-json"),
    ("a.json", Array("[\(record("1"))] []".utf8), "malformed-json"),
    ("a.json", Array("[\(record("1", name: "x"))".utf8) + [0xFF, 0x5D], "invalid-encoding"),
    ("a.json", [], "empty-file"),
    ("a.txt", Array("hello".utf8), "unsupported-format"),
    ("noextension", Array("hello".utf8), "unsupported-format"),
    ("a.csv", Array("displayName,displayName\nx,y\n".utf8), "malformed-csv"),
    ("a.csv", Array("displayName,identifiers.A/B/C\n\"x,y\n".utf8), "malformed-csv"),
    ("a.csv", Array("displayName,nonsense\nx,y\n".utf8), "unmapped-column"),
    ("a.json.gz", Array("this is no gzip".utf8), "malformed-gzip"),
  ]

  @Test(arguments: useless.indices)
  func `a file that can't be used is put aside whole, and nothing of it is sent`(_ index: Int) async throws {
    let (name, bytes, code) = Self.useless[index]
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop(name, in: "investors", bytes)
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.errorCode == code, "\(name)")
      #expect(receipt.items == 0)
      #expect(receipt["rejects"]?["first"]?.elements?.isEmpty == true)
      let kept = try #require(world.names("investors", "outbox/rejected").first)
      #expect(
        try Data(contentsOf: URL(filePath: world.path("investors", "outbox/rejected") + "/" + kept)) == Data(bytes))
      #expect(api.requests.isEmpty)
    }
    await api.stop()
  }

  @Test func `results have the names that the contract gives them`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop(
        "my clients.v2.csv", in: "investors",
        "scope,displayName,identifiers.InvestorRecord/Test/Id\ns,good,1\ns,,2\n")
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      let id = receipt.id
      #expect(id.count == 26)
      #expect(receipt.name == "my clients.v2.csv.\(id).receipt.json")
      #expect(receipt["rejects"]?["file"]?.string == "my clients.v2.\(id).rejected.csv")
      #expect(world.names("investors", "archive") == ["my clients.v2.\(id).csv"])
      #expect(receipt["file"]?["format"]?.string == "csv")
      #expect(receipt["target"]?["name"]?.string == "lusid")
      #expect(receipt["target"]?["api"]?.string == "lusid")
      #expect(receipt["target"]?["url"]?.string == api.url + "/api/investorrecords/$batchUpsert?successMode=Partial")
      let times = ["receivedAt", "completedAt"].compactMap { receipt["file"]?[$0]?.string }
      #expect(times.count == 2)
      #expect(times == times.sorted())
      #expect(times.allSatisfy { $0.count == 24 && $0.hasSuffix("Z") })
    }
    await api.stop()
  }

  @Test(arguments: ["csv", "tsv", "json", "ids", "ndjson"])
  func `refused items, mended and dropped again, are accepted`(_ form: String) async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let good = record("1")
      let bad = record("2", name: "BAD").replacing("\"BAD\"", with: "7")
      let separator = form == "tsv" ? "\t" : ","
      let text =
        switch form {
        case "json": array([good, bad])
        case "ids": "{\"a\": \(good), \"b\": \(bad)}"
        case "ndjson": good + "\n" + bad + "\n"
        default:
          ["scope,displayName,identifiers.InvestorRecord/Test/Id", "s,one,1", "s,,2"].joined(separator: "\n")
            .replacing(",", with: separator)
        }
      let name = form == "ids" ? "a.json" : "a.\(form)"
      try world.drop(name, in: "investors", text)
      try await world.workOff(expecting: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 1)
      let rejects = try #require(receipt["rejects"]?["file"]?.string)
      let mended = try world.text("investors", "outbox/rejected", rejects)
        .replacing("\"displayName\":7", with: "\"displayName\":\"two\"")
        .replacing("s\(separator)\(separator)2", with: "s\(separator)two\(separator)2")
      #expect(mended.contains("two"))
      try world.drop(rejects, in: "investors", mended)
      try await world.workOff()
      try world.checkResults("investors", files: 2)
      let second = try world.receipt("investors", of: rejects)
      #expect(second.accepted == 1)
      #expect(second["file"]?["corrects"]?.string == receipt.id)
      let sent = try #require(api.requests.last)
      #expect(sent.displayNames == ["two"])
      #expect(!sent.text.contains("_error"))
      if form == "ids" { #expect(sent.requestIDs == ["b"]) }
    }
    await api.stop()
  }

  @Test func `the same bytes again are sent, or refused, as the inbox says`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    var setup = Setup.lusid(api.url)
    setup.inboxes += ["- {name: once, target: lusid, duplicates: reject}"]
    try await withWorld(setup) { world in
      for name in ["a.json", "b.json"] {
        try world.drop(name, in: "investors", array([record("1")]))
        try world.drop(name, in: "once", array([record("1")]))
        try await world.workOff(expecting: name == "a.json" ? 0 : 1)
      }
      try world.checkResults("investors", files: 2)
      try world.checkResults("once", files: 2)
      let first = try world.receipt("once", of: "a.json")
      let second = try world.receipt("once", of: "b.json")
      #expect(first["file"]?["duplicateOf"] == nil)
      #expect(second["file"]?["duplicateOf"]?.string == first.id)
      #expect(second.errorCode == "duplicate-file")
      #expect(try world.receipt("investors", of: "b.json").accepted == 1)
      #expect(api.requests.count == 3)
    }
    await api.stop()
  }

  @Test func `auto sends each file to the API that it is for`() async throws {
    let lusid = try LoopbackServer { .lusid($0) }
    let liquid = try LoopbackServer { .liquid($0) }
    var setup = Setup.lusid(lusid.url) + Setup.liquid(liquid.url)
    setup.inboxes = ["- {name: mixed, target: auto}"]
    try await withWorld(setup) { world in
      try world.drop("a.json", in: "mixed", array([record("1")]))
      try world.drop("b.json", in: "mixed", array([account("1")]))
      try world.drop("c.csv", in: "mixed", "scope,displayName,identifiers.InvestorRecord/Test/Id\ns,one,1\n")
      try world.drop(
        "d.csv", in: "mixed", "headers.category,headers.type,headers.action,accountId\nentity,Account,Merge,2\n")
      try world.drop("e.json", in: "mixed", array([record("1"), account("1")]))
      try world.drop("f.json", in: "mixed", array(["{\"a\": 1}"]))
      try world.drop("g.json", in: "mixed", "[]")
      try await world.workOff(expecting: 1)
      try world.checkResults("mixed", files: 7)
      let targets = try Dictionary(
        world.receipts("mixed").map { ($0["file"]?["name"]?.string ?? "", $0["target"]?["name"]?.string) },
        uniquingKeysWith: { a, _ in a })
      #expect(targets["a.json"] == "lusid")
      #expect(targets["b.json"] == "liquid")
      #expect(targets["c.csv"] == "lusid")
      #expect(targets["d.csv"] == "liquid")
      #expect(try world.receipt("mixed", of: "e.json").errorCode == "no-route")
      #expect(try world.receipt("mixed", of: "f.json").errorCode == "no-route")
      #expect(try world.receipt("mixed", of: "g.json").items == 0)
      #expect(lusid.requests.count == 2)
      #expect(liquid.requests.count == 2)
    }
    await lusid.stop()
    await liquid.stop()
  }

  @Test func `a full queue leaves files in the inbox, and takes them later`() async throws {
    let trouble = Arrivals()
    let api = try LoopbackServer { trouble.isOver ? .lusid($0) : .status(500) }
    try await withWorld(.lusid(api.url).with { $0.queue = "{max_bytes: 5KiB, min_free_disk: 1KiB}" }) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array((1...20).map { record("\($0)") }))
      try await api.waitForRequests(1)
      try world.drop("b.json", in: "investors", array((1...20).map { record("b\($0)") }))
      try await eventually("the reason why b.json waits") {
        let inbox = try await world.status()["inboxes"]?.elements?.first
        return inbox?["unclaimed"]?.elements?.first?["reason"]?.string?.contains("full") == true
      }
      #expect(world.names("investors", "inbox") == ["b.json"])
      trouble.isOver = true
      try await world.waitForReceipts(2, in: "investors")
      try world.checkResults("investors", files: 2)
    }
    await api.stop()
  }

  @Test func `preview shows the very bodies that are sent, and sends nothing`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 2}"])) { world in
      let text = array([record("1"), record("2"), record("3", name: ""), record("4")])
      try world.write(text, to: world.folder + "/a.json")
      let (status, printed, _) = try await world.run([
        "preview", world.folder + "/a.json", "--inbox", "investors", "--all",
      ])
      #expect(status == 1)
      #expect(api.requests.isEmpty)
      try world.drop("a.json", in: "investors", text)
      try await world.workOff(expecting: 1)
      #expect(api.requests.count == 2)
      for request in api.requests { #expect(printed.contains(request.text)) }
      #expect(printed.contains("item 3"))
    }
    await api.stop()
  }
}
