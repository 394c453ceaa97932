import Foundation
import JSONText
import Testing
import TestKit

/// Checks a receipt member by member against the contract's section 8.
private func checkMembers(_ receipt: Receipt, location: SourceLocation = #_sourceLocation) throws {
  let names = receipt.document.members?.map(\.name) ?? []
  let always = ["version", "status", "file", "target", "counts", "batches", "rejects"]
  #expect(Set(names).isSuperset(of: always), "\(names)", sourceLocation: location)
  #expect(names.count == Set(names).count, "\(names)", sourceLocation: location)
  #expect(receipt["version"]?.integer == 1, sourceLocation: location)

  let file = try #require(receipt.file)
  #expect(file["id"]?.string?.utf8.count == 26, sourceLocation: location)
  #expect(file["name"]?.string != nil && file["inbox"]?.string != nil, sourceLocation: location)
  #expect(file["bytes"]?.integer != nil, sourceLocation: location)
  #expect(file["sha256"]?.string?.wholeMatch(of: /[0-9a-f]{64}/) != nil, sourceLocation: location)
  let received = try #require(file["receivedAt"]?.string)
  let completed = try #require(file["completedAt"]?.string)
  #expect(received <= completed, sourceLocation: location)
  for time in [received, completed] { checkTime(time, location) }

  let counts = try #require(receipt["counts"]?.members)
  #expect(
    Set(counts.map(\.name)).isSuperset(of: ["items", "accepted", "rejected", "unchanged", "requests"]),
    sourceLocation: location)
  #expect(counts.allSatisfy { ($0.value.integer ?? -1) >= 0 }, sourceLocation: location)

  for batch in receipt.batches {
    for name in ["sequence", "items", "accepted", "rejected", "attempts", "unanswered", "status"] {
      #expect(batch[name]?.integer != nil, "\(name)", sourceLocation: location)
    }
    #expect(batch["requestId"] != nil, sourceLocation: location)
    checkTime(try #require(batch["sentAt"]?.string), location)
    #expect(
      received <= (batch["sentAt"]?.string ?? "") && (batch["sentAt"]?.string ?? "") <= completed,
      sourceLocation: location)
  }
  for reject in receipt.first {
    #expect((reject["item"]?.integer ?? 0) >= 1 && (reject["line"]?.integer ?? 0) >= 1, sourceLocation: location)
    #expect(
      reject["code"]?.string?.isEmpty == false && reject["message"]?.string?.isEmpty == false, sourceLocation: location)
    #expect(reject["key"] != nil, sourceLocation: location)
  }
  if let error = receipt.error {
    #expect(error["code"]?.string != nil && error["message"]?.string != nil, sourceLocation: location)
    for name in ["line", "column"] {
      if let place = error[name] { #expect((place.integer ?? 0) >= 1, sourceLocation: location) }
    }
  }
}

/// UTC, RFC 3339, milliseconds, and now.
private func checkTime(_ text: String, _ location: SourceLocation) {
  #expect(text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(text)", sourceLocation: location)
  let date = try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  #expect(date.map { abs($0.timeIntervalSinceNow) < 600 } == true, "\(text)", sourceLocation: location)
}

@Suite struct InputReceiptTests {
  @Test func `every receipt has all members of the contract, of the right types`() async throws {
    let server = try LoopbackServer { request in
      .json(
        "{\"values\":{\(request.requestIDs.map { "\"\($0)\":{}" }.joined(separator: ","))}}", status: 201,
        headers: ["lusid-meta-requestId": "r-\(request.number)"])
    }
    try await withWorld(.lusid(server.url + "/api", target: ["batch: {max_items: 2}"])) { world in
      // Its SHA-256 is known from elsewhere.
      let accepted = "[]\n"
      try world.drop("empty.json", in: "investors", accepted)
      try world.drop("accepted.json", in: "investors", array((1...5).map { record("\($0)") }))
      try world.drop(
        "partial.ndjson.gz", in: "investors", gzipped("\n\(record("1"))\n{}\n\n\(record("2", name: ""))\n".utf8))
      try world.drop("rejected.csv", in: "investors", "identifiers.InvestorRecord/Test/Id,displayName\nA,\n")
      try world.drop("unusable.json", in: "investors", "[\n1,,]")
      try world.drop("unknown.doc", in: "investors", "x")
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 6)
      for receipt in try world.receipts("investors") { try checkMembers(receipt) }

      let empty = try world.receipt("investors", of: "empty.json")
      #expect(empty.status == "accepted")
      #expect(empty.file?["sha256"]?.string == "37517e5f3dc66819f61f5a7bb8ace1921282415f10551d2defa5c3eb0985b570")
      let whole = try world.receipt("investors", of: "accepted.json")
      #expect(whole.status == "accepted" && whole.accepted == 5 && whole.requests == 3)
      #expect(whole.batches.map { $0["items"]?.integer } == [2, 2, 1])
      #expect(Set(whole.batches.map { $0["requestId"]?.string }).count == 3)
      #expect(
        whole.batches.allSatisfy { $0["requestId"]?.string?.hasPrefix("r-") == true && $0["status"]?.integer == 201 })
      #expect(whole["target"]?["name"]?.string == "lusid" && whole["target"]?["api"]?.string == "lusid")
      #expect(
        whole["target"]?["url"]?.string == server.url + "/api/api/investorrecords/$batchUpsert?successMode=Partial")
      #expect(server.requests.first?.path == "/api/api/investorrecords/$batchUpsert?successMode=Partial")
      #expect(whole["rejects"]?["file"]?.string == nil && whole.first.isEmpty)

      let partial = try world.receipt("investors", of: "partial.ndjson.gz")
      #expect(partial.status == "partial")
      #expect(partial.file?["format"]?.string == "ndjson")
      #expect(partial["rejects"]?["file"]?.string == "partial.\(partial.id).rejected.ndjson")
      #expect(partial.first.map { $0["line"]?.integer } == [3, 5])
      #expect(partial.first.map { $0["key"]?.string } == [nil, "InvestorRecord/Test/Id=2"])
      let rejected = try world.receipt("investors", of: "rejected.csv")
      #expect(rejected.status == "rejected" && rejected.error == nil && rejected.items == 1 && rejected.batches.isEmpty)
      let unusable = try world.receipt("investors", of: "unusable.json")
      #expect(unusable.status == "rejected" && unusable.items == 0)
      #expect(unusable.error?["code"]?.string == "malformed-json")
      #expect(unusable.error?["line"]?.integer == 2 && unusable.error?["column"]?.integer == 3)

      // And the same without batches, newest first.
      let recent = try await world.status()["recent"]?.elements ?? []
      #expect(recent.count == 6)
      #expect(recent.allSatisfy { $0["batches"] == nil && $0["file"]?["id"]?.string != nil })
      #expect(Set(recent.compactMap { $0["file"]?["id"]?.string }) == Set(try world.receipts("investors").map(\.id)))
    }
    await server.stop()
  }

  @Test func `of many rejects the receipt has the first 100, and the rejects file all`() async throws {
    try await withAcceptingWorld({ .lusid($0) + .liquid($0) }) { world, server in
      let count = 3000
      // Two of three are rejected.
      let header = "identifiers.InvestorRecord/Test/Id,scope,displayName\n"
      try world.drop(
        "a.csv", in: "investors",
        header + (1...count).map { $0 % 3 == 0 ? "k\($0),s,n\($0)\n" : "k\($0),s,\n" }.joined())
      try world.drop(
        "b.json", in: "investors", array((1...count).map { record("k\($0)", name: $0 % 3 == 0 ? "n" : "") }))
      try world.drop(
        "c.ndjson", in: "accounts",
        (1...count).map { $0 % 3 == 0 ? account("\($0)") : "{\"name\":\"\($0)\"}" }.joined(separator: "\n"))
      try await world.workOff(expecting: 1, within: .seconds(60))
      try world.checkResults("investors", files: 2)
      try world.checkResults("accounts", files: 1)
      for receipt in try world.receipts("investors") + world.receipts("accounts") {
        #expect(receipt.accepted == 1000 && receipt.rejected == 2000)
        let expected = (1...count).filter { $0 % 3 != 0 }
        #expect(receipt.first.map { $0["item"]?.integer } == expected.prefix(100).map { $0 })
        let rejects = lines(try world.rejects(of: receipt))
        let name = receipt.file?["name"]?.string ?? ""
        if name == "a.csv" {
          #expect(rejects.count == 2001)
          #expect(
            Array(rejects.dropFirst()) == expected.map { "missing-field,displayName is required,\($0 + 1),k\($0),s," })
        } else if name == "b.json" {
          let items = try JSONValue.parse(Array(try world.rejects(of: receipt).utf8)).elements ?? []
          #expect(items.map { $0["_error"]?["item"]?.integer } == expected.map { $0 })
        } else {
          #expect(rejects.count == 2000)
          #expect(try rejects.map { try JSONValue.parse(Array($0.utf8))["name"]?.string } == expected.map { "\($0)" })
        }
      }
      let sent = server.requests.flatMap(\.displayNames).filter { $0.count > 1 }
      #expect(Set(sent) == Set((1...count).filter { $0 % 3 == 0 }.map { "n\($0)" }))
    }
  }
}
