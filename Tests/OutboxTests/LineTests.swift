import Core
import Engine
import Foundation
import Testing
import TestKit

@testable import Outbox

@Suite struct LineTests {
  private func key(_ value: UInt64) -> KeyHash { KeyHash(stored: value) }

  @Test func `pages follow each other in the order of the names, and skip what is not published`() async throws {
    try await World.with { world in
      let ids = World.ids(5)
      // The second file is being read, and has more batches than a page.
      try world.stage(ids[1], batches: (1...7).map { World.batch([$0]) })
      for id in [ids[0], ids[2], ids[4]] { try world.publish(id) }
      try world.publish(ids[3], target: "other")
      var pages: [LinePage] = []
      repeat {
        pages.append(try await world.outbox.line(for: "t", after: pages.last?.batches.last?.name, limit: 4))
      } while pages.last?.isEnd == false
      #expect(pages.map(\.batches.count) == [4, 2])
      let wanted = [ids[0], ids[2], ids[4]].flatMap { id in [1, 2].map { BatchName(file: id, ordinal: $0) } }
      #expect(pages.flatMap(\.batches).map(\.name) == wanted)
      #expect(pages.map { Set($0.files.keys) } == [[ids[0], ids[2]], [ids[4]]])
      #expect(try await world.outbox.line(for: "t", after: nil, limit: 6).isEnd == false, "more may follow")
    }
  }

  @Test func `a page tells what is known of a batch and of its file`() async throws {
    try await World.with { world in
      let items = World.batch([1, 2, 3, 4]) { [1: key(7), 3: key(9), 4: key(7)][$0] }
      try world.outbox.commit { commit in
        try commit.begin(World.newFile(world.id, claimedAt: 6))
        try commit.stage([(1, QueuedBatch(items))], rejects: [], of: world.id, target: "t")
        var facts = World.facts
        (facts.successMode, facts.ordering) = (.atomic, .file)
        try commit.publish(world.id, facts: facts, items: 4, rejected: 0)
      }
      var retryState = World.retryState(due: 40, failures: 2)
      (retryState.blames, retryState.failedAt, retryState.beganHold) = (1, QueueTime(milliseconds: 30), true)
      _ = try await world.lease([1])
      let result = try await world.apply(1, .postpone(retryState, why: "503", isOpen: true))
      let page = try await world.outbox.line(for: "t", after: nil, limit: 9)
      #expect(
        page.batches == [
          WaitingBatch(
            name: world.name(1), count: 4, bytes: items.body.count, itemKeys: [key(7), KeyHash(inbox: "in"), key(9)],
            attempts: 1, unanswered: 1, retryState: retryState)
        ])
      #expect(result.batches == page.batches)
      var file = LineFile(
        id: world.id, inbox: "in", name: Array("a.json".utf8), successMode: .atomic, ordering: .file,
        claimedAt: QueueTime(milliseconds: 6))
      #expect(page.files == [world.id: file])
      file.isCancelled = true
      #expect(try await world.outbox.cancel(world.id))
      #expect(try await world.outbox.oldestFile(for: "t") == file)
    }
  }

  @Test func `a file's batches, named ones and the target's first file are found`() async throws {
    try await World.with { world in
      let ids = World.ids(3)
      try world.stage(ids[0])
      try world.publish(ids[1])
      try world.publish(ids[2])
      let names = [1, 2].map { BatchName(file: ids[2], ordinal: $0) }
      let outbox = world.outbox
      #expect(try await outbox.oldestFile(for: "t")?.id == ids[1])
      #expect(try await outbox.oldestFile(for: "other") == nil)
      #expect(try await outbox.batches(of: ids[2], after: nil, limit: 1).batches.map(\.name) == [names[0]])
      #expect(
        try await outbox.batches(of: ids[2], after: names[0].position, limit: 9).batches.map(\.name) == [names[1]])
      #expect(try await outbox.batches(of: ids[0], after: nil, limit: 9).batches.isEmpty, "it is being read")
      let missing = BatchName(file: ids[1], ordinal: 9)
      let found = try await outbox.batches([names[1], missing, names[0], BatchName(file: ids[0], ordinal: 1)])
      #expect(found.batches.map(\.name) == names)
      #expect(found.isEnd)
    }
  }

  @Test func `postponed batches come by the time when they are due, then by name`() async throws {
    try await World.with { world in
      let ids = World.ids(2)
      for id in ids { try world.publish(id, batches: (1...3).map { World.batch([$0]) }) }
      // Never postponed: the first batch of each.
      let dues: [(BatchName, Int64)] = [
        (BatchName(file: ids[1], ordinal: 2), 5), (BatchName(file: ids[0], ordinal: 3), 9),
        (BatchName(file: ids[0], ordinal: 2), 9), (BatchName(file: ids[1], ordinal: 3), 1),
      ]
      for (name, due) in dues {
        _ = try await world.outbox.apply(
          [(name, .postpone(World.retryState(due: due), why: "500", isOpen: true))], request: nil)
      }
      var found: [BatchName] = []
      var last: (due: QueueTime, name: BatchName)?
      for _ in 0...dues.count {
        let page = try await world.outbox.postponed(for: "t", after: last, limit: 1)
        guard let batch = page.batches.first else { break }
        found.append(batch.name)
        last = (batch.retryState.due, batch.name)
      }
      #expect(found == [dues[3].0, dues[0].0, dues[2].0, dues[1].0])
    }
  }

  @Test func `making due counts what waits, and changes only what is not due`() async throws {
    try await World.with { world in
      let ids = World.ids(3)
      try world.publish(ids[0])
      try world.publish(ids[1], target: "other")
      try world.stage(ids[2])
      for id in ids[..<2] {
        _ = try await world.outbox.apply(
          [(BatchName(file: id, ordinal: 2), .postpone(World.retryState(due: 100), why: "500", isOpen: true))],
          request: nil)
      }
      func dues() async throws -> [Int64] {
        try await world.outbox.batches(ids[..<2].map { BatchName(file: $0, ordinal: 2) }).batches
          .map(\.retryState.due.milliseconds)
      }
      let now = QueueTime(milliseconds: 50)
      #expect(try await world.outbox.makeDue(file: ids[2], target: nil, at: now) == 0)
      #expect(try await world.outbox.makeDue(file: nil, target: "none", at: now) == 0)
      #expect(try await dues() == [100, 100])
      #expect(try await world.outbox.makeDue(file: nil, target: "other", at: now) == 2)
      #expect(try await dues() == [100, 50])
      #expect(try await world.outbox.makeDue(file: ids[0], target: nil, at: now) == 2)
      #expect(try await dues() == [50, 50])
      #expect(try await world.outbox.makeDue(file: nil, target: nil, at: QueueTime(milliseconds: 80)) == 4)
      #expect(try await dues() == [50, 50], "none waits longer for it")
    }
  }
}

/// One after the other: descriptors of this process are exchanged.
@Suite(.serialized) struct LineDamageTests {
  @Test func `a row that can't be understood is named, and the others are handed out`() async throws {
    try await World.with { world in
      try world.publish(batches: (1...6).map { World.batch([$0]) } + [World.batch([7, 8])])
      try world.sql(
        """
        PRAGMA ignore_check_constraints = 1;
        UPDATE batch SET item_index = substr(item_index, 2) WHERE position = '00000002';
        UPDATE batch SET items = 2 WHERE position = '00000004';
        UPDATE batch SET items = 1 WHERE position = '00000007';
        UPDATE body SET bytes = x'00' WHERE batch_id = (SELECT id FROM batch WHERE position = '00000005');
        DELETE FROM body WHERE batch_id = (SELECT id FROM batch WHERE position = '00000006');
        """)
      let page = try await world.outbox.line(for: "t", after: nil, limit: 9)
      #expect(page.batches.map(\.name) == [1, 3, 5, 6].map(world.name))
      #expect(page.damaged == [2, 4, 7].map(world.name))
      let short = try await world.outbox.line(for: "t", after: nil, limit: 2)
      #expect(short.batches.count == 1)
      #expect(!short.isEnd, "a damaged row counts")
      #expect(try await world.lease([1, 2, 4, 5, 6]) == .damaged([2, 4, 5, 6].map(world.name)))
      #expect(try await world.line().allSatisfy { $0.attempts == 0 }, "none was counted")
      await #expect { try await world.outbox.content(of: world.name(5)) } throws: {
        ($0 as? OutboxError)?.code == .damaged
      }
    }
  }

  /// Makes the file a page's bytes are read from one that can't be read, and takes it back.
  private func withReadsFailing(_ path: String, _ body: () async throws -> Void) async throws {
    let folder = open(NSTemporaryDirectory(), O_RDONLY | O_DIRECTORY)
    defer { close(folder) }
    var saved: [(descriptor: Int32, copy: Int32)] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      guard let descriptor = Int32(name),
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")) == path
      else { continue }
      let copy = dup(descriptor)
      // Without a copy it could not be taken back.
      guard copy >= 0 else { throw SystemError("dup") }
      saved.append((descriptor, copy))
      dup2(folder, descriptor)
    }
    #expect(!saved.isEmpty)
    defer {
      for (descriptor, copy) in saved {
        dup2(copy, descriptor)
        close(copy)
      }
    }
    try await body()
  }

  /// A connection may still be ending a transaction in which reads failed: until the deadline, `body` may fail for the disk.
  private func readAgain<Value>(_ body: () async throws -> Value) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      do { return try await body() } catch let error as OutboxError where error.code == .failing {
        guard ContinuousClock.now < deadline else { throw error }
        await Task.yield()
      }
    }
  }

  @Test func `a failing disk fails a read, and the next one works again`() async throws {
    try await withTemporaryFolder { folder in
      let path = (folder as NSString).resolvingSymlinksInPath + "/outbox.sqlite"
      let id = World.ids(1)[0]
      let first = try Outbox(path: path)
      try World(outbox: first, path: path, id: id).publish(batches: (1...2000).map { World.batch([$0]) })
      try first.close()
      // Nothing of the batches is in this one's memory yet, and both of its readers are there: a new one would have a descriptor of its own.
      let outbox = try Outbox(path: path)
      let begin = DispatchGroup()
      for _ in 1...2 { begin.enter() }
      let meet: @Sendable (Any) -> DispatchTimeoutResult = { _ in
        begin.leave()
        return begin.wait(timeout: .now() + 30)
      }
      async let one = outbox.read(meet)
      async let other = outbox.read(meet)
      #expect(try await [one, other] == [.success, .success])
      try await withReadsFailing(path) {
        await #expect { try await outbox.line(for: "t", after: nil, limit: 5) } throws: {
          ($0 as? OutboxError)?.code == .failing
        }
      }
      let page = try await readAgain { try await outbox.line(for: "t", after: nil, limit: 5) }
      #expect(page.batches.count == 5)
      #expect(try await readAgain { try await outbox.content(of: BatchName(file: id, ordinal: 1000)) } != nil)
    }
  }

  @Test func `a page of the database that can't be read takes no other row with it`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      let id = World.ids(1)[0]
      let first = try Outbox(path: path)
      // Each row has an overflow page of its own.
      try World(outbox: first, path: path, id: id).publish(
        batches: (0..<20).map { batch in World.batch(Array(batch * 700 + 1...(batch + 1) * 700)) })
      try first.close()
      let outbox = try Outbox(path: path)
      #expect(try await outbox.line(for: "t", after: nil, limit: 99).batches.count == 20)
      try outbox.close()
      // The leaf of table `batch` that holds row 9: its page type becomes one that there is not.
      try World.run(
        "python3", "-c",
        """
        import sqlite3, sys
        c = sqlite3.connect(sys.argv[1])
        key = c.execute("SELECT file_id || position FROM batch WHERE id = 9").fetchone()[0].encode()
        c.close()
        data = bytearray(open(sys.argv[1], 'rb').read())
        pages = [p for p in range(0, len(data), 8192) if data[p] == 13 and key in data[p:p + 8192]]
        assert len(pages) == 1, pages
        data[pages[0]] = 99
        open(sys.argv[1], 'wb').write(data)
        """, path)
      // Opening it for writing would fail.
      let again = try Outbox(reading: path)
      let page = try await again.line(for: "t", after: nil, limit: 99)
      #expect(page.damaged.contains(BatchName(file: id, ordinal: 9)))
      #expect(page.batches.count + page.damaged.count == 20)
      #expect(page.batches.count > 10)
      #expect(page.isEnd)
    }
  }
}
