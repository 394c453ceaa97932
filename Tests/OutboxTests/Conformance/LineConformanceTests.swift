import Core
import Engine
import Testing

@Suite struct LineConformanceTests {
  @Test(arguments: OutboxEngine.allCases)
  func `what is being read is in no line, and what is published is, in the order of names`(_ engine: OutboxEngine)
    async throws
  {
    try await engine.with { engine in
      let store = engine.store
      let late = DroppedFile(number: 2, batches: [batch(1...2), batch(3...3)])
      try store.stage(late)
      #expect(try await store.line(for: "t", after: nil, limit: 10) == LinePage())
      #expect(try await store.oldestFile(for: "t") == nil)
      try store.publish(DroppedFile(number: 1, batches: [batch(1...1)]))
      try store.publish(DroppedFile(number: 3, target: "other", batches: [batch(1...1)]))
      try store.commit { try $0.publish(late.id, facts: late.facts, items: 3, rejected: 0) }
      let page = try await store.line(for: "t", after: nil, limit: 10)
      #expect(page.batches.map(\.name) == [BatchName(file: .numbered(1), ordinal: 1), late.name(1), late.name(2)])
      #expect(page.isEnd)
      #expect(page.damaged.isEmpty)
      #expect(try await store.line(for: "other", after: nil, limit: 10).batches.map(\.name.file) == [.numbered(3)])
      #expect(try await store.line(for: "nobody", after: nil, limit: 10) == LinePage())
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `pages follow one another, and a full one may have more behind it`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let first = DroppedFile(number: 1, batches: (1...3).map { batch($0...$0) })
      let second = DroppedFile(number: 2, batches: (1...2).map { batch($0...$0) })
      try store.publish(first)
      try store.publish(second)
      var page = try await store.line(for: "t", after: nil, limit: 2)
      #expect(page.batches.map(\.name) == [first.name(1), first.name(2)])
      #expect(!page.isEnd)
      #expect(Set(page.files.keys) == [first.id])
      page = try await store.line(for: "t", after: first.name(2), limit: 2)
      #expect(page.batches.map(\.name) == [first.name(3), second.name(1)])
      #expect(!page.isEnd)
      #expect(Set(page.files.keys) == [first.id, second.id])
      page = try await store.line(for: "t", after: second.name(1), limit: 1)
      #expect(page.batches.map(\.name) == [second.name(2)])
      #expect(!page.isEnd, "as many as were asked for")
      page = try await store.line(for: "t", after: second.name(2), limit: 1)
      #expect(page == LinePage())
      page = try await store.line(for: "t", after: first.name(2).part(0), limit: 9)
      #expect(page.batches.map(\.name) == [first.name(3), second.name(1), second.name(2)], "a name need not be there")
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a batch in line has what its rows say`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let items = batch([(1, 7), (2, nil), (3, 7), (4, 9), (5, nil)])
      for (number, ordering) in [Ordering.key, .file, .none].enumerated() {
        let file = DroppedFile(
          number: number, inbox: "in\(number)", ordering: ordering, successMode: number == 1 ? .atomic : .partial,
          batches: [items])
        try store.publish(file)
        let page = try await store.batches(of: file.id, after: nil, limit: 5)
        #expect(
          page.batches == [
            WaitingBatch(
              name: file.name(1), count: 5, bytes: items.body.count,
              itemKeys: [KeyHash(stored: 7), KeyHash(inbox: file.inbox), KeyHash(stored: 9)])
          ])
        #expect(
          page.files == [
            file.id: LineFile(
              id: file.id, inbox: file.inbox, name: Array("f\(number).json".utf8), successMode: file.successMode,
              ordering: ordering, claimedAt: .at(1000 + Int64(number)))
          ])
      }
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `the batches of one file, and batches by name, are found without the rest`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let first = DroppedFile(number: 1, batches: (1...3).map { batch($0...$0) })
      let second = DroppedFile(number: 2, target: "u", batches: (1...2).map { batch($0...$0) })
      try store.publish(first)
      try store.publish(second)
      var page = try await store.batches(of: first.id, after: nil, limit: 2)
      #expect(page.batches.map(\.name) == [first.name(1), first.name(2)])
      #expect(!page.isEnd)
      page = try await store.batches(of: first.id, after: first.name(2).position, limit: 2)
      #expect(page.batches.map(\.name) == [first.name(3)])
      #expect(page.isEnd)
      #expect(try await store.batches(of: .numbered(9), after: nil, limit: 2) == LinePage())
      page = try await store.batches([second.name(2), first.name(3), first.name(1).part(0), first.name(1)])
      #expect(page.batches.map(\.name) == [first.name(1), first.name(3), second.name(2)])
      #expect(page.isEnd)
      #expect(Set(page.files.keys) == [first.id, second.id])
      #expect(try await store.batches([]) == LinePage())
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a damaged row is named, and counts, and keeps nobody from being read`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: (1...3).map { batch($0...$0) })
      try store.publish(file)
      try await engine.damage(file.name(2))
      for page in [
        try await store.line(for: "t", after: nil, limit: 3),
        try await store.batches(of: file.id, after: nil, limit: 3),
      ] {
        #expect(page.batches.map(\.name) == [file.name(1), file.name(3)])
        #expect(page.damaged == [file.name(2)])
        #expect(!page.isEnd)
      }
      #expect(try await store.batches([file.name(2), file.name(3)]).damaged == [file.name(2)])
      #expect(
        try await store.lease([(file.name(1), 0), (file.name(2), 0)], dueAfterCrash: .at(0)) == .damaged([file.name(2)])
      )
      #expect(try await store.row(file.name(1))?.attempts == 0)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `before the line is read, its newest file with an order and its cancelled files are known`(
    _ engine: OutboxEngine
  ) async throws {
    try await engine.with { engine in
      let store = engine.store
      #expect(try await store.files(for: "t") == TargetFiles(newestOrdered: nil))
      for number in 1...4 {
        try store.publish(DroppedFile(number: number, target: number == 3 ? "u" : "t", batches: [batch(1...1)]))
      }
      #expect(try await store.files(for: "t") == TargetFiles(newestOrdered: .numbered(4)))
      for number in [4, 3, 1] { #expect(try await store.cancel(.numbered(number))) }
      #expect(
        try await store.files(for: "t")
          == TargetFiles(newestOrdered: .numbered(4), cancelled: [.numbered(1), .numbered(4)]))
      _ = try await store.apply(
        DroppedFile(number: 1, batches: []).name(1),
        .settle(Settlement(accepted: 0, unchanged: 0, rejects: [.of(1, .cancelled)], ranges: [1...1])))
      #expect(try await store.files(for: "t").cancelled == [.numbered(4)])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `the oldest file is the first that has batches left for the target`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      try store.publish(DroppedFile(number: 1, target: "u", batches: [batch(1...1)]))
      try store.publish(DroppedFile(number: 2, batches: [], rejects: [.of(1)]))
      let third = DroppedFile(number: 3, batches: [batch(1...1)])
      try store.publish(third)
      try store.publish(DroppedFile(number: 4, batches: [batch(1...1)]))
      #expect(try await store.oldestFile(for: "t", after: third.id)?.id == .numbered(4))
      #expect(try await store.oldestFile(for: "t", after: .numbered(4)) == nil)
      #expect(try await store.oldestFile(for: "t")?.id == third.id)
      #expect(try await store.cancel(third.id))
      #expect(try await store.oldestFile(for: "t")?.isCancelled == true)
      _ = try await store.apply(
        third.name(1), .settle(Settlement(accepted: 0, unchanged: 0, rejects: [.of(1, .cancelled)], ranges: [1...1])))
      #expect(try await store.oldestFile(for: "t")?.id == .numbered(4))
    }
  }
}
