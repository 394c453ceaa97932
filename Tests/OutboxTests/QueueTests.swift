import Core
import Engine
import Outbox
import Runtime
import Testing
import TestKit

@Suite struct QueueTests {
  private static let batches = 20_000

  /// Files with batches whose rows are as large as a page.
  private func fill(_ outbox: Outbox, files: Int) throws -> [FileID] {
    var ids = FileIDSource()
    let items = (1...400).map {
      BatchItem(number: $0, line: $0, source: $0 * 10..<$0 * 10 + 8, pieceLength: 1, key: KeyHash(stored: UInt64($0)))
    }
    let batch = QueuedBatch(Batch(items: items, body: Array("[\(items.map { _ in "1" }.joined(separator: ","))]".utf8)))
    return try (0..<files).map { _ in
      let id = ids.next(at: Timestamp(milliseconds: 1_795_000_000_000))
      let count = Self.batches / files
      var facts = FileFacts()
      (facts.target, facts.api, facts.url) = ("t", "liquid", "http://127.0.0.1/")
      try outbox.commit {
        try $0.begin(World.newFile(id))
        try $0.stage((1...count).map { ($0, batch) }, rejects: [], of: id, target: "t")
        try $0.publish(id, facts: facts, items: count * items.count, rejected: 0)
      }
      return id
    }
  }

  @Test func `what is being read does not wait for its target yet`() async throws {
    try await World.with { world in
      try world.stage()
      #expect(try await world.outbox.backlogs().isEmpty)
      try world.publish(World.ids(2)[1])
      #expect(try await world.outbox.backlogs().mapValues(\.batches) == ["t": 2])
    }
  }

  @Test(arguments: [1, 200])
  func `what waits is counted, and why, without reading the batches`(_ files: Int) async throws {
    try await withTemporaryFolder { folder in
      let outbox = try Outbox(path: folder + "/outbox.sqlite")
      let ids = try fill(outbox, files: files)
      let line = try await outbox.line(for: "t", after: nil, limit: 2).batches
      _ = try await outbox.apply(
        [
          (line[0].name, .postpone(World.retryState(due: 9000, failures: 3), why: "503", isOpen: true)),
          (line[1].name, .postpone(World.retryState(due: 7000), why: "500", isOpen: true)),
        ], request: nil)
      // Where there is no mark, the queue's clock shows what the wall clock does.
      let moment = QueueClock.Reading.now
      // Beside reading them in the same moments, since other tests keep the machine busy.
      let clock = ContinuousClock()
      var (counting, reading) = (Duration.zero, Duration.zero)
      var queued: [QueuedFile] = []
      var last: BatchName?
      for _ in 1...10 {
        let began = clock.now
        queued = try await outbox.queuedFiles(at: moment)
        let counted = clock.now
        last = try await outbox.line(for: "t", after: last, limit: Self.batches / 10).batches.last?.name
        counting += counted - began
        reading += clock.now - counted
      }
      #expect(counting / 10 < reading / 2, "\(counting / 10) to count them, \(reading) to read them")
      #expect(queued.map(\.file.id) == ids)
      #expect(queued.reduce(0) { $0 + $1.batches } == Self.batches)
      #expect(queued.reduce(0) { $0 + $1.items } == Self.batches * 400)
      #expect(queued[0].triedBatches == 2)
      #expect(queued[0].dueAt == Timestamp(milliseconds: 7000))
      #expect(queued[0].problem == "500", "that of the one that is due first")
      #expect(queued[0].failures == 1)
      #expect(try await outbox.queuedFiles(target: "other").isEmpty)
      #expect(try await outbox.queuedFiles(id: ids[0]).count == 1)
      try outbox.close()
    }
  }
}
