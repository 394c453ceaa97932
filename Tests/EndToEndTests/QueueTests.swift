import Foundation
import JSONText
import Testing
import TestKit

/// queue, show and receipts: what is under way, and what became of what was dropped.
@Suite struct `Looking for files` {
  private func json(_ world: World, _ arguments: [String], location: SourceLocation = #_sourceLocation) async throws
    -> JSONValue
  {
    let (status, printed, log) = try await world.run(arguments + ["--json"])
    #expect(status == 0, "it said:\n\(log)", sourceLocation: location)
    return try JSONValue.parse(Array(printed.utf8))
  }

  @Test func `queue tells why each file waits, and filters`() async throws {
    let busy = try LoopbackServer { _ in .status(500) }
    let closed = try LoopbackServer { _ in .status(403) }
    let both =
      Setup.lusid(busy.url, target: ["batch: {max_items: 1}", "concurrency: 1"])
      + .liquid(closed.url)
    try await withWorld(both.with { $0.retry = "{initial: 1h, max: 1h}" }) { world in
      let empty = try await world.run(["queue"])
      #expect(empty.status == 0)
      #expect(empty.printed.contains("nothing is under way"))
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array((1...3).map { record("\($0)") }))
      try world.drop("b.json", in: "accounts", #"[{"accountId": "1"}]"#)
      try await busy.waitForRequests(3)
      try await world.waitFor(target: "liquid", toBe: "held")
      try await eventually("three delayed batches") {
        try await json(world, ["queue", "--target", "lusid"])["files"]?.elements?.first?["state"]?.string == "delayed"
      }
      let files = try #require(try await json(world, ["queue"])["files"]?.elements)
      #expect(files.count == 2)
      let (a, b) = (files.first { $0["name"]?.string == "a.json" }, files.first { $0["name"]?.string == "b.json" })
      #expect(a?["items"]?.integer == 3)
      #expect(a?["batches"]?.integer == 3)
      #expect(a?["target"]?.string == "lusid")
      #expect(a?["reason"]?.string?.contains("500") == true)
      #expect(a?["nextAttempt"]?.string?.hasSuffix("Z") == true)
      #expect(b?["state"]?.string == "held")
      #expect(b?["reason"]?.string?.contains("403") == true)
      #expect(try await json(world, ["queue", "--inbox", "accounts"])["files"]?.elements?.count == 1)
      #expect(try await json(world, ["queue", "--older-than", "1h"])["files"]?.elements?.count == 0)
      #expect(try await world.run(["queue", "--inbox", "nobody"]).status == 2)
      #expect(try await world.run(["queue", "--target", "nobody"]).status == 2)
      // Paused comes before anything else, and the report says that there is no daemon.
      #expect(try await world.run(["pause", "lusid"]).status == 0)
      #expect(
        try await json(world, ["queue", "--target", "lusid"])["files"]?.elements?.first?["state"]?.string == "paused")
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
      let (_, printed, log) = try await world.run(["queue"])
      #expect(log.contains("no daemon is running"))
      #expect(!printed.contains("\u{1B}"), "colours are for terminals")
    }
    await busy.stop()
    await closed.stop()
  }

  @Test func `show tells a file's story while it waits and when it is done, and who corrects it`() async throws {
    let isOpen = Arrivals()
    let api = try LoopbackServer { isOpen.isOver ? .lusid($0) : .status(500) }
    try await withWorld(.lusid(api.url)) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1"), #"{"scope": "T"}"#]))
      try await api.waitForRequests(1)
      let id = String(try #require(world.names("investors", "work").first).prefix(26))
      let waiting = try await json(world, ["show", id.lowercased()])
      #expect(waiting["counts"]?["items"]?.integer == 2)
      #expect(waiting["receipt"]?.string == nil)
      #expect(waiting["original"]?.string?.contains("/work/") == true)
      isOpen.isOver = true
      try await world.waitForReceipts(1, in: "investors")
      let done = try await json(world, ["show", "a.json"])
      #expect(done["id"]?.string == id)
      #expect(done["state"]?.string == "partial")
      let kinds = done["events"]?.elements?.compactMap { $0["kind"]?.string } ?? []
      #expect(
        kinds == ["received", "read", "request", "rejected", "done", "receipt", "rejects", "corrections", "original"])
      #expect(done["original"]?.string?.contains("/archive/") == true)
      // The rejects, corrected and dropped again.
      let rejects = try #require(world.names("investors", "outbox/rejected").first)
      try FileManager.default.removeItem(atPath: world.path("investors", "outbox/rejected") + "/" + rejects)
      try world.drop(rejects, in: "investors", array([record("2")]))
      try await world.waitForReceipts(2, in: "investors")
      let corrected = try await json(world, ["show", String(id.prefix(20))])
      let second = try #require(corrected["correctedBy"]?.elements?.first?.string)
      #expect(try await json(world, ["show", second])["corrects"]?.string == id)
      let rejected = corrected["events"]?.elements?.first { $0["kind"]?.string == "rejects" }
      #expect(rejected?["text"]?.string == "\(rejects) was corrected by file \(second)")
      #expect(try await world.run(["verify"]).status == 0, "rejects that were dropped again are not missing")
      #expect(try await world.run(["show", String(id.prefix(4))]).status == 2, "two ids begin like this")
      let (status, _, log) = try await world.run(["show", "never.json"])
      #expect(status == 2)
      #expect(log.contains("never.json"))
    }
    await api.stop()
  }

  @Test func `a correction of a correction corrects that one alone`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      var name = "a.json"
      var ids: [String] = []
      for _ in 1...3 {
        try world.drop(name, in: "investors", array(["{}"]))
        try await world.workOff(expecting: 1)
        let receipts = try world.receipts("investors").sorted { $0.id < $1.id }
        ids = receipts.map(\.id)
        name = try #require(receipts.last?["rejects"]?["file"]?.string)
        try FileManager.default.removeItem(atPath: world.path("investors", "outbox/rejected") + "/" + name)
      }
      try #require(ids.count == 3)
      #expect(name == "a.\(ids[2]).rejected.json", "names do not grow with each correction")
      for (place, id) in ids.enumerated() {
        let story = try await json(world, ["show", id])
        let corrections = story["correctedBy"]?.elements?.compactMap(\.string) ?? []
        #expect(corrections == (place < 2 ? [ids[place + 1]] : []))
        #expect(story["corrects"]?.string == (place > 0 ? ids[place - 1] : nil))
      }
    }
    await api.stop()
  }

  @Test func `of many ids with the same beginning, twenty are listed and the others counted`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      for number in 1...23 { try world.drop("\(number).json", in: "investors", array([record("\(number)")])) }
      try await world.workOff()
      let ids = try world.receipts("investors").map(\.id).sorted(by: >)
      let (status, printed, log) = try await world.run(["show", String(ids[0].prefix(4))])
      #expect(status == 2)
      #expect(printed.isEmpty)
      #expect(Array(lines(log).dropFirst().prefix(20)) == ids.prefix(20).map { "  \($0)" })
      #expect(lines(log).count == 22 && log.contains("and 3 more"))
    }
    await api.stop()
  }

  @Test func `receipts are found by name, status, inbox and time, newest first`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      #expect(try await json(world, ["receipts"])["receipts"]?.elements?.count == 0)
      for name in ["clients-1.json", "clients-2.json", "other.json"] {
        try world.drop(name, in: "investors", array([record("1")] + (name == "clients-2.json" ? ["{}"] : [])))
        try await world.workOff(expecting: name == "clients-2.json" ? 1 : 0)
      }
      func names(_ arguments: [String]) async throws -> [String] {
        try await json(world, ["receipts"] + arguments)["receipts"]?.elements?.compactMap {
          $0["file"]?["name"]?.string
        }
          ?? []
      }
      #expect(try await names([]) == ["other.json", "clients-2.json", "clients-1.json"])
      #expect(try await names(["CLIENTS"]) == ["clients-2.json", "clients-1.json"])
      #expect(try await names(["--status", "partial"]) == ["clients-2.json"])
      #expect(try await names(["--limit", "1"]) == ["other.json"])
      #expect(try await names(["--since", "1h", "--inbox", "investors"]).count == 3)
      #expect(try await names(["--until", "1h"]) == [])
      #expect(try await names(["--until", "2020-01-01"]) == [])
      let id = try world.receipt("investors", of: "other.json").id
      #expect(try await names([String(id.prefix(24))]) == ["other.json"])
      #expect(try await world.run(["receipts", "--since", "soon"]).status == 2)
      #expect(try await world.run(["receipts", "--status", "good"]).status == 2)
      let broken =
        world.path("investors", "outbox/receipts") + "/"
        + (try #require(world.names("investors", "outbox/receipts").first))
      try world.write("{", to: broken)
      let (status, printed, log) = try await world.run(["receipts"])
      #expect(status == 1)
      #expect(log.contains(broken))
      #expect(printed.contains("other.json"))
    }
    await api.stop()
  }
}
