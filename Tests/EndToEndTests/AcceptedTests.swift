import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// `results: all`: what became of each accepted item.
@Suite struct `Accepted items` {
  /// LUSID's answer, with the record of each accepted request; display names that begin with `bad` and `same` are rejected, and left
  /// as they are.
  private static func answer(_ request: ReceivedRequest) -> Reply {
    let requests = (try? JSONValue.parse(request.body))?.members ?? []
    var (values, failed): ([String], [String]) = ([], [])
    for (id, value) in requests {
      let name = value["displayName"]?.string ?? ""
      if name.hasPrefix("bad") {
        failed.append("\"\(id)\": {\"id\": \"\(id)\", \"type\": \"T\", \"detail\": \"no\"}")
      } else if name.hasPrefix("same") {
        failed.append("\"\(id)\": {\"id\": \"\(id)\"}")
      } else {
        values.append("\"\(id)\": {\"lusidInvestorRecordId\": \"IR-\(name)\", \"version\": {\"asAtVersionNumber\": 3}}")
      }
    }
    return .json(
      "{\"values\": {\(values.joined(separator: ", "))}, \"failed\": {\(failed.joined(separator: ", "))}}", status: 201,
      headers: ["lusid-meta-requestId": "REQ,1"])
  }

  private static func cells(_ line: String) -> [String] {
    // In these files only the request's id has a comma within quotes.
    line.replacing("\"REQ,1\"", with: "REQ").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func `a file's accepted items are listed with their requests and the API's own names`() async throws {
    let api = try LoopbackServer { Self.answer($0) }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 2}"], inbox: ["results: all"])) { world in
      let csv = """
        scope,identifiers.InvestorRecord/Test/Id,displayName
        s,k1,one
        s,k2,bad two
        s,k3,
        s,k4,same
        s,k5,five

        """
      try world.drop("a.csv", in: "investors", csv)
      try world.drop("none.json", in: "investors", array([record("1", name: "bad")]))
      try await world.workOff(expecting: 1)
      let receipt = try world.receipt("investors", of: "a.csv")
      let name = try #require(receipt["results"]?["file"]?.string)
      #expect(name == "a.csv.\(receipt.id).accepted.csv")
      #expect(world.names("investors", "outbox/accepted") == [name])
      #expect(try world.receipt("investors", of: "none.json")["results"]?["file"] == .null)
      let lines = lines(try world.text("investors", "outbox/accepted", name))
      #expect(lines.first == "item,line,key,batch,request_id,sent_at,answered_at,outcome,api_id,api_version")
      let rows = lines.dropFirst().map(Self.cells)
      try #require(rows.count == 3 && rows.allSatisfy { $0.count == 10 })
      #expect(
        rows.map { Array($0[0...3]) } == [
          ["1", "2", "InvestorRecord/Test/Id=k1", "1"], ["4", "5", "InvestorRecord/Test/Id=k4", "2"],
          ["5", "6", "InvestorRecord/Test/Id=k5", "2"],
        ])
      #expect(
        rows.map { Array($0[7...]) } == [
          ["accepted", "IR-one", "3"], ["unchanged", "", ""], ["accepted", "IR-five", "3"],
        ])
      for row in rows {
        let batch = try #require(receipt.batches.first { $0["sequence"]?.integer == Int(row[3]) })
        #expect(row[4] == "REQ" && batch["requestId"]?.string == "REQ,1")
        #expect(row[5] == batch["sentAt"]?.string && row[6] >= row[5])
      }
      #expect(receipt.accepted == 3 && receipt.unchanged == 1)
      var status = stat()
      #expect(stat(world.path("investors", "outbox/accepted"), &status) == 0 && status.st_mode & 0o7777 == 0o2750)
    }
    await api.stop()
  }

  @Test func `killed between list and receipt, the daemon writes the same list again`() async throws {
    let api = try LoopbackServer { Self.answer($0) }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 3}"], inbox: ["results: all"])) { world in
      let preload = try await Preload(world)
      let daemon = try await preload.startDaemon(world)
      try preload.fail("rename", on: "*/outbox/receipts/.upsertd-*", with: EIO, times: nil)
      try world.drop(
        "a.json", in: "investors", array((1...20).map { record("\($0)", name: $0 == 9 ? "bad" : "n\($0)") }))
      try await eventually("a receipt that can't be written") { try preload.hits() > 0 }
      daemon.kill()
      _ = try await daemon.end()
      let name = try #require(world.names("investors", "outbox/accepted").first { !$0.hasPrefix(".") })
      let before = try world.text("investors", "outbox/accepted", name)
      #expect(lines(before).count == 20)
      #expect(try world.receipts("investors").isEmpty)
      try await world.workOff(expecting: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt["results"]?["file"]?.string == name)
      #expect(try world.text("investors", "outbox/accepted", name) == before)
      #expect(world.names("investors", "outbox/accepted") == [name])
      #expect(receipt.accepted == 19)
    }
    await api.stop()
  }

  @Test func `a key that only the route knows is that of accepted, rejected and cancelled items`() async throws {
    let api = try LoopbackServer { request in
      if request.text.contains("LU3") { return .status(503) }
      return .liquid(
        request,
        rejecting: [
          #"{"data": {"isin": "LU2"}, "headers": {"type": "Security", "receiptType": "Error", "receiptMessage": "no"}}"#
        ])
    }
    let item = "item: {category: entity, type: Security, action: Merge, key: [isin]}"
    try await withWorld(
      .liquid(api.url, target: ["batch: {max_items: 2}"], inbox: [item, "results: all"])
    ) { world in
      try world.drop("a.json", in: "accounts", array(["LU1", "LU2"].map(security)))
      try await world.workOff(expecting: 1)
      let receipt = try world.receipt("accounts")
      #expect(receipt.first.map { $0["key"]?.string } == ["Security LU2"])
      let name = try #require(world.names("accounts", "outbox/accepted").first)
      let rows = lines(try world.text("accounts", "outbox/accepted", name)).dropFirst().map(Self.cells)
      #expect(rows.map { $0[2] } == ["Security LU1"])
      #expect(try await world.run(["find", "LU1"]).printed.contains("accepted"))
      #expect(try await world.run(["find", "LU2"]).printed.contains("rejected"))
      // One that nobody answers for, and that an operator gives up.
      try world.drop("b.json", in: "accounts", array([security("LU3")]))
      #expect(try await world.run(["run", "--once", "--deadline", "1s"]).status == 75)
      let id = try #require(world.names("accounts", "work").first?.split(separator: ".").first)
      #expect(try await world.run(["cancel", String(id)]).status == 0)
      try await world.workOff()
      #expect(try world.receipt("accounts", of: "b.json").first.map { $0["key"]?.string } == ["Security LU3"])
    }
    await api.stop()
  }

  @Test func `Liquid names no records, and an inbox as it was writes no list`() async throws {
    let api = try LoopbackServer { .liquid($0) }
    try await withWorld(.liquid(api.url, inbox: [Setup.accountKey, "results: all"])) { world in
      try world.drop("a.json", in: "accounts", array([account("=A1"), account("B2")]))
      try await world.workOff()
      let name = try #require(world.names("accounts", "outbox/accepted").first)
      let rows = lines(try world.text("accounts", "outbox/accepted", name)).dropFirst().map(Self.cells)
      #expect(
        rows.map { [$0[2], $0[7], $0[8], $0[9]] } == [
          ["Account =A1", "accepted", "", ""], ["Account B2", "accepted", "", ""],
        ])
    }
    try await withWorld(.liquid(api.url)) { world in
      try world.drop("a.json", in: "accounts", array([account("A1")]))
      try await world.workOff()
      #expect(try world.receipt("accounts")["results"] == nil)
      #expect(!FileManager.default.fileExists(atPath: world.path("accounts", "outbox/accepted")))
    }
    await api.stop()
  }
}
