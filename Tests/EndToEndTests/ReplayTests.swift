import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// `upsertd replay`, beside a running daemon and without one.
@Suite struct `Dropping a file again` {
  private func replayed(_ world: World, of id: String) throws -> [Receipt] {
    try world.receipts("investors").filter { $0["file"]?["replayOf"]?.string == id }
  }

  @Test(arguments: [true, false])
  func `an archived file goes again as a new file that names the old one`(_ hasDaemon: Bool) async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url, inbox: ["duplicates: reject"])) { world in
      try world.drop("a.json", in: "investors", array([record("1"), record("2")]))
      try await world.workOff()
      let first = try world.receipt("investors")
      let before = try world.text("investors", "outbox/receipts", first.name)
      if hasDaemon { _ = try await world.startDaemon() }
      let (status, printed, log) = try await world.run(["replay", first.id.lowercased()])
      #expect(status == 0, "\(log)")
      #expect(printed.contains("a.json is dropped again in investors, as file "), "\(printed)")
      if hasDaemon {
        try await world.waitForReceipts(2, in: "investors")
      } else {
        let verified = try await world.run(["verify"])
        #expect(verified.status == 0 && verified.printed.contains("is waiting to be read"), "\(verified)")
        try await world.workOff()
      }
      try world.checkResults("investors", files: 2)
      let second = try #require(try replayed(world, of: first.id).first)
      #expect(second.id > first.id)
      #expect(second.status == "accepted" && second.accepted == 2)
      #expect(second["file"]?["name"]?.string == "a.json")
      // It is not a duplicate, though the inbox rejects those.
      #expect(second["file"]?["duplicateOf"] == nil)
      #expect(second["file"]?["sha256"] == first["file"]?["sha256"])
      #expect(api.requests.map(\.displayNames) == [["1", "2"], ["1", "2"]])
      #expect(try world.text("investors", "outbox/receipts", first.name) == before)
      #expect(world.names("investors", "archive").count == 2)
      // Links are computed, both ways.
      let shown = try await world.run(["show", first.id, "--json"]).printed
      #expect(
        try JSONValue.parse(Array(shown.utf8))["replayedAs"]?.elements?.compactMap(\.string) == [second.id], "\(shown)")
      #expect(try await world.run(["show", second.id]).printed.contains("dropped file \(first.id) again"))
      // The same bytes from a dropper are a duplicate as before.
      try world.drop("b.json", in: "investors", array([record("1"), record("2")]))
      if hasDaemon {
        try await world.waitForReceipts(3, in: "investors")
      } else {
        try await world.workOff(expecting: 1)
      }
      #expect(try world.receipt("investors", of: "b.json")["file"]?["duplicateOf"]?.string == first.id)
      #expect(try await world.run(["verify"]).status == 0)
    }
    await api.stop()
  }

  @Test func `a rejects file goes again as it is now`() async throws {
    let good = Arrivals()
    let api = try LoopbackServer { request in
      good.isOver ? .lusid(request) : .lusid(accepting: request.requestIDs.filter { $0 == "item-1" })
    }
    try await withWorld(.lusid(api.url).with { $0.retry = "{initial: 10ms, max: 20ms}" }) { world in
      try world.drop("a.json", in: "investors", array([record("1"), record("2")]))
      try await world.workOff(expecting: 1)
      let first = try world.receipt("investors")
      let rejects = try #require(first["rejects"]?["file"]?.string)
      good.isOver = true
      let (status, _, log) = try await world.run(["replay", first.id, "--rejected"])
      #expect(status == 0, "\(log)")
      try await world.workOff()
      let second = try world.receipt("investors", of: rejects)
      #expect(second["file"]?["replayOf"]?.string == first.id && second["file"]?["corrects"]?.string == first.id)
      #expect(second.accepted == 1)
      #expect(api.requests.last?.displayNames == ["2"])
      #expect(world.names("investors", "outbox/rejected").contains(rejects), "what was replayed stays")
      // Of that file nothing was rejected.
      #expect(try await world.run(["replay", second.id, "--rejected"]).status == 2)
    }
    await api.stop()
  }

  @Test func `keys that later files had are counted, and want --yes`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      for (name, keys) in [("a", 1...5), ("b", 4...6), ("c", 5...5), ("d", 8...9)] {
        try world.drop("\(name).json", in: "investors", array(keys.map { record("\($0)") }))
        try await world.workOff()
      }
      let first = try world.receipt("investors", of: "a.json").id
      let (status, printed, log) = try await world.run(["replay", first])
      #expect(status == 2 && printed.isEmpty)
      #expect(log.contains("2 of its 5 keys were in 2 later files"), "\(log)")
      #expect(world.names("investors", "work").isEmpty)
      // Nothing after the last one.
      let last = try world.receipt("investors", of: "d.json").id
      #expect(try await world.run(["replay", last]).status == 0)
      // What is gone does not count as nothing.
      try FileManager.default.removeItem(
        atPath: world.path("investors", "archive") + "/b.\(try world.receipt("investors", of: "b.json").id).json")
      let again = try await world.run(["replay", first])
      #expect(again.status == 2)
      #expect(again.log.contains("1 later file can't be read any more"), "\(again.log)")
      #expect(again.log.contains("1 of its 5 keys were in 1 later file"), "\(again.log)")
      #expect(try await world.run(["replay", first, "--yes"]).status == 0)
      try await world.workOff()
      #expect(try replayed(world, of: first).count == 1)
    }
    await api.stop()
  }

  @Test func `what is unknown, not done, gone or changed is refused`() async throws {
    let api = try LoopbackServer { $0.displayNames == ["wait"] ? .status(500) : .lusid($0) }
    try await withWorld(.lusid(api.url).with { $0.retry = "{initial: 4d, max: 4d}" }) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.waitForReceipts(1, in: "investors")
      let first = try world.receipt("investors").id
      try world.drop("b.json", in: "investors", array([record("wait")]))
      try await eventually("the claim") { world.names("investors", "work").count == 1 }
      let waiting = String(world.names("investors", "work")[0].prefix(26))
      try await api.waitForRequests(2)
      for id in [waiting, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "nonsense"] {
        #expect(try await world.run(["replay", id]).status == 2)
      }
      let archived = world.path("investors", "archive") + "/a.\(first).json"
      let bytes = try Data(contentsOf: URL(filePath: archived))
      try Data(array([record("2")]).utf8).write(to: URL(filePath: archived))
      let changed = try await world.run(["replay", first])
      #expect(changed.status == 2 && changed.log.contains("SHA-256"), "\(changed.log)")
      try FileManager.default.removeItem(atPath: archived)
      #expect(try await world.run(["replay", first]).log.contains("no longer in"))
      try bytes.write(to: URL(filePath: archived))
      #expect(try await world.run(["replay", first]).status == 0)
      #expect(world.names("investors", "work").allSatisfy { !$0.hasPrefix(".upsertd-") })
    }
    await api.stop()
  }

  @Test func `a dropper can't make a file a replay`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      let first = try world.receipt("investors").id
      for name in ["\(first).a.json", "a.\(first).json", "a.json"] {
        try world.drop(name, in: "investors", array([record("1")]))
      }
      try await world.workOff()
      #expect(try replayed(world, of: first).isEmpty)
      #expect(try world.receipts("investors").filter { $0["file"]?["duplicateOf"]?.string == first }.count == 3)
    }
    await api.stop()
  }

  /// Where the daemon is killed: at the copy's sync, at the outbox's, at the rename into `work/` before and after it is
  /// made, and at the folder's sync.
  @Test(arguments: 0..<5)
  func `a kill at any moment leaves a whole replay or none`(_ moment: Int) async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      let first = try world.receipt("investors").id
      let preload = try await Preload(world)
      let daemon = try await preload.startDaemon(world)
      let (call, pattern, isDone): (String, String, Bool) =
        [
          ("sync", "*/work/.upsertd-*", true), ("sync", "*/outbox.sqlite-wal", true),
          ("rename", "*/work/.upsertd-*", false), ("rename", "*/work/.upsertd-*", true), ("sync", "*/work", true),
        ][moment]
      // The call fails for as long as it takes to kill the daemon.
      try preload.fail(call, on: pattern, with: EIO, times: nil, isDone: isDone)
      let order = try world.start(["replay", first])
      try await eventually("the moment") { try preload.hits() > 0 }
      daemon.kill()
      _ = try await order.end()
      try preload.end()
      try await world.workOff()
      let replays = try replayed(world, of: first)
      #expect(replays.count <= 1)
      // Nothing became an ordinary file.
      #expect(try world.receipts("investors").count == 1 + replays.count)
      #expect(api.requests.count == 1 + replays.count)
      #expect(world.names("investors", "work").isEmpty)
      try world.checkResults("investors", files: 1 + replays.count)
      #expect(try await world.run(["replay", first, "--yes"]).status == 0)
      try await world.workOff()
      #expect(try replayed(world, of: first).count == replays.count + 1)
    }
    await api.stop()
  }

  @Test func `a replay that was not read when the daemon was killed is one after it`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      let first = try world.receipt("investors").id
      let preload = try await Preload(world)
      let daemon = try await preload.startDaemon(world)
      try preload.fail("read", on: "*/work/*.a.json", with: EIO, times: nil)
      #expect(try await world.run(["replay", first]).status == 0)
      try await eventually("the reading") { try preload.hits() > 0 }
      daemon.kill()
      try await world.workOff()
      let second = try #require(try replayed(world, of: first).first)
      #expect(second.accepted == 1 && second["file"]?["duplicateOf"] == nil)
    }
    await api.stop()
  }
}
