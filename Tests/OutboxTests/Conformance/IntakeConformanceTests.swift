import Calendar
import Core
import Engine
import Testing

@Suite struct IntakeConformanceTests {
  private struct Stop: Error {}

  @Test(arguments: OutboxEngine.allCases)
  func `what is known of expected files is stored with the file that changed it, or not at all`(
    _ engine: OutboxEngine
  ) async throws {
    try await engine.with { engine in
      let file = DroppedFile(number: 1, batches: [batch(1...1)])
      let keys = ["a", "b"].map { Expectations.Key(inbox: $0, match: "*.csv", ordinal: 1) }
      var snapshot = ExpectedFiles.Snapshot()
      let changes = ExpectationChanges(at: file.new.receivedAt, snapshots: keys.map { ($0, snapshot) })
      try engine.store.stage(file)
      #expect(throws: OutboxError.self) {
        try engine.store.commit { commit in
          try commit.publish(file.id, facts: file.facts, items: 1, rejected: 0)
          try commit.keep(changes)
          throw Stop()
        }
      }
      #expect(try await engine.store.expected() == [:])
      try engine.store.commit { commit in
        try commit.publish(file.id, facts: file.facts, items: 1, rejected: 0)
        try commit.keep(changes)
      }
      try await engine.crash()
      #expect(try await engine.store.expected() == [keys[0]: snapshot, keys[1]: snapshot])
      var files = ExpectedFiles(
        ExpectationRule(match: "*", deadline: try DailyDeadline(by: .endOfDay, zone: .utc)))
      _ = files.read(file.id, name: [], readyAt: file.new.receivedAt, items: 1, now: file.new.receivedAt)
      snapshot = files.snapshot
      try engine.store.commit {
        try $0.keep(
          ExpectationChanges(
            at: file.new.receivedAt, snapshots: [(keys[0], snapshot)], forgotten: [keys[1]]))
      }
      #expect(try await engine.store.expected() == [keys[0]: snapshot])
      #expect(try engine.findings() == [])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a commit that fails leaves nothing`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...1)])
      #expect(throws: OutboxError.self) {
        try store.commit { commit in
          try commit.begin(file.new)
          try commit.stage([(1, QueuedBatch(file.batches[0]))], rejects: [.of(2)], of: file.id, target: "t")
          throw Stop()
        }
      }
      let unread = try await store.unreadFiles()
      #expect(unread.isEmpty)
      let value = try store.commit { _ in 7 }
      #expect(value == 7)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a file that is read again keeps its owner and the time of its claim`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      var file = DroppedFile(number: 1, owner: "alice", batches: [batch(1...1), batch(2...2)], rejects: [.of(3)])
      try store.stage(file)
      var again = file.new
      (again.owner, again.claimedAt) = ("bob", .at(5_000_000))
      again.receivedAt = Timestamp(milliseconds: 5)
      try store.commit { try $0.begin(again) }
      var record = FileRecord(
        id: file.id, inbox: "in", name: file.new.name, state: .reading, receivedAt: file.new.receivedAt,
        claimedAt: file.new.claimedAt, owner: "alice")
      #expect(try await store.unreadFiles() == [record])
      file.batches = [batch(1...1)]
      file.rejects = []
      try store.commit {
        try $0.stage([(1, QueuedBatch(file.batches[0]))], rejects: [], of: file.id, target: "t")
        try $0.publish(file.id, facts: file.facts, items: 1, rejected: 0)
      }
      #expect(try await store.line(for: "t", after: nil, limit: 9).batches.map(\.name) == [file.name(1)])
      _ = try await store.lease(file.name(1))
      _ = try await store.apply(
        file.name(1), .settle(Settlement(accepted: 1, unchanged: 0, rejects: [])), request: .example)
      (record.state, record.facts) = (.finishing, file.facts)
      record.counts = FileCounts(items: 1, accepted: 1, requests: 1)
      record.completedAt = file.new.receivedAt
      #expect(try await store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0)) == [record])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `what was staged of an unread file can be discarded, and nothing of any other`(
    _ engine: OutboxEngine
  ) async throws {
    try await engine.with { engine in
      let store = engine.store
      let unread = DroppedFile(number: 1, batches: [batch(1...1), batch(2...2)], rejects: [.of(3)])
      let queued = DroppedFile(number: 2, batches: [batch(1...1)])
      try store.stage(unread)
      try store.publish(queued)
      try store.discardStaged(of: unread.id) {}
      try store.discardStaged(of: queued.id) {}
      #expect(try await store.unreadFiles().map(\.id) == [unread.id])
      try store.commit { try $0.publish(unread.id, facts: unread.facts, items: 0, rejected: 0) }
      let waiting = try await store.line(for: "t", after: nil, limit: 9)
      #expect(waiting.batches.map(\.name) == [queued.name(1)])
      #expect(try store.rejects(unread.id, after: 0, limit: 9).isEmpty)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a replay and a correction keep the owners of the files before them, beside their own`(
    _ engine: OutboxEngine
  ) async throws {
    try await engine.with { engine in
      func done(_ file: DroppedFile, _ change: (inout FileFacts) -> Void = { _ in }) async throws -> FileRecord {
        var facts = file.facts
        change(&facts)
        try engine.store.commit { commit in
          try commit.begin(file.new)
          try commit.fail(file.id, facts: facts, fault: FileFault(.malformedJSON, "no"))
        }
        let found = try await engine.store.secureFinished(after: nil, limit: 99, at: Timestamp(milliseconds: 0))
        let record = try #require(found.first { $0.id == file.id })
        return record
      }
      let first = try await done(DroppedFile(number: 1, owner: "alice", batches: []))
      #expect(first.otherOwners == [] && first.facts.replayOf == nil)
      // Of a file that is not finished, too.
      let correction = try await done(DroppedFile(number: 2, owner: "bob", batches: [])) { $0.corrects = first.id }
      #expect(correction.owners == ["bob", "alice"])
      try await engine.store.finish([first, correction].map { ($0, "rejected", "{}", "") })
      var replay = DroppedFile(number: 3, owner: "the copy's", batches: [])
      replay.replay = Replay(of: correction.id, owner: "carol", otherOwners: ["dave"])
      try engine.store.commit { try $0.begin(replay.new) }
      try await engine.crash()
      let unread = try #require(try await engine.store.unreadFiles().first)
      #expect(unread.facts.replayOf == correction.id && unread.owners == ["carol", "dave"])
      replay.replay = nil
      let again = try await done(replay) { $0.replayOf = correction.id }
      #expect(again.owners == ["carol", "dave", "bob", "alice"] && again.facts.replayOf == correction.id)
      let unknown = try await done(DroppedFile(number: 4, owner: "bob", batches: [])) { $0.corrects = .numbered(999) }
      #expect(unknown.owners == ["bob"])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a crash while reading keeps the row and drops what was staged`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let file = DroppedFile(number: 2, owner: "alice", batches: [batch(1...1)], rejects: [.of(3)])
      try engine.store.stage(file)
      try engine.store.commit { try $0.begin(DroppedFile(number: 1, batches: []).new) }
      try await engine.crash()
      #expect(try await engine.store.unreadFiles().map(\.id) == [.numbered(1), file.id])
      try engine.store.publish(file)
      #expect(try await engine.store.line(for: "t", after: nil, limit: 9).batches.map(\.name) == [file.name(1)])
      #expect(try engine.store.rejects(file.id, after: 0, limit: 9) == [.of(3)])
      #expect(try await engine.store.unreadFiles().map(\.id) == [.numbered(1)])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a file without anything to send is finishing at once`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let empty = DroppedFile(number: 1, batches: [])
      let bad = DroppedFile(number: 2, batches: [], rejects: [.of(1), .of(2)])
      try store.publish(empty)
      try store.publish(bad)
      let records = try await store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0))
      #expect(records.map(\.id) == [empty.id, bad.id])
      #expect(records.map(\.counts.rejected) == [0, 2])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a file that can't be used has nothing but its fault`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...1)], rejects: [.of(2)])
      try store.stage(file)
      let fault = FileFault(.malformedJSON, "no end", line: 3, column: 14)
      try store.commit { try $0.fail(file.id, facts: file.facts, fault: fault) }
      let record = try await store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0)).first
      #expect(record?.fault == fault)
      #expect(record?.counts == FileCounts())
      #expect(record?.facts == file.facts)
      #expect(try store.rejects(file.id, after: 0, limit: 9).isEmpty)
      #expect(try await store.line(for: "t", after: nil, limit: 9) == LinePage())
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a file that went back to its inbox is forgotten, one that was read is not`(_ engine: OutboxEngine) async throws
  {
    try await engine.with { engine in
      let store = engine.store
      let unread = DroppedFile(number: 1, batches: [batch(1...1)], rejects: [.of(2)])
      let read = DroppedFile(number: 2, batches: [batch(1...1)])
      try store.stage(unread)
      try store.publish(read)
      try store.commit {
        try $0.forget(unread.id)
        try $0.forget(read.id)
        try $0.forget(.numbered(9))
      }
      #expect(try await store.unreadFiles().isEmpty)
      #expect(try store.rejects(unread.id, after: 0, limit: 9).isEmpty)
      #expect(try await store.oldestFile(for: "t")?.id == read.id)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `the same bytes dropped before are found while they wait and after they were sent`(_ engine: OutboxEngine)
    async throws
  {
    try await engine.with { engine in
      let store = engine.store
      func original(_ sha256: String, _ inbox: String, _ number: Int) throws -> [String] {
        let found = try store.commit { try $0.original(sha256: sha256, inbox: inbox, before: .numbered(number)) }
        return found.map { ["\($0.id)", "\($0.wasUsed)"] } ?? []
      }
      try store.publish(DroppedFile(number: 1, sha256: "a", batches: [batch(1...1)]))
      try store.publish(DroppedFile(number: 2, sha256: "a", batches: [], rejects: [.of(1)]))
      let bad = DroppedFile(number: 3, sha256: "b", batches: [])
      try store.stage(bad)
      try store.commit { try $0.fail(bad.id, facts: bad.facts, fault: FileFault(.emptyFile, "empty")) }
      #expect(try original("a", "in", 1).isEmpty)
      #expect(try original("a", "in", 9) == ["\(FileID.numbered(1))", "true"])
      #expect(try original("a", "other", 9).isEmpty)
      #expect(try original("b", "in", 9) == ["\(FileID.numbered(3))", "false"])
      #expect(try original("c", "in", 9).isEmpty)
      let records = try await store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0))
      try await store.finish(records.map { ($0, "rejected", "{}", "00") })
      #expect(try original("b", "in", 9) == ["\(FileID.numbered(3))", "false"])
      #expect(try original("a", "in", 2) == ["\(FileID.numbered(1))", "true"])
      let name = BatchName(file: .numbered(1), ordinal: 1)
      _ = try await store.lease(name)
      _ = try await store.apply(
        name, .settle(Settlement(accepted: 0, unchanged: 0, rejects: [.of(1)])), request: .example)
      try await store.finish(
        try await store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0)).map {
          ($0, "rejected", "{}", "00")
        })
      #expect(try original("a", "in", 9) == ["\(FileID.numbered(1))", "false"], "nothing of it was accepted")
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `the clock's mark kept last is there after a crash`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      #expect(try await engine.store.clockMark() == nil)
      for number in 1...2 as ClosedRange<Int64> {
        let reading = QueueClock.Reading(bootID: "b\(number)", sinceBoot: number, wall: Timestamp(milliseconds: number))
        let mark = QueueClock.Mark(reading: reading, time: .at(number + 5))
        try await engine.store.keep(mark)
        #expect(try await engine.store.clockMark() == mark)
        try await engine.crash()
        #expect(try await engine.store.clockMark() == mark)
      }
    }
  }
}
