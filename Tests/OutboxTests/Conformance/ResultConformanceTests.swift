import Core
import Engine
import Testing

@Suite struct ResultConformanceTests {
  @Test(arguments: OutboxEngine.allCases)
  func `finished files come oldest first, with a time of completion that is set once`(_ engine: OutboxEngine)
    async throws
  {
    try await engine.with { engine in
      let store = engine.store
      for number in [3, 1, 2] { try store.publish(DroppedFile(number: number, batches: [])) }
      try store.publish(DroppedFile(number: 4, batches: [batch(1...1)]))
      let received = Timestamp(milliseconds: 1_795_000_000_000)
      let later = received + .seconds(5)
      let first = try await store.secureFinished(after: nil, limit: 2, at: later)
      #expect(first.map(\.id) == [.numbered(1), .numbered(2)])
      #expect(first.map(\.completedAt) == [later, later])
      #expect(first.map(\.state) == [.finishing, .finishing])
      try await engine.crash()
      let again = try await engine.store.secureFinished(after: nil, limit: 2, at: later + .seconds(5))
      #expect(again == first)
      let rest = try await engine.store.secureFinished(after: .numbered(2), limit: 2, at: received + .seconds(-5))
      #expect(rest.map(\.id) == [.numbered(3)])
      #expect(rest.map(\.completedAt) == [received], "never before it was received")
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `rejected items come in the file's order, in pages`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(2...4)], rejects: [.of(5), .of(1)])
      try store.publish(file)
      _ = try await store.lease(file.name(1))
      _ = try await store.apply(
        file.name(1), .settle(Settlement(accepted: 1, unchanged: 0, rejects: [.of(4), .of(2)])), request: .example)
      #expect(try store.rejects(file.id, after: 0, limit: 3).map(\.item) == [1, 2, 4])
      #expect(try store.rejects(file.id, after: 4, limit: 3) == [.of(5)])
      #expect(try store.rejects(.numbered(9), after: 0, limit: 3).isEmpty)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `settled requests come in the order of the items`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [batch(1...2), batch(3...3)])
      try store.publish(file)
      for ordinal in 1...2 { _ = try await store.lease(file.name(ordinal)) }
      let halves = batch(1...2).halves
      _ = try await store.apply(
        file.name(2), .settle(Settlement(accepted: 1, unchanged: 0, rejects: [], ranges: [3...3])), request: .example)
      _ = try await store.apply(
        file.name(1), .split([halves.0, halves.1], retryState(), why: "400", isOpen: false), request: .example)
      for (part, item) in [(1, 2), (0, 1)] {
        let name = file.name(1).part(part)
        _ = try await store.lease(name)
        _ = try await store.apply(
          name, .settle(Settlement(accepted: 1, unchanged: 0, rejects: [], ranges: [item...item])), request: .example)
      }
      #expect(try store.settled(file.id).map(\.ranges) == [[1...1], [2...2], [3...3]])
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `accepted items come by their numbers, with the answer that settled them, and go with their file`(
    _ engine: OutboxEngine
  ) async throws {
    func settlement(_ numbers: [Int]) -> BatchChange {
      var settlement = Settlement(accepted: numbers.count, unchanged: 0, rejects: [])
      for number in numbers {
        settlement.acceptedItems.append(
          number: number, line: number + 1, isUnchanged: false, key: Array("k\(number)".utf8), record: ([], []))
      }
      return .settle(settlement)
    }
    try await engine.with { engine in
      let store = engine.store
      var file = DroppedFile(number: 1, batches: [batch([(2, 2), (4, 4)]), batch([(1, 1), (3, 3)])])
      file.listsAccepted = true
      try store.publish(file)
      #expect(try await store.line(for: "t", after: nil, limit: 9).files[file.id]?.listsAccepted == true)
      for ordinal in 1...2 {
        _ = try await store.lease(file.name(ordinal))
        _ = try await store.apply(file.name(ordinal), settlement(ordinal == 1 ? [2, 4] : [1, 3]), request: .example)
      }
      try await engine.crash()
      let all = try engine.store.accepted(file.id, after: .min, limit: 9)
      #expect(all.map(\.first) == [1, 2])
      #expect(all.map(\.position) == [file.name(2).position, file.name(1).position])
      #expect(try engine.store.settledPositions(file.id) == [file.name(1).position, file.name(2).position])
      #expect(all.allSatisfy { $0.requestID == "r" && $0.sentAt == RequestFacts.example.sentAt })
      #expect(all.allSatisfy { $0.answeredAt == RequestFacts.example.answeredAt && $0.answeredAt != nil })
      #expect(try engine.store.accepted(file.id, after: .min, limit: 1).map(\.first) == [1])
      #expect(try engine.store.accepted(file.id, after: 1, limit: 9) == [all[1]])
      let records = try await engine.store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0))
      #expect(records.map(\.facts.listsAccepted) == [true])
      try await engine.store.finish(records.map { ($0, "accepted", "{}", "00") })
      #expect(try engine.store.accepted(file.id, after: .min, limit: 9).isEmpty)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `orders are kept for files under way, and go with them`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, batches: [])
      try store.publish(file)
      let orders = (1...3).map { FileOrder(at: Timestamp(milliseconds: 9 - Int64($0)), order: "o\($0)", by: "ops") }
      for order in orders {
        try await store.keep(order, for: file.id)
        try await store.keep(order, for: .numbered(9))
      }
      #expect(try store.orders(file.id) == orders, "in the order in which they were given")
      #expect(try store.orders(.numbered(9)).isEmpty)
      let records = try await store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0))
      try await store.finish(records.map { ($0, "accepted", "{}", "00") })
      #expect(try store.orders(file.id).isEmpty)
    }
  }

  @Test(arguments: OutboxEngine.allCases)
  func `a file whose way has ended is gone, and ends again without harm`(_ engine: OutboxEngine) async throws {
    try await engine.with { engine in
      let store = engine.store
      let file = DroppedFile(number: 1, sha256: "a", batches: [batch(1...1)], rejects: [.of(2)])
      try store.publish(file)
      _ = try await store.lease(file.name(1))
      _ = try await store.apply(
        file.name(1), .settle(Settlement(accepted: 1, unchanged: 0, rejects: [], ranges: [1...1])), request: .example)
      let records = try await store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0))
      for _ in 1...2 {
        try await store.finish(records.map { ($0, "partial", "{}", "00") })
        #expect(try await store.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 0)).isEmpty)
        #expect(try store.settled(file.id).isEmpty)
        #expect(try store.rejects(file.id, after: 0, limit: 9).isEmpty)
      }
      let original = try store.commit { try $0.original(sha256: "a", inbox: "in", before: .numbered(2)) }
      #expect(original?.id == file.id)
      #expect(original?.wasUsed == true)
    }
  }
}

extension FileCounts {
  init(items: Int, accepted: Int = 0, unchanged: Int = 0, rejected: Int = 0, requests: Int = 0) {
    self.init()
    (self.items, self.accepted, self.unchanged, self.rejected, self.requests) = (
      items, accepted, unchanged, rejected, requests
    )
  }
}
