import Core
import Engine
import Testing

@Suite struct LeaseConformanceTests {
  @Test(arguments: OutboxEngine.allCases)
  func `a lease counts an attempt whose outcome is open, and hands over the bodies in the order asked for`(
    _ engine: OutboxEngine
  ) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...2), batch(3...3)])
      try store.publish(file)
      let result = try await store.lease([(file.name(2), 0), (file.name(1), 0)], dueAfterCrash: .at(77))
      #expect(result == .leased([QueuedBatch(file.batches[1]), QueuedBatch(file.batches[0])]))
      for ordinal in 1...2 {
        let row = try await store.row(file.name(ordinal))
        #expect(row?.attempts == 1)
        #expect(row?.unanswered == 1)
        #expect(row?.retryState == retryState(due: 77))
      }
      #expect(try await store.postponed(for: "t", after: nil, limit: 9) == LinePage(), "a lease is no failure")
      try await engine.crash()
      let row = try await engine.store.row(file.name(1))
      #expect(row?.attempts == 1)
      #expect(row?.retryState.due == .at(77))
      for ordinal in 1...2 {
        _ = try await engine.store.apply(
          file.name(ordinal), .settle(.init(accepted: 3 - ordinal, unchanged: 0, rejects: [])), request: .example)
      }
      let record = try await engine.store.secureFinished(after: nil, limit: 1, at: Timestamp(milliseconds: 0)).first
      #expect(record?.counts.requests == 2)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `nothing is counted where a batch is gone or was attempted since it was read`(_ engine: OutboxEngine)
    async throws
  {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...2), batch(3...3), batch(4...4)])
      try store.publish(file)
      _ = try await store.lease(file.name(2), dueAfterCrash: .at(5))
      let stale = try await store.lease(
        [(file.name(1), 0), (file.name(2), 0), (file.name(3), 0), (file.name(9), 0)], dueAfterCrash: .at(6))
      #expect(stale == .stale([file.name(2), file.name(9)]))
      for (ordinal, attempts) in [(1, 0), (2, 1), (3, 0)] {
        #expect(try await store.row(file.name(ordinal))?.attempts == attempts)
      }
      #expect(try await store.row(file.name(2))?.retryState.due == .at(5))
      #expect(
        try await store.lease([(file.name(2), 1)], dueAfterCrash: .at(6)) == .leased([QueuedBatch(file.batches[1])]))
      #expect(try await store.row(file.name(2))?.attempts == 2)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `the content of a batch is looked at without an attempt`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch([(1, 5), (2, nil)])])
      try store.publish(file)
      #expect(try await store.content(of: file.name(1))?.batch == QueuedBatch(file.batches[0]))
      #expect(try await store.content(of: file.name(2)) == nil)
      #expect(try await store.row(file.name(1))?.attempts == 0)
      #expect(try await store.content(of: file.name(1))?.problem == nil)
      _ = try await store.lease(file.name(1))
      _ = try await store.apply(
        file.name(1), .postpone(retryState(due: 9), why: "503", isOpen: false), request: .example)
      #expect(try await store.content(of: file.name(1))?.problem == "503")
    }
  }
}
