import Delivery
import Foundation
import Outbox
import TestKit
import Testing

/// A real SQLite file in a folder of its own, with one file of three items in two batches.
private struct World: Sendable {
  let outbox: Outbox
  let path: String
  let id: FileID

  static func with(_ body: (World) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      var ids = FileIDSource()
      try await body(
        World(outbox: try Outbox(path: path), path: path, id: ids.next(at: Timestamp(milliseconds: 1_795_000_000_000))))
    }
  }

  static func batch(_ numbers: [Int]) -> Batch {
    let pieces = numbers.map { "{\"n\":\($0)}" }
    return Batch(
      items: zip(numbers, pieces).map {
        BatchItem(number: $0, line: $0, source: $0 * 10..<$0 * 10 + 8, pieceLength: $1.utf8.count, key: nil)
      }, body: Array("[\(pieces.joined(separator: ","))]".utf8))
  }

  static func refusal(_ number: Int) -> Refusal {
    Refusal(
      item: number, line: number, source: 0..<1, key: nil, fault: ItemFault(.badRequest, "no"))
  }

  var facts: FileFacts {
    var facts = FileFacts()
    facts.target = "t"
    facts.api = .liquid
    facts.url = "http://127.0.0.1/"
    facts.sha256 = "ab"
    return facts
  }

  func stage() throws {
    try outbox.commit { try $0.begin(id, inbox: "in", name: Array("a.json".utf8), receivedAt: id.time) }
    try outbox.commit {
      try $0.stage(
        [(1, QueuedBatch(Self.batch([1, 2]))), (2, QueuedBatch(Self.batch([3])))], refused: [], of: id, target: "t")
    }
  }

  func publish() throws {
    try stage()
    try outbox.commit { try $0.publish(id, facts: facts, items: 3, rejected: 0) }
  }

  func line() async throws -> [WaitingBatch] { try await outbox.line(for: "t", after: nil, limit: 10) }
}

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
      try world.outbox.commit { try $0.publish(world.id, facts: world.facts, items: 3, rejected: 0) }
      #expect(try await world.line().map(\.count) == [2, 1])
    }
  }

  @Test func `what a crash while reading left behind is gone at the next start`() async throws {
    try await World.with { world in
      try world.stage()
      try world.outbox.close()
      let again = try Outbox(path: world.path)
      #expect(try await again.queue().files == 0)
      #expect(try await again.queue().batches == 0)
    }
  }

  @Test func `what a backlog took goes back to the disk piece by piece, but for what is kept`() async throws {
    try await World.with { world in
      try world.outbox.commit { try $0.begin(world.id, inbox: "in", name: [65], receivedAt: world.id.time) }
      let large = Batch(
        items: [BatchItem(number: 1, line: 1, source: 0..<1, pieceLength: 1 << 20, key: nil)],
        body: [UInt8](repeating: 0x20, count: (1 << 20) + 2))
      for ordinal in 1...30 {
        try world.outbox.commit {
          try $0.stage([(ordinal, QueuedBatch(large))], refused: [], of: world.id, target: "t")
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
            let state = number.isMultiple(of: 3) ? "no such state" : "slowed"
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

  @Test func `a lease is counted as unanswered until an answer is written down`() async throws {
    try await World.with { world in
      try world.publish()
      let batch = try #require(try await world.line().first)
      let sent = try await world.outbox.lease([batch.id])
      #expect(sent.map(\.whole) == [World.batch([1, 2])])
      let leased = try #require(try await world.line().first)
      #expect(leased.attempts == 1)
      #expect(leased.unanswered == 1, "a crash now must not hide the request")
      try await world.outbox.postpone(
        batch.id, until: Timestamp(milliseconds: 5), failures: 1, why: "503", wasAnswered: true)
      let waiting = try #require(try await world.line().first)
      #expect(waiting.unanswered == 0)
      #expect(waiting.failures == 1)
      #expect(waiting.due == Timestamp(milliseconds: 5))
    }
  }

  @Test func `batches that travelled together settle together, or not at all`() async throws {
    try await World.with { world in
      try world.publish()
      let ids = try await world.line().map(\.id)
      let leased = try await world.outbox.lease(ids)
      #expect(leased.map(\.whole) == [World.batch([1, 2]), World.batch([3])])
      let facts = RequestFacts(status: 201, requestID: nil, sentAt: Timestamp(milliseconds: 7))
      let one = Settlement(accepted: 1, unchanged: 0, refused: [])
      // More than the file has: the outbox refuses it.
      let tooMany = Settlement(accepted: 9, unchanged: 0, refused: [])
      await #expect(throws: OutboxError.self) {
        try await world.outbox.settle([(ids[1], one), (ids[0], tooMany)], request: facts)
      }
      #expect(try await world.line().map(\.id) == ids)
      let two = Settlement(accepted: 2, unchanged: 0, refused: [])
      let results = try await world.outbox.settle([(ids[0], two), (ids[1], one)], request: facts)
      #expect(results.map(\.isFileComplete) == [false, true])
    }
  }

  @Test func `a file is finishing when its last batch has settled, and its counts add up`() async throws {
    try await World.with { world in
      try world.publish()
      let line = try await world.line()
      let first = try await world.outbox.settle(
        line[0].id, Settlement(accepted: 1, unchanged: 1, refused: [World.refusal(2)]),
        request: RequestFacts(status: 201, requestID: "r", sentAt: Timestamp(milliseconds: 7)))
      #expect(!first.isFileComplete)
      let last = try await world.outbox.settle(
        line[1].id, Settlement(accepted: 1, unchanged: 0, refused: []),
        request: RequestFacts(status: 201, requestID: nil, sentAt: Timestamp(milliseconds: 8)))
      #expect(last.isFileComplete)
      let record = try #require(try await world.outbox.secureFinished(after: nil, limit: 10, at: world.id.time).first)
      #expect(record.counts.items == 3)
      #expect(record.counts.accepted == 2)
      #expect(record.counts.rejected == 1)
      #expect(record.counts.unchanged == 1)
      #expect(record.completedAt == world.id.time)
      #expect(try world.outbox.settled(world.id).map(\.items) == [2, 1])
      #expect(try world.outbox.refused(world.id, after: 0, limit: 10).map(\.item) == [2])
      try await world.outbox.finish([(record, "partial", "{}", "00")])
      #expect(try await world.outbox.finishedStatus(world.id) == "partial")
      #expect(try await world.outbox.queue() == QueueCounts())
    }
  }

  @Test func `the same completion time is told again after a crash`() async throws {
    try await World.with { world in
      try world.outbox.commit { try $0.begin(world.id, inbox: "in", name: [65], receivedAt: world.id.time) }
      try world.outbox.commit { try $0.fail(world.id, facts: world.facts, fault: FileFault(.emptyFile, "empty")) }
      let first = try await world.outbox.secureFinished(after: nil, limit: 1, at: Timestamp(milliseconds: 1))
      try world.outbox.close()
      let again = try Outbox(path: world.path)
      let second = try await again.secureFinished(after: nil, limit: 1, at: Timestamp(milliseconds: 2))
      #expect(first == second)
    }
  }

  @Test func `halves take the place of their batch`() async throws {
    try await World.with { world in
      try world.publish()
      let line = try await world.line()
      let halves = World.batch([1, 2]).halves
      let parts = try await world.outbox.split(line[0].id, into: [halves.0, halves.1], why: "400")
      #expect(try await world.line().map(\.id) == parts.map(\.id) + [line[1].id])
      #expect(try await world.outbox.content(of: parts[1].id).whole == World.batch([2]))
    }
  }

  @Test func `items that an answer did not name stay in their place and are counted as missed`() async throws {
    try await World.with { world in
      try world.publish()
      let line = try await world.line()
      let rest = try await world.outbox.settle(
        line[0].id, Settlement(accepted: 1, unchanged: 0, refused: [], rest: World.batch([2])),
        request: RequestFacts(status: 201, requestID: nil, sentAt: world.id.time)
      ).rest
      #expect(rest?.misses == 1)
      #expect(try await world.line().map(\.id) == [rest?.id, line[1].id])
    }
  }

  @Test func `the first file with the same bytes in the same inbox is found, in the queue and in history`() async throws
  {
    try await World.with { world in
      try world.publish()
      var ids = FileIDSource()
      ids.skip(past: world.id)
      let later = ids.next(at: world.id.time)
      #expect(try world.outbox.commit { try $0.original(sha256: "ab", inbox: "in", before: later)?.id } == world.id)
      #expect(try world.outbox.commit { try $0.original(sha256: "ab", inbox: "other", before: later)?.id } == nil)
      #expect(try world.outbox.commit { try $0.original(sha256: "cd", inbox: "in", before: later)?.id } == nil)
      #expect(try world.outbox.commit { try $0.original(sha256: "ab", inbox: "in", before: world.id)?.id } == nil)
    }
  }

  @Test func `a killed process leaves what it had published and nothing of what it was reading`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
        let outbox = try Outbox(path: path)
        var ids = FileIDSource()
        for isPublished in [true, false] {
          let world = World(outbox: outbox, path: path, id: ids.next(at: Timestamp(milliseconds: 1_795_000_000_000)))
          if isPublished { try world.publish() } else { try world.stage() }
        }
        kill(getpid(), SIGKILL)
      }
      let again = try Outbox(path: path)
      let counts = try await again.queue()
      #expect(counts.files == 1)
      #expect(counts.batches == 2)
      #expect(try await again.line(for: "t", after: nil, limit: 10).count == 2)
    }
  }

  @Test func `a database of a newer program is refused and left as it is`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      try Outbox(path: path).close()
      try run(
        "python3", "-c",
        "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(\"insert into grdb_migrations values('999')\"); c.commit(); c.close()",
        path)
      #expect { try Outbox(path: path) } throws: { ($0 as? OutboxError)?.code == .newer }
      #expect { try Outbox(reading: path) } throws: { ($0 as? OutboxError)?.code == .newer }
    }
  }

  @Test func `a file that is no database is told as damaged`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      let file = try #require(fopen(path, "w"))
      for _ in 0..<1000 { fputs("this is not a database. ", file) }
      fclose(file)
      #expect { try Outbox(path: path) } throws: { ($0 as? OutboxError)?.code == .damaged }
    }
  }

  /// Runs a command to its end.
  private func run(_ command: String, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [command] + arguments
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
