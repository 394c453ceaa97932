import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// `upsertd find`: what became of a record.
@Suite struct `Find` {
  private static func answer(_ request: ReceivedRequest) -> Reply {
    let names = request.displayNames
    let bad = zip(request.requestIDs, names).filter { $1.hasPrefix("bad") }.map(\.0)
    return .lusid(
      accepting: request.requestIDs.filter { !bad.contains($0) },
      failing: Dictionary(uniqueKeysWithValues: bad.map { ($0, "{\"type\": \"T\", \"detail\": \"no\"}") }))
  }

  private static func find(
    _ world: World, _ arguments: [String], expecting status: Int32 = 0, location: SourceLocation = #_sourceLocation
  ) async throws -> (found: [JSONValue], document: JSONValue, log: String) {
    let (ended, printed, log) = try await world.run(["find", "--json"] + arguments)
    #expect(ended == status, "it said:\n\(log)", sourceLocation: location)
    let document = try JSONValue.parse(Array(printed.utf8))
    return (document["found"]?.elements ?? [], document, log)
  }

  private static func told(_ found: [JSONValue]) -> [String] {
    found.map { finding in
      ["name", "source", "line", "outcome"].map { member in
        finding[member]?.string ?? finding[member]?.integer.map(String.init) ?? "-"
      }.joined(separator: " ")
    }
  }

  @Test func `a record is found in every file, accepted or rejected, and through its correction`() async throws {
    let api = try LoopbackServer { Self.answer($0) }
    var setup = Setup.lusid(api.url, target: ["batch: {max_items: 2}"], inbox: ["results: all"])
    setup.inboxes += ["- {name: plain, target: lusid}"]
    try await withWorld(setup) { world in
      let head = "scope,identifiers.InvestorRecord/Test/Id,displayName\n"
      try world.drop("a.csv", in: "investors", head + "s,k1,one\ns,k11,eleven\ns,k2,bad\ns,k3,\n")
      try world.drop("b.csv", in: "plain", head + "s,k1,again\ns,k2,bad\n")
      try await world.workOff(expecting: 1)
      let first = try world.receipt("investors")
      let rejects = try #require(first["rejects"]?["file"]?.string)
      let text = try world.text("investors", "outbox/rejected", rejects)
      try world.drop(rejects, in: "investors", text.replacing("bad", with: "good").replacing("s,k3,", with: "s,k3,x"))
      try await world.workOff()
      let second = try #require(try world.receipts("investors").first { $0.id != first.id })

      let one = try await Self.find(world, ["k1"])
      #expect(Self.told(one.found).sorted() == ["a.csv results 2 accepted", "b.csv original 2 -"])
      let listed = try #require(one.found.first { $0["source"]?.string == "results" })
      #expect(listed["key"]?.string == "InvestorRecord/Test/Id=k1" && listed["item"]?.integer == 1)
      #expect(listed["batch"]?.integer == 1 && listed["answeredAt"]?.string != nil)
      #expect(one.log.contains("neither results file nor receipt names all items"))
      let whole = try await Self.find(world, ["InvestorRecord/Test/Id=k1", "--inbox", "investors"])
      #expect(Self.told(whole.found) == ["a.csv results 2 accepted"])
      let two = try await Self.find(world, ["k2", "--inbox", "investors"])
      #expect(Self.told(two.found) == ["a.csv receipt 4 rejected", "\(rejects) results 2 accepted"])
      #expect(two.found[0]["correctedBy"]?.elements?.map(\.string) == [second.id])
      #expect(two.found[0]["code"]?.string == "rejected-by-api" && two.found[0]["batch"]?.integer == 2)
      #expect(two.found[1]["corrects"]?.string == first.id)
      #expect(two.log == "", "all of it was searched")
      let three = try await Self.find(world, ["k3", "--since", "1h"])
      #expect(Self.told(three.found) == ["a.csv receipt 5 rejected", "\(rejects) results 3 accepted"])
      let none = try await Self.find(world, ["k", "--inbox", "investors"])
      #expect(none.found.isEmpty && none.log.contains("searched 2 receipts, 2 results files"))
      let told = try await world.run(["find", "k2", "--inbox", "investors"])
      #expect(told.printed.contains("its rejects file was dropped again as file \(second.id)"))
      #expect(
        told.printed.contains("item 3, line 4: rejected (rejected-by-api), key InvestorRecord/Test/Id=k2, batch 2"))
      #expect(try await world.run(["find", ""]).status == 2)
      #expect(try await world.run(["receipts", "/id=K3"]).printed.contains("a.csv"))
      #expect(!(try await world.run(["receipts", "/id=K1"]).printed.contains("a.csv")))
    }
    await api.stop()
  }

  @Test func `what is gone or can't be read is told`() async throws {
    let api = try LoopbackServer { Self.answer($0) }
    try await withWorld(.lusid(api.url, inbox: ["results: all"])) { world in
      try world.drop("a.json", in: "investors", "[\n" + record("k1") + ",\n" + record("k2") + "]")
      try world.drop("odd.json", in: "investors", "[\n{\"k1\": }]")
      try await world.workOff(expecting: 1)
      let list = try #require(world.names("investors", "outbox/accepted").first)
      let path = world.path("investors", "outbox/accepted") + "/" + list
      let before = try await Self.find(world, ["k1"])
      #expect(Self.told(before.found) == ["a.json results 2 accepted", "odd.json original 2 rejected"])
      #expect(rename(path, path + ".away") == 0)
      let byText = try await Self.find(world, ["k1"])
      #expect(byText.log.contains("the list \(path), which a receipt names, is missing"), "\(byText.log)")
      #expect(Self.told(byText.found) == ["a.json original 2 accepted", "odd.json original 2 rejected"])
      #expect(mkdir(path, 0o700) == 0)
      let unreadable = try await Self.find(world, ["k1"], expecting: 2)
      #expect(unreadable.log.contains(list))
      #expect(rmdir(path) == 0)
      #expect(rename(path + ".away", path) == 0)
      let receipt = try world.receipt("investors", of: "a.json").name
      let receipts = world.path("investors", "outbox/receipts")
      #expect(rename("\(receipts)/\(receipt)", "\(receipts)/.away") == 0)
      let unnamed = try await Self.find(world, ["k1"])
      #expect(unnamed.log.contains("not searched, since no receipt names them: 1 list in "), "\(unnamed.log)")
      #expect(rename("\(receipts)/.away", "\(receipts)/\(receipt)") == 0)
      #expect(unlink(path) == 0)
      try FileManager.default.removeItem(atPath: world.path("investors", "archive"))
      let gone = try await Self.find(world, ["k1"])
      #expect(Self.told(gone.found) == ["odd.json original 2 rejected"])
      #expect(gone.log.contains("neither results file nor original is left"))
      try FileManager.default.removeItem(atPath: world.path("investors", "outbox/receipts"))
      try Data().write(to: URL(filePath: world.path("investors", "outbox/receipts")))
      #expect(try await world.run(["find", "k1"]).status == 2)
    }
    await api.stop()
  }

  @Test func `a record is found while its file is under way`() async throws {
    let api = try LoopbackServer { $0.displayNames.contains("later") ? .status(503) : Self.answer($0) }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}"], inbox: ["results: all"])) { world in
      let daemon = try await world.startDaemon()
      try world.drop(
        "a.json", in: "investors", array([record("k1"), record("k2", name: "bad"), record("k3", name: "later"), "{}"]))
      try await eventually("the outcome of two items") {
        let accepted = try await Self.find(world, ["k1"]).found.first
        let rejected = try await Self.find(world, ["k2"]).found.first
        return accepted?["outcome"]?.string == "accepted" && rejected?["outcome"]?.string == "rejected"
      }
      #expect(Self.told(try await Self.find(world, ["k3"]).found) == ["a.json queue 4 waiting"])
      #expect(Self.told(try await Self.find(world, ["k1"]).found) == ["a.json queue 2 accepted"])
      daemon.kill()
    }
    await api.stop()
  }

  @Test func `show, receipts and status tell what is corrected, what is open, and what was taken away`() async throws {
    let api = try LoopbackServer { Self.answer($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array((1...5).map { record("k\($0)", name: $0 > 2 ? "bad" : "good") }))
      try await world.workOff(expecting: 1)
      let first = try world.receipt("investors")
      func corrections(_ arguments: [String]) async throws -> JSONValue? {
        let document = try JSONValue.parse(Array(try await world.run(arguments + ["--json"]).printed.utf8))
        let list = document["receipts"]?.elements ?? document["recent"]?.elements ?? [document]
        return list.first { ($0["file"]?["id"] ?? $0["id"])?.string == first.id }?["corrections"]
      }
      let commands = [["show", first.id], ["receipts"], ["status"]]
      for command in commands {
        let told = try await corrections(command)
        #expect(
          told?["corrected"]?.integer == 0 && told?["open"]?.elements?.first?["items"]?.integer == 3, "\(command)")
      }
      let rejects = try #require(first["rejects"]?["file"]?.string)
      let path = world.path("investors", "outbox/rejected") + "/" + rejects
      #expect(unlink(path) == 0)
      for command in commands {
        #expect(try await corrections(command)?["open"]?.elements?.first?["taken"]?.bool == true, "\(command)")
        #expect(try await world.run(command).printed.contains("\(rejects) was taken away"), "\(command)")
      }
      try world.drop(rejects, in: "investors", array([record("k3"), record("k4", name: "bad again")]))
      try await world.workOff(expecting: 1)
      let second = try #require(try world.receipts("investors").first { $0.id != first.id })
      for command in commands {
        let told = try await corrections(command)
        #expect(told?["rejected"]?.integer == 3 && told?["corrected"]?.integer == 1, "\(command)")
        let open = told?["open"]?.elements ?? []
        #expect(open.map { $0["file"]?.string } == [first.id, second.id], "\(command)")
        #expect(open.map { $0["taken"]?.bool } == [true, false] && open.map { $0["items"]?.integer } == [1, 1])
      }
      #expect(try await world.run(["status"]).printed.contains("1 of 3 rejected items was corrected"))
    }
    await api.stop()
  }
}
