import Core
import Engine
import Testing

@Suite struct ReleaseConformanceTests {
  private static let order = FileOrder(at: Timestamp(milliseconds: 77), order: "release", by: "bob")

  /// Holds a file, as its reading found it.
  private static func hold(_ file: DroppedFile, in store: Store) throws {
    try store.stage(file)
    let items = file.batches.reduce(0) { $0 + $1.items.count } + file.rejects.count
    try store.commit { try $0.hold(file.id, facts: file.facts, items: items, rejected: file.rejects.count) }
  }

  private static func publish(_ file: DroppedFile, in store: Store) throws {
    let items = file.batches.reduce(0) { $0 + $1.items.count } + file.rejects.count
    try store.commit { try $0.publish(file.id, facts: file.facts, items: items, rejected: file.rejects.count) }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a file that waits for its release shows its counts, and none of it can be sent`(
    _ engine: OutboxEngine
  ) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, owner: "alice", batches: [batch(1...2)], rejects: [.of(3)])
      try Self.hold(file, in: store)
      #expect(try await store.line(for: "t", after: nil, limit: 9).batches.isEmpty)
      let record = try #require(try await store.unreadFiles().first)
      #expect(record.waitsForRelease && record.line == nil && record.place == file.id)
      #expect(record.counts.items == 3 && record.counts.rejected == 1 && record.facts.target == "t")
      #expect(try store.rejects(file.id, after: 0, limit: 9) == [.of(3)])
      // It is read again after a crash, and does not wait until that is done.
      try await engine.crash()
      #expect(try await engine.store.unreadFiles().map(\.waitsForRelease) == [true])
      try engine.store.stage(file)
      #expect(try await engine.store.unreadFiles().map(\.waitsForRelease) == [false])
      #expect(try await !engine.store.release(file.id, as: .numbered(9), order: Self.order, at: .at(9)))
      // It can be cancelled.
      try engine.store.commit { try $0.fail(file.id, facts: file.facts, fault: FileFault(.cancelled, "no")) }
      let ended = try await engine.store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0))
      #expect(ended.map(\.counts) == [FileCounts()])
      #expect(try engine.findings() == [])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a released file comes after everything that was dropped before its release`(
    _ engine: OutboxEngine
  ) async throws {
    try await engine.with { engine in
      let store = engine.store
      let first = DroppedFile(number: 1, owner: "alice", batches: [batch(1...1), batch(2...2)])
      let others = [2, 5].map { DroppedFile(number: $0, batches: [batch(1...1), batch(2...2)]) }
      try Self.hold(first, in: store)
      try store.publish(others[0])
      #expect(try await store.release(first.id, as: .numbered(4), order: Self.order, at: .at(5000)))
      #expect(try await !store.release(first.id, as: .numbered(6), order: Self.order, at: .at(6000)), "once")
      try store.publish(others[1])
      try Self.publish(first, in: store)
      let names = [2, 4, 5].flatMap { file in
        (1...2).map { BatchName(file: .numbered(file), ordinal: $0) }
      }
      func read(limit: Int) async throws -> [BatchName] {
        var (found, last): ([BatchName], BatchName?) = ([], nil)
        while true {
          let page = try await engine.store.line(for: "t", after: last, limit: limit)
          found += page.batches.map(\.name)
          for name in page.batches.map(\.name.file) { #expect(page.files[name]?.id == name) }
          last = page.batches.last?.name
          if page.isEnd { return found }
        }
      }
      for limit in 1...7 { #expect(try await read(limit: limit) == names) }
      try await engine.crash()
      for limit in 1...7 { #expect(try await read(limit: limit) == names) }
      let page = try await engine.store.batches(of: .numbered(4), after: nil, limit: 9)
      #expect(page.batches.map(\.name) == Array(names[2...3]))
      let file = try #require(page.files[.numbered(4)])
      #expect(file.file == first.id && file.claimedAt == .at(5000))
      #expect(try await engine.store.files(for: "t").newestOrdered == .numbered(5))
      var oldest: [FileID] = []
      while let next = try await engine.store.oldestFile(for: "t", after: oldest.last), oldest.count < 9 {
        oldest.append(next.id)
      }
      #expect(oldest == [2, 4, 5].map { FileID.numbered($0) })
      #expect(try engine.store.orders(first.id) == [Self.order])
      #expect(try engine.findings() == [])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `its batches are known by its place, and its results by its own id`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, owner: "alice", batches: [batch(1...2), batch(3...3)])
      let other = DroppedFile(number: 2, batches: [batch(7...7)])
      try Self.hold(file, in: store)
      try store.publish(other)
      #expect(try await store.release(file.id, as: .numbered(3), order: Self.order, at: .at(5000)))
      try Self.publish(file, in: store)
      let (first, second) = (BatchName(file: .numbered(3), ordinal: 1), BatchName(file: .numbered(3), ordinal: 2))
      guard case .leased(let leased) = try await store.lease([(first, 0)], dueAfterCrash: .at(1)) else {
        Issue.record("it is not leased")
        return
      }
      #expect(leased.map(\.items.count) == [2])
      var retryState = RetryState()
      (retryState.due, retryState.failures) = (.at(9), 1)
      let split = try await store.apply(
        first, .split([batch(1...1), batch(2...2)], retryState, why: "400", isOpen: false), request: .example)
      #expect(split.batches.map(\.name) == [first.part(0), first.part(1)])
      _ = try await store.lease(other.name(1))
      _ = try await store.apply(other.name(1), .postpone(retryState, why: "503", isOpen: true), request: .example)
      // By due time, then in the order of the line.
      let postponed = try await store.postponed(for: "t", after: nil, limit: 9).batches.map(\.name)
      #expect(postponed == [other.name(1), first.part(0), first.part(1)])
      let rest = try await store.postponed(for: "t", after: (.at(9), other.name(1)), limit: 9).batches.map(\.name)
      #expect(rest == Array(postponed.dropFirst()))
      #expect(try await store.makeDue(file: file.id, target: nil, at: .at(3)) == 3)
      #expect(try await store.batches([first.part(1)]).batches.map(\.retryState.due) == [.at(3)])
      try await engine.crash()
      for name in [first.part(0), first.part(1), second] {
        let attempts = try #require(try await engine.store.batches([name]).batches.first).attempts
        _ = try await engine.store.lease([(name, attempts)], dueAfterCrash: .at(1))
        _ = try await engine.store.apply(
          name, .settle(Settlement(accepted: 1, unchanged: 0, rejects: [])), request: .example)
      }
      let done = try await engine.store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0))
      #expect(done.map(\.id) == [file.id] && done.map(\.counts.accepted) == [3])
      #expect(try engine.store.settled(file.id).count == 3)
      #expect(try engine.findings() == [])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a release survives a crash: the file is read again for its place`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let file = DroppedFile(number: 1, owner: "alice", batches: [batch(1...1)])
      try Self.hold(file, in: engine.store)
      #expect(try await engine.store.release(file.id, as: .numbered(3), order: Self.order, at: .at(5000)))
      try await engine.crash()
      let record = try #require(try await engine.store.unreadFiles().first)
      #expect(!record.waitsForRelease && record.line == .numbered(3) && record.claimedAt == .at(5000))
      try engine.store.stage(file)
      try Self.publish(file, in: engine.store)
      #expect(
        try await engine.store.line(for: "t", after: nil, limit: 9).batches.map(\.name)
          == [BatchName(file: .numbered(3), ordinal: 1)])
    }
  }
}
