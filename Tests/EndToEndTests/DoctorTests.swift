import Foundation
import JSONText
import Testing
import TestKit

/// A damaged outbox: reported at the start, examined without a change, set aside, and everything is delivered anyway.
@Suite struct `A damaged outbox` {
  private static let items = 40

  /// A file of 40 items of which a kill left some accepted and some waiting, one done before it, and a paused inbox.
  private func withHalfDelivered(_ body: (World, LoopbackServer) async throws -> Void) async throws {
    let arrivals = Arrivals()
    let api = try LoopbackServer { request in
      arrivals.note()
      if arrivals.all.count > 4 { arrivals.waitUntilOver() }
      return .lusid(request)
    }
    try await withWorld(
      .lusid(api.url, target: ["batch: {max_items: 5}", "concurrency: 1"])
    ) { world in
      try world.drop("done.json", in: "investors", array([record("0")]))
      try await world.workOff()
      let rows = (1...Self.items).map { "Transfer,N\($0),C-\($0)" }.joined(separator: "\n")
      try world.drop(
        "half.csv", in: "investors", "scope,displayName,identifiers.InvestorRecord/Crm/ClientId\n\(rows)\n")
      let daemon = try await world.startDaemon()
      // One for the file before; the fifth has no answer yet.
      try await api.waitForRequests(5)
      #expect(try await world.run(["pause", "investors"]).status == 0)
      daemon.kill()
      arrivals.isOver = true
      try await body(world, api)
    }
    await api.stop()
  }

  private static let damages: [(name: String, act: @Sendable ([UInt8]) -> [UInt8])] = [
    ("garbage", { _ in Array("this is no database, but long enough to be read as one".utf8) }),
    ("cut", { Array($0.prefix($0.count * 2 / 3)) }),
    ("header", { Array(repeating: 0, count: 100) + $0.dropFirst(100) }),
    ("schema", { $0.replacing("source_start".utf8, with: "sourse_start".utf8) }),
    ("pages", { $0.prefix(8192) + Array(repeating: 0xA5, count: $0.count - 8192) }),
    (
      "bits",
      { bytes in
        var steps = SplitMix64(seed: 7)
        var bytes = bytes
        for page in 0..<bytes.count / 8192 { bytes[page * 8192 + Int.random(in: 0..<64, using: &steps)] ^= 0x55 }
        return bytes
      }
    ),
  ]

  @Test(arguments: damages.indices)
  func `is set aside, and nothing is lost`(_ index: Int) async throws {
    try await withHalfDelivered { world, _ in
      // Folds the log into the database, so that it has everything.
      try await world.sql("PRAGMA wal_checkpoint(TRUNCATE)")
      let whole = try Data(contentsOf: URL(filePath: world.outbox))
      let damaged = Data(Self.damages[index].act(Array(whole)))
      try #require(damaged != whole)
      try damaged.write(to: URL(filePath: world.outbox))
      for arguments in [["run", "--once"], ["resume", "investors"]] {
        let (status, _, log) = try await world.run(arguments)
        #expect(status == 2)
        #expect(log.contains("upsertd doctor"), "it said:\n\(log)")
      }
      let (status, printed, log) = try await world.run(["doctor"])
      #expect(status == 1, "it said:\n\(log)")
      #expect(printed.contains("half.csv"))
      #expect(try Data(contentsOf: URL(filePath: world.outbox)) == damaged, "looking changes nothing")
      let cure = try await world.run(["doctor", "--set-aside"])
      #expect(cure.status == 0, "it said:\n\(cure.log)")
      #expect(cure.printed.contains("half.csv"))
      let aside = try #require(
        try FileManager.default.contentsOfDirectory(atPath: world.state).first { $0.hasPrefix("damaged-") })
      #expect(try Data(contentsOf: URL(filePath: "\(world.state)/\(aside)/outbox.sqlite")) == damaged)
      #expect(try await world.run(["doctor"]).status == 0)
      try await world.workOff()
      try world.checkResults("investors", files: 2)
      let receipt = try world.receipt("investors", of: "half.csv")
      #expect(receipt.accepted == Self.items)
      #expect(try await world.run(["verify"]).status == 0)
    }
  }

  @Test func `what can be read is exported, and pauses and history stay`() async throws {
    try await withHalfDelivered { world, api in
      let waiting = Int(try await world.sql("SELECT sum(items) FROM batch").first ?? "") ?? 0
      let accepted = Int(try await world.sql("SELECT accepted FROM file").first ?? "") ?? 0
      #expect(waiting > 0 && accepted > 0 && waiting + accepted == Self.items)
      #expect(try await world.run(["doctor", "--set-aside"]).printed.contains("sound"), "a sound one is left alone")
      try await world.sql("UPDATE file SET items = items - 1")
      let (status, printed, log) = try await world.run(["doctor", "--set-aside", "--json"])
      #expect(status == 0, "it said:\n\(log)")
      let report = try JSONValue.parse(Array(printed.utf8))
      let file = report["files"]?.elements?.first
      #expect(file?["mayBeSentTwice"]?.bool == true)
      let exported = report["exported"]?.elements?.compactMap(\.string) ?? []
      let unsent = try #require(exported.first { $0.hasSuffix(".unsent.json") })
      let outcomes = try #require(exported.first { $0.hasSuffix("outcomes.ndjson") })
      let items = try JSONValue.parse(Array(try Data(contentsOf: URL(filePath: unsent))))
      #expect(items.members?.count == waiting)
      let outcome = try JSONValue.parse(Array(try Data(contentsOf: URL(filePath: outcomes))))
      #expect(outcome["counts"]?["accepted"]?.integer == accepted)
      #expect(outcome["batches"]?.elements?.reduce(0) { $0 + ($1["accepted"]?.integer ?? 0) } == accepted)
      #expect(try await world.run(["status"]).printed.contains("done.json"), "history is taken over")
      // The export can be dropped as it is; in an inbox that is still paused, nothing happens.
      try world.drop("again.json", in: "investors", Array(try Data(contentsOf: URL(filePath: unsent))))
      try await world.workOff()
      #expect(world.names("investors", "inbox") == ["again.json"])
      #expect(try await world.run(["resume", "investors"]).status == 0)
      try await world.workOff()
      #expect(try world.receipt("investors", of: "again.json").accepted == waiting)
      #expect(try world.receipt("investors", of: "half.csv").accepted == Self.items)
      // The one that was set aside can be looked at later.
      let aside = try #require(report["setAside"]?.string)
      #expect(try await world.run(["doctor", "--database", aside]).status == 1)
    }
  }

  @Test func `an empty database beside a log is no fresh start`() async throws {
    try await withHalfDelivered { world, _ in
      let log = world.outbox + "-wal"
      let bytes = try Data(contentsOf: URL(filePath: log))
      try #require(!bytes.isEmpty)
      try Data().write(to: URL(filePath: world.outbox))
      for arguments in [["status"], ["run", "--once"], ["doctor"]] {
        #expect(try await world.run(arguments).status == (arguments == ["doctor"] ? 1 : 2))
        #expect(try Data(contentsOf: URL(filePath: log)) == bytes, "SQLite would have deleted it")
      }
      #expect(try await world.run(["doctor", "--set-aside"]).status == 0)
      try await world.workOff()
      try world.checkResults("investors", files: 2)
    }
  }

  @Test func `is not touched while a daemon runs`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      #expect(try await world.run(["doctor"]).status == 0, "there is none yet")
      let daemon = try await world.startDaemon()
      let (status, _, log) = try await world.run(["doctor", "--set-aside"])
      #expect(status == 2)
      #expect(log.contains("\(daemon.id)"))
      #expect(try await world.run(["doctor"]).status == 0)
      #expect(daemon.status == nil)
    }
    await api.stop()
  }

  @Test func `a body that is damaged while nobody looks holds its target, and names the way out`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}"])) { world in
      #expect(try await world.run(["pause", "lusid"]).status == 0)
      try world.drop(
        "a.csv", in: "investors", "scope,displayName,identifiers.InvestorRecord/Crm/ClientId\nT,1,A\nT,2,B\nT,3,C\n")
      #expect(try await world.run(["run", "--once", "--deadline", "2s"]).status == 75)
      try await world.sql("UPDATE body SET bytes = x'7b' WHERE batch_id = (SELECT min(batch_id) FROM body)")
      #expect(try await world.run(["resume", "lusid"]).status == 0)
      let (status, _, log) = try await world.run(["run", "--once", "--deadline", "3s"])
      #expect(status == 75)
      #expect(log.contains("the outbox is damaged"))
      #expect(log.contains("upsertd doctor"))
      #expect(api.requests.count == 2, "its neighbours are sent")
      #expect(try await world.run(["doctor"]).status == 1)
      #expect(try await world.run(["doctor", "--set-aside"]).status == 0)
      try await world.workOff()
      #expect(try world.receipt("investors").accepted == 3)
    }
    await api.stop()
  }

  @Test func `a file whose receipt is written is put away and not sent again`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try world.drop("bad.json", in: "investors", "[")
      try await world.workOff(expecting: 1)
      // As a crash before the last rename leaves it; then the outbox is lost.
      for (folder, name) in [("archive", "a"), ("outbox/rejected", "bad")] {
        let result = try #require(world.names("investors", folder).first { $0.hasPrefix(name) })
        let id = result.split(separator: ".")[1]
        try FileManager.default.moveItem(
          atPath: world.path("investors", folder) + "/" + result,
          toPath: world.path("investors", "work") + "/\(id).\(name).json")
      }
      try Data("x".utf8).write(to: URL(filePath: world.outbox))
      let cure = try await world.run(["doctor", "--set-aside"])
      #expect(cure.status == 0)
      #expect(cure.printed.contains("sends nothing"))
      try await world.workOff()
      #expect(api.requests.count == 1)
      try world.checkResults("investors", files: 2)
    }
    await api.stop()
  }
}
