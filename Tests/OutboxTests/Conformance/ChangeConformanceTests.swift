import Core
import Engine
import Testing

@Suite struct ChangeConformanceTests {
  @Test(arguments: OutboxEngine.allCases)
  func `what an answer settles is counted, and the last batch completes the file`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...3), batch(4...4)], rejects: [.of(5, .invalidItem)])
      try store.publish(file)
      _ = try await store.lease(file.name(1))
      _ = try await store.lease(file.name(1))
      var facts = RequestFacts.example
      facts.url = "http://127.0.0.1/new"
      let first = try await store.apply(
        file.name(1),
        .settle(Settlement(accepted: 2, unchanged: 1, rejects: [.of(2)], ranges: [1...3])), request: facts)
      #expect(first == ChangeResult(batches: [], isFileComplete: false))
      #expect(try await store.row(file.name(1)) == nil)
      _ = try await store.lease(file.name(2))
      let last = try await store.apply(
        file.name(2), .settle(Settlement(accepted: 1, unchanged: 0, rejects: [], ranges: [4...4])), request: .example)
      #expect(last == ChangeResult(batches: [], isFileComplete: true))
      let settled = try store.settled(file.id)
      #expect(settled.map(\.items) == [3, 1])
      #expect(settled.map(\.accepted) == [2, 1])
      #expect(settled.map(\.rejected) == [1, 0])
      #expect(settled.map(\.attempts) == [2, 1])
      #expect(settled.map(\.unanswered) == [1, 0], "the answered request is not open any more")
      #expect(settled.map(\.ranges) == [[1...3], [4...4]])
      #expect(settled.map(\.status) == [201, 201])
      #expect(settled.map(\.requestID) == ["r", "r"])
      #expect(settled.map(\.sentAt) == [facts.sentAt, facts.sentAt])
      #expect(try store.rejects(file.id, after: 0, limit: 9) == [.of(2), .of(5, .invalidItem)])
      let record = try await store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0)).first
      #expect(record?.counts == FileCounts(items: 5, accepted: 3, unchanged: 1, rejected: 2, requests: 3))
      #expect(record?.facts.url == "http://127.0.0.1/new", "the last answer without an address leaves it")
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `what is rejected without an answer keeps its open requests`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...2), batch(3...3)])
      try store.publish(file)
      _ = try await store.lease(file.name(1))
      let result = try await store.apply(
        file.name(1),
        .settle(Settlement(accepted: 0, unchanged: 0, rejects: [.of(1, .expired), .of(2, .expired)], ranges: [1...2])))
      #expect(result == ChangeResult(batches: [], isFileComplete: false))
      let settled = try store.settled(file.id)
      #expect(settled.map(\.unanswered) == [1])
      #expect(settled.map(\.attempts) == [1])
      #expect(settled.map(\.status) == [nil])
      #expect(settled.map(\.sentAt) == [nil])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `items that an answer did not name go on as a batch in the same place`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...3), batch(4...4)])
      try store.publish(file)
      let before = retryState(due: 50, failures: 2, blames: 1, failedAt: 40, beganHold: true)
      _ = try await store.lease(file.name(1))
      _ = try await store.apply(file.name(1), .postpone(before, why: "cut off", isOpen: true))
      _ = try await store.lease(file.name(1), dueAfterCrash: .at(99))
      let whole = batch(1...3)
      let result = try await store.apply(
        file.name(1),
        .settle(
          Settlement(
            accepted: 1, unchanged: 0, rejects: [], rest: whole.filtered { $0 != 1 }, ranges: [2...2])),
        request: .example)
      let rest = WaitingBatch(
        name: file.name(1).part(0), count: 2, bytes: 5, itemKeys: [KeyHash(stored: 1), KeyHash(stored: 3)], attempts: 1,
        unanswered: 1, retryState: retryState(failures: 2, blames: 1, failedAt: 40, beganHold: true), misses: 1)
      #expect(result == ChangeResult(batches: [rest], isFileComplete: false))
      #expect(try await store.line(for: "t", after: nil, limit: 9).batches.map(\.name) == [rest.name, file.name(2)])
      #expect(try await store.row(rest.name) == rest)
      #expect(try await store.postponed(for: "t", after: nil, limit: 9).batches == [rest])
      #expect(try await store.content(of: rest.name)?.batch == QueuedBatch(whole.filtered { $0 != 1 }))
      #expect(try store.settled(file.id).map(\.ranges) == [[2...2]])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func
    `items beside some that are rejected without a request go on in the same place, and nothing is held against them`(
      _ engine: OutboxEngine
    ) async throws
  {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...3), batch(4...4)])
      try store.publish(file)
      _ = try await store.lease(file.name(1))
      _ = try await store.apply(file.name(1), .takeBack(retryState(), why: nil))
      let part = batch(1...3).filtered { $0 != 1 }
      var settlement = Settlement(
        accepted: 0, unchanged: 0, rejects: [.of(2, .fileChanged)], rest: part, ranges: [2...2])
      settlement.restCause = .unsent
      let result = try await store.apply(file.name(1), .settle(settlement))
      let rest = WaitingBatch(
        name: file.name(1).part(0), count: 2, bytes: 5, itemKeys: [KeyHash(stored: 1), KeyHash(stored: 3)])
      #expect(result == ChangeResult(batches: [rest], isFileComplete: false))
      #expect(try await store.row(rest.name) == rest)
      #expect(try await store.content(of: rest.name)?.batch == QueuedBatch(part))
      #expect(try store.settled(file.id).map(\.attempts) == [0])
      #expect(try store.rejects(file.id, after: 0, limit: 9) == [.of(2, .fileChanged)])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `an answer that names nothing settles nothing`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...2)])
      try store.publish(file)
      _ = try await store.lease(file.name(1))
      let result = try await store.apply(
        file.name(1), .settle(Settlement(accepted: 0, unchanged: 0, rejects: [], rest: batch(1...2))), request: .example
      )
      #expect(result.batches.map(\.name) == [file.name(1).part(0)])
      #expect(result.batches.map(\.unanswered) == [0])
      #expect(!result.isFileComplete)
      #expect(try store.settled(file.id).isEmpty)
    }
  }

  @Test(arguments: OutboxEngine.allCases, [false, true])
  func `parts take the place of a batch, and earlier open requests count for each`(
    _ engine: OutboxEngine, _ isOpen: Bool
  ) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...3), batch(4...4)])
      try store.publish(file)
      _ = try await store.lease(file.name(1))
      _ = try await store.lease(file.name(1))
      let (left, right) = batch(1...3).halves
      let after = retryState(due: 30, failures: 1, blames: 5, failedAt: 20)
      let result = try await store.apply(
        file.name(1), .split([left, right], after, why: "400", isOpen: isOpen), request: .example)
      #expect(!result.isFileComplete)
      let names = [file.name(1).part(0), file.name(1).part(1)]
      let open = isOpen ? 2 : 1
      #expect(
        result.batches == [
          WaitingBatch(
            name: names[0], count: 1, bytes: 3, itemKeys: [KeyHash(stored: 1)], attempts: open, unanswered: open,
            retryState: after),
          WaitingBatch(
            name: names[1], count: 2, bytes: 5, itemKeys: [KeyHash(stored: 2), KeyHash(stored: 3)], attempts: open,
            unanswered: open, retryState: after),
        ])
      #expect(try await store.line(for: "t", after: nil, limit: 9).batches.map(\.name) == names + [file.name(2)])
      #expect(try await store.batches(names).batches == result.batches)
      #expect(try await store.postponed(for: "t", after: nil, limit: 9).batches == result.batches)
      #expect(try await store.content(of: names[1])?.batch == QueuedBatch(right))
    }
  }

  @Test(arguments: OutboxEngine.allCases, [false, true])
  func `a postponed batch has its retryState, and its request stays open or not`(
    _ engine: OutboxEngine, _ isOpen: Bool
  ) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...1)])
      try store.publish(file)
      _ = try await store.lease(file.name(1), dueAfterCrash: .at(9))
      let after = retryState(due: 8000, failures: 3, blames: 2, failedAt: 7000, beganHold: true)
      let result = try await store.apply(
        file.name(1), .postpone(after, why: "503", isOpen: isOpen), request: isOpen ? nil : .example)
      let row = WaitingBatch(
        name: file.name(1), count: 1, bytes: 3, itemKeys: [KeyHash(stored: 1)], attempts: 1, unanswered: isOpen ? 1 : 0,
        retryState: after)
      #expect(result == ChangeResult(batches: [row], isFileComplete: false))
      #expect(try await store.row(file.name(1)) == row)
      try await engine.crash()
      #expect(try await engine.store.row(file.name(1)) == row)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `an attempt of which nothing went out is taken back`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...1)])
      try store.publish(file)
      _ = try await store.lease(file.name(1), dueAfterCrash: .at(9))
      var result = try await store.apply(file.name(1), .takeBack(retryState(due: 3), why: nil))
      #expect(result.batches.map(\.attempts) == [0])
      #expect(result.batches.map(\.unanswered) == [0])
      #expect(result.batches.map(\.retryState) == [retryState(due: 3)])
      #expect(try await store.postponed(for: "t", after: nil, limit: 9).batches.isEmpty, "no reason was given")
      _ = try await store.lease(file.name(1))
      result = try await store.apply(file.name(1), .takeBack(retryState(due: 4), why: "no connection"))
      #expect(try await store.postponed(for: "t", after: nil, limit: 9).batches == result.batches)
      _ = try await store.lease(file.name(1))
      result = try await store.apply(file.name(1), .takeBack(retryState(due: 5), why: nil))
      #expect(
        try await store.postponed(for: "t", after: nil, limit: 9).batches == result.batches, "the old reason stays")
      _ = try await store.lease(file.name(1))
      _ = try await store.apply(
        file.name(1), .settle(Settlement(accepted: 1, unchanged: 0, rejects: [])), request: .example)
      let record = try await store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0)).first
      #expect(record?.counts.requests == 1)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a change of a batch that is not there changes nothing`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...2), batch(3...3)])
      try store.publish(file)
      _ = try await store.lease(file.name(1))
      let halves = batch(1...2).halves
      let change = BatchChange.split([halves.0, halves.1], retryState(), why: "400", isOpen: false)
      _ = try await store.apply(file.name(1), change, request: .example)
      let line = try await store.line(for: "t", after: nil, limit: 9)
      for change in [
        change, .postpone(retryState(due: 9), why: "x", isOpen: false), .takeBack(retryState(), why: "x"),
        .settle(Settlement(accepted: 2, unchanged: 0, rejects: [], ranges: [1...2])),
      ] {
        let result = try await store.apply([(file.name(1), change)], request: .example)
        #expect(result == [ChangeResult(batches: [], isFileComplete: false)])
        #expect(try await store.line(for: "t", after: nil, limit: 9) == line)
      }
      #expect(try store.settled(file.id).isEmpty)
    }
  }
}
