import Core
import Engine
import Simulation
import Testing

/// What the outbox in memory does beyond the conformance suite: it fails on demand.
@Suite struct MemoryOutboxTests {
  private let file = FileID(at: Timestamp(milliseconds: 1_795_000_000_000), entropy: 1)
  private let content = QueuedBatch(
    Batch(
      items: [BatchItem(number: 1, line: 1, source: 0..<1, pieceLength: 1, key: nil)], body: Array("[1]".utf8)))
  private var name: BatchName { BatchName(file: file, ordinal: 1) }

  private func publish(_ outbox: MemoryOutbox) throws {
    let new = NewFile(
      id: file, inbox: "in", name: [1], receivedAt: Timestamp(milliseconds: 1), claimedAt: QueueTime(milliseconds: 1))
    var facts = FileFacts()
    facts.target = "t"
    try outbox.commit { commit in
      try commit.begin(new)
      try commit.stage([(1, content)], rejects: [], of: file, target: "t")
      try commit.publish(file, facts: facts, items: 1, rejected: 0)
    }
  }

  @Test func `a read or a commit fails as often as asked, and changes nothing`() async throws {
    let outbox = MemoryOutbox()
    try publish(outbox)
    outbox.failNext(reads: 1, writes: 2)
    await #expect(throws: OutboxError.self) { _ = try await outbox.line(for: "t", after: nil, limit: 1) }
    for _ in 1...2 {
      await #expect(throws: OutboxError.self) {
        _ = try await outbox.lease([(name, 0)], dueAfterCrash: QueueTime(milliseconds: 0))
      }
    }
    #expect(try await outbox.line(for: "t", after: nil, limit: 1).batches.map(\.attempts) == [0])
    #expect(
      try await outbox.lease([(name, 0)], dueAfterCrash: QueueTime(milliseconds: 0)) == .leased([content]))
  }

  @Test func `a full disk takes no commit until there is room`() async throws {
    let outbox = MemoryOutbox()
    outbox.isFull = true
    let error = #expect(throws: OutboxError.self) { try publish(outbox) }
    #expect(error?.mayPass == true)
    #expect(try await outbox.unreadFiles().isEmpty)
    outbox.isFull = false
    try publish(outbox)
    #expect(try await outbox.line(for: "t", after: nil, limit: 2).batches.map(\.name) == [name])
  }

  @Test func `a power cut takes back the last commits, none of them before the last durable one`() async throws {
    let outbox = MemoryOutbox(mostAtRisk: 10)
    func attempts() async throws -> [Int] {
      try await outbox.line(for: "t", after: nil, limit: 2).batches.map(\.attempts)
    }
    func lease() async throws {
      let known = try await attempts()
      _ = try await outbox.lease([(name, known[0])], dueAfterCrash: QueueTime(milliseconds: 0))
    }
    try publish(outbox)
    #expect(try await outbox.cancel(file))
    #expect(outbox.commitsAtRisk == 0)
    for _ in 1...3 { try await lease() }
    #expect(outbox.commitsAtRisk == 3)
    outbox.cutPower(losing: 1)
    #expect(try await attempts() == [2])
    #expect(outbox.commitsAtRisk == 0, "what a start finds is on the disk")
    for _ in 1...2 { try await lease() }
    outbox.cutPower(losing: 99)
    #expect(try await attempts() == [2])
    #expect(try await outbox.line(for: "t", after: nil, limit: 1).files[file]?.isCancelled == true)
  }

  @Test func `what no correct caller writes is rejects`() async throws {
    let outbox = MemoryOutbox()
    try publish(outbox)
    let request = RequestFacts(status: 201, requestID: nil, sentAt: Timestamp(milliseconds: 1))
    func refuses(_ settlement: Settlement) async throws {
      let before = try await outbox.line(for: "t", after: nil, limit: 2)
      let error = await #expect(throws: OutboxError.self) {
        _ = try await outbox.apply([(name, .settle(settlement))], request: request)
      }
      #expect(error?.code == .damaged)
      #expect(try await outbox.line(for: "t", after: nil, limit: 2) == before)
    }
    // It was never sent.
    try await refuses(Settlement(accepted: 1, unchanged: 0, rejects: []))
    _ = try await outbox.lease([(name, 0)], dueAfterCrash: QueueTime(milliseconds: 0))
    // It has one item.
    try await refuses(Settlement(accepted: 2, unchanged: 0, rejects: []))
    try await refuses(Settlement(accepted: 0, unchanged: 0, rejects: []))
  }
}
