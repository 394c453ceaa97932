import Core
import Engine
import Foundation
import Outbox
import Testing
import TestKit

@Suite struct OutboxTests {
  @Test func `the outbox and its companions are nobody else's to read`() async throws {
    try await World.with { world in
      try world.publish()
      for end in ["", "-wal", "-shm"] {
        var status = stat()
        #expect(stat(world.path + end, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600, "\(end)")
      }
    }
  }

  @Test func `nothing of a file can be sent before it is published, and then everything at once`() async throws {
    try await World.with { world in
      try world.stage()
      #expect(try await world.line().isEmpty)
      try world.outbox.commit { try $0.publish(world.id, facts: World.facts, items: 3, rejected: 0) }
      #expect(try await world.line().map(\.count) == [2, 1])
    }
  }

  @Test func `what a crash while reading staged is gone at the next start, but not when the file was claimed`()
    async throws
  {
    try await World.with { world in
      try world.outbox.commit { commit in
        try commit.begin(World.newFile(world.id, claimedAt: 4, owner: "alice"))
        try commit.stage(
          [(1, QueuedBatch(World.batch([1])))], rejects: [World.reject(2)], of: world.id, target: "t")
      }
      try world.outbox.close()
      let again = try Outbox(path: world.path)
      #expect(try await again.queue().batches == 0)
      #expect(try again.rejects(world.id, after: 0, limit: 9).isEmpty)
      // Read again later, by a clock that shows something else.
      let later = NewFile(
        id: world.id, inbox: "in", name: [66], owner: "bob", receivedAt: Timestamp(milliseconds: 9),
        claimedAt: QueueTime(milliseconds: 9))
      for isReadAgain in [false, true] {
        if isReadAgain { try again.commit { try $0.begin(later) } }
        let file = try #require(try await again.unreadFiles().first)
        #expect(file.id == world.id)
        #expect(file.owner == "alice")
        #expect(file.receivedAt == world.id.time)
        #expect(file.claimedAt == QueueTime(milliseconds: 4))
        #expect(file.state == .reading)
      }
      try again.commit { try $0.forget(world.id) }
      #expect(try await again.unreadFiles().isEmpty)
    }
  }

  @Test func `discarding what was staged of a large file reports its progress, since it takes long`() async throws {
    try await World.with { world in
      try world.outbox.commit { commit in
        try commit.begin(World.newFile(world.id))
        try commit.stage([], rejects: (1...12_000).map { World.reject($0) }, of: world.id, target: "t")
      }
      var reports = 0
      try world.outbox.discardStaged(of: world.id) { reports += 1 }
      #expect(reports == 2)
      #expect(try world.outbox.rejects(world.id, after: 0, limit: 9).isEmpty)
    }
  }

  @Test func `a file that is read once more leaves nothing of the first try`() async throws {
    try await World.with { world in
      try world.stage()
      try world.publish(batches: [World.batch([1])])
      #expect(try await world.line().map(\.count) == [1])
    }
  }

  @Test func `the many rows of an ended file are deleted piece by piece, and count for nothing meanwhile`() async throws
  {
    try await World.with { world in
      let rejects = (1...12_000).map { World.reject($0) }
      var facts = World.facts
      facts.replayOf = FileID(at: Timestamp(milliseconds: 1), entropy: 0)
      try await world.outbox.keep(Replay(of: try #require(facts.replayOf), owner: "bob"), for: world.id)
      try world.outbox.commit { commit in
        try commit.begin(World.newFile(world.id))
        try commit.stage([], rejects: rejects, of: world.id, target: "t")
        try commit.publish(world.id, facts: facts, items: 12_000, rejected: 12_000)
      }
      let now = Timestamp(milliseconds: world.id.time.milliseconds + 1)
      let record = try #require(try await world.outbox.secureFinished(after: nil, limit: 9, at: now).first)
      try await world.outbox.finish([(record, "rejected", "{}", "00")])
      #expect(try await world.outbox.finishedStatus(world.id) == "rejected")
      #expect(try await world.outbox.secureFinished(after: nil, limit: 9, at: now).isEmpty)
      #expect(try await world.outbox.queue().files == 0)
      #expect(try await world.outbox.queuedFiles().isEmpty)
      #expect(try await world.outbox.fileSums().isEmpty)
      #expect(try await world.outbox.flow(since: world.id.time).values.map(\.files) == [1])
      #expect(try await world.outbox.replays().isEmpty)
      #expect(try await !world.outbox.isEmpty())
      var pieces = 0
      while try await world.outbox.deleteEnded() { pieces += 1 }
      #expect(pieces == 3)
      #expect(try await world.outbox.isEmpty())
      #expect(try world.outbox.rejects(world.id, after: 0, limit: 9).isEmpty)
    }
  }

  @Test func `what a backlog took goes back to the disk piece by piece, but for what is kept`() async throws {
    try await World.with { world in
      try world.outbox.commit { try $0.begin(World.newFile(world.id)) }
      let large = Batch(
        items: [BatchItem(number: 1, line: 1, source: 0..<1, pieceLength: 1 << 20, key: nil)],
        body: [UInt8](repeating: 0x20, count: (1 << 20) + 2))
      for ordinal in 1...30 {
        try world.outbox.commit {
          try $0.stage([(ordinal, QueuedBatch(large))], rejects: [], of: world.id, target: "t")
        }
      }
      try world.outbox.commit { try $0.forget(world.id) }
      for _ in 1...10 { try await world.outbox.giveBackPages(500, keeping: 1000) }
      try world.outbox.close()
      let bytes = try FileManager.default.attributesOfItem(atPath: world.path)[.size] as? Int ?? 0
      #expect((1000 * 8192..<1200 * 8192).contains(bytes), "30 MiB were taken, 1000 pages are kept")
    }
  }

  @Test func `writes that share a commit fail each for itself`() async throws {
    try await World.with { world in
      let kept = await withTaskGroup(of: (name: String, isKept: Bool).self) { group in
        for number in 1...60 {
          group.addTask {
            // A pause is stored elsewhere: the table does not take it.
            let state: TargetState = number.isMultiple(of: 3) ? .paused : .slowed
            do throws(OutboxError) {
              try await world.outbox.note(target: "t\(number)", state: state, reason: nil, until: nil)
              return ("t\(number)", true)
            } catch {
              return ("t\(number)", false)
            }
          }
        }
        return await group.reduce(into: [:]) { $0[$1.name] = $1.isKept }
      }
      #expect(kept.values.count { $0 } == 40)
      let noted = try await world.outbox.targetNotes()
      #expect(Set(noted.keys) == Set(kept.filter(\.value).keys))
    }
  }

  @Test func `the same completion time is told again after a crash, and none before the file was received`()
    async throws
  {
    try await World.with { world in
      try world.outbox.commit { try $0.begin(World.newFile(world.id)) }
      try world.outbox.commit { try $0.fail(world.id, facts: World.facts, fault: FileFault(.emptyFile, "empty")) }
      let first = try await world.outbox.secureFinished(after: nil, limit: 1, at: Timestamp(milliseconds: 1))
      #expect(first.map(\.completedAt) == [world.id.time], "the clock was set back")
      try world.outbox.close()
      let again = try Outbox(path: world.path)
      let second = try await again.secureFinished(after: nil, limit: 1, at: world.id.time + .seconds(9))
      #expect(first == second)
    }
  }

  @Test func `the first file with the same bytes in the same inbox is found, in the queue and in history`() async throws
  {
    try await World.with { world in
      try world.publish()
      let later = World.ids(2)[1]
      #expect(try world.outbox.commit { try $0.original(sha256: "ab", inbox: "in", before: later)?.id } == world.id)
      #expect(try world.outbox.commit { try $0.original(sha256: "ab", inbox: "other", before: later)?.id } == nil)
      #expect(try world.outbox.commit { try $0.original(sha256: "cd", inbox: "in", before: later)?.id } == nil)
      #expect(try world.outbox.commit { try $0.original(sha256: "ab", inbox: "in", before: world.id)?.id } == nil)
    }
  }

  @Test func `orders of operators are kept in order for files under way, and go with them`() async throws {
    try await World.with { world in
      try world.publish(batches: [World.batch([1])])
      let orders = [
        FileOrder(at: Timestamp(milliseconds: 9), order: "retry", by: "ops"),
        FileOrder(at: Timestamp(milliseconds: 3), order: "cancel", by: "root"),
      ]
      for order in orders { try await world.outbox.keep(order, for: world.id) }
      try await world.outbox.keep(orders[0], for: World.ids(2)[1])
      #expect(try world.outbox.orders(world.id) == orders)
      #expect(try world.outbox.orders(World.ids(2)[1]).isEmpty)
      _ = try await world.apply(1, settlement(1), request: answered)
      let record = try #require(try await world.outbox.secureFinished(after: nil, limit: 1, at: world.id.time).first)
      try await world.outbox.finish([(record, "accepted", "{}", "00")])
      #expect(try world.outbox.orders(world.id).isEmpty)
    }
  }

  @Test func `rules that made keys are kept by inbox, and a batch can be given other keys`() async throws {
    try await World.with { world in
      try world.publish()
      #expect(try await world.outbox.keyRules().isEmpty)
      try await world.outbox.setKeyRule("[\"id\"]", of: "in")
      try await world.outbox.setKeyRule("[\"name\"]", of: "in")
      #expect(try await world.outbox.keyRules() == ["in": "[\"name\"]"])
      let keyed = World.batch([1, 2]) { KeyHash(stored: UInt64($0)) }.items
      try await world.outbox.rekey(world.name(1), items: keyed)
      #expect(try await world.line()[0].itemKeys == keyed.map(\.key))
      #expect(try await world.outbox.content(of: world.name(1))?.batch.items == keyed)
      // Not the same items.
      try await world.outbox.rekey(world.name(2), items: keyed)
      #expect(try await world.outbox.content(of: world.name(2))?.batch.items.count == 1)
    }
  }
}
