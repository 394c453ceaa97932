import Core
import Engine
import Testing

@Suite struct WaitingConformanceTests {
  /// Two files whose batches wait until these times; the rest of the first waits for nothing.
  private func postpone(_ store: Store, _ dues: [(name: BatchName, due: Int64)]) async throws {
    for (name, due) in dues {
      _ = try await store.lease(name)
      _ = try await store.apply(name, .postpone(retryState(due: due), why: "503", isOpen: false), request: .example)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `postponed batches come by the time when they are due, then by name`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let first = DroppedFile(number: 1, batches: (1...4).map { batch($0...$0) })
      let second = DroppedFile(number: 2, batches: (1...1).map { batch($0...$0) })
      let other = DroppedFile(number: 3, target: "u", batches: (1...1).map { batch($0...$0) })
      for file in [first, second, other] { try store.publish(file) }
      try await postpone(
        store,
        [(first.name(1), 30), (first.name(2), 10), (first.name(4), 30), (second.name(1), 20), (other.name(1), 5)])
      let page = try await store.postponed(for: "t", after: nil, limit: 9)
      #expect(page.batches.map(\.name) == [first.name(2), second.name(1), first.name(1), first.name(4)])
      #expect(page.isEnd)
      #expect(Set(page.files.keys) == [first.id, second.id])
      var last: (due: QueueTime, name: BatchName)?
      var seen: [BatchName] = []
      while true {
        let page = try await store.postponed(for: "t", after: last, limit: 1)
        seen += page.batches.map(\.name)
        guard !page.isEnd, let batch = page.batches.last else { break }
        last = (batch.retryState.due, batch.name)
      }
      #expect(seen == page.batches.map(\.name))
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `what waits is made due for all, for a file or for a target, and never later than it was`(_ engine: OutboxEngine)
    async throws
  {
    try await engine.with { engine in
      let store = engine.store
      let first = DroppedFile(number: 1, batches: (1...3).map { batch($0...$0) })
      let second = DroppedFile(number: 2, target: "u", batches: [batch(1...1)])
      let unread = DroppedFile(number: 3, batches: [batch(1...1)])
      for file in [first, second] { try store.publish(file) }
      try store.stage(unread)
      try await postpone(store, [(first.name(1), 300), (first.name(2), 10), (second.name(1), 300)])
      func dues() async throws -> [Int64] {
        try await store.batches([first.name(1), first.name(2), first.name(3), second.name(1)]).batches
          .map(\.retryState.due.milliseconds)
      }
      #expect(try await store.makeDue(file: nil, target: "nobody", at: .at(1)) == 0)
      #expect(try await store.makeDue(file: second.id, target: nil, at: .at(200)) == 1)
      #expect(try await dues() == [300, 10, 0, 200])
      #expect(try await store.makeDue(file: nil, target: "t", at: .at(100)) == 3)
      #expect(try await dues() == [100, 10, 0, 200])
      #expect(try await store.makeDue(file: nil, target: nil, at: .at(50)) == 4)
      #expect(try await dues() == [50, 10, 0, 50])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a file that is queued can be cancelled, and stays so over a crash`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let queued = DroppedFile(number: 1, batches: [batch(1...1)])
      let unread = DroppedFile(number: 2, batches: [batch(1...1)])
      let finishing = DroppedFile(number: 3, batches: [])
      try store.publish(queued)
      try store.stage(unread)
      try store.publish(finishing)
      #expect(try await store.cancel(unread.id) == false)
      #expect(try await store.cancel(finishing.id) == false)
      #expect(try await store.cancel(.numbered(9)) == false)
      #expect(try await store.line(for: "t", after: nil, limit: 9).files[queued.id]?.isCancelled == false)
      #expect(try await store.cancel(queued.id))
      #expect(try await store.cancel(queued.id), "once more")
      #expect(try await store.line(for: "t", after: nil, limit: 9).files[queued.id]?.isCancelled == true)
      try await engine.crash()
      #expect(try await engine.store.line(for: "t", after: nil, limit: 9).files[queued.id]?.isCancelled == true)
    }
  }
}
