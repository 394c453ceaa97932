import Core
import Engine
import Foundation
import Outbox
import Testing
import TestKit

@Suite struct ChangesTests {
  @Test func `a lease is counted as open until an answer is written down`() async throws {
    try await World.with { world in
      try world.publish()
      #expect(try await world.lease([1], dueAfterCrash: 70).batches.map(\.whole) == [World.batch([1, 2])])
      let leased = try #require(try await world.line().first)
      #expect(leased.attempts == 1)
      #expect(leased.unanswered == 1, "a crash now must not hide the request")
      #expect(leased.retryState.due == QueueTime(milliseconds: 70))
      #expect(try await world.record().counts.requests == 1)
      let waiting = try await world.apply(
        1, .postpone(World.retryState(due: 5), why: "503", isOpen: false), request: answered)
      #expect(waiting.batches.map(\.unanswered) == [0])
      #expect(waiting.batches.map(\.attempts) == [1])
      #expect(waiting.batches.map(\.retryState) == [World.retryState(due: 5)])
      #expect(try await world.line().first == waiting.batches.first)
    }
  }

  @Test func `a lease of what is gone, or not as it was known, counts none`() async throws {
    try await World.with { world in
      try world.publish()
      #expect(try await world.lease([1, 2, 3]) == .stale([world.name(3)]))
      #expect(try await world.lease([1, 2], attempts: 1) == .stale([world.name(1), world.name(2)]))
      #expect(try await world.line().map(\.attempts) == [0, 0])
      #expect(try await world.record().counts.requests == 0)
      #expect(try await world.lease([2, 1]).batches.map(\.items.count) == [1, 2], "in the order asked for")
      #expect(try await world.record().counts.requests == 2)
    }
  }

  @Test func `batches that travelled together settle together, or not at all`() async throws {
    try await World.with { world in
      try world.publish()
      _ = try await world.lease([1, 2])
      // More than the file has: the outbox rejects it.
      await #expect(throws: OutboxError.self) {
        try await world.outbox.apply(
          [(world.name(2), settlement(1)), (world.name(1), settlement(9))], request: answered)
      }
      #expect(try await world.line().map(\.attempts) == [1, 1])
      let results = try await world.outbox.apply(
        [(world.name(1), settlement(2)), (world.name(2), settlement(1))], request: answered)
      #expect(
        results == [
          ChangeResult(batches: [], isFileComplete: false), ChangeResult(batches: [], isFileComplete: true),
        ])
    }
  }

  @Test func `a file is finishing when its last batch has settled, and its counts add up`() async throws {
    try await World.with { world in
      try world.publish()
      let parts = Settlement(accepted: 1, unchanged: 1, rejects: [World.reject(2)], ranges: [1...1, 2...2])
      #expect(try await world.apply(1, .settle(parts), request: answered).isFileComplete == false)
      #expect(try await world.apply(2, settlement(1), request: answered).isFileComplete)
      let record = try #require(try await world.outbox.secureFinished(after: nil, limit: 10, at: world.id.time).first)
      #expect(record.counts.items == 3)
      #expect(record.counts.accepted == 2)
      #expect(record.counts.rejected == 1)
      #expect(record.counts.unchanged == 1)
      #expect(record.facts.url == "http://127.0.0.1/answered", "the one that answered")
      #expect(record.completedAt == world.id.time)
      let settled = try world.outbox.settled(world.id)
      #expect(settled.map(\.items) == [2, 1])
      #expect(settled.map(\.ranges) == [[1...1, 2...2], []])
      #expect(settled.map(\.requestID) == ["r", "r"])
      #expect(try world.outbox.rejects(world.id, after: 0, limit: 10).map(\.item) == [2])
      try await world.outbox.finish([(record, "partial", "{}", "00")])
      #expect(try await world.outbox.finishedStatus(world.id) == "partial")
      #expect(try await world.outbox.queue() == QueueCounts())
    }
  }

  @Test func `requests after which it is open what was applied are counted`() async throws {
    try await World.with { world in
      try world.publish(batches: [World.batch([1]), World.batch([2]), World.batch([3])])
      _ = try await world.lease([1, 2, 3])
      _ = try await world.apply(1, settlement(1), request: answered)
      // No answer, and given up later without one.
      _ = try await world.apply(2, .postpone(World.retryState(due: 0), why: "cut", isOpen: true))
      _ = try await world.apply(2, settlement(0, rejects: [World.reject(2)]))
      let settled = try world.outbox.settled(world.id)
      #expect(settled.map(\.attempts) == [1, 1])
      #expect(settled.map(\.unanswered) == [0, 1])
      #expect(settled.map(\.status) == [201, nil])
      // Nothing went out.
      let back = try await world.apply(3, .takeBack(World.retryState(due: 9, failures: 0), why: nil))
      #expect(back.batches.map(\.attempts) == [0])
      #expect(back.batches.map(\.unanswered) == [0])
      #expect(back.batches.map(\.retryState.due) == [QueueTime(milliseconds: 9)])
      #expect(
        try await world.outbox.postponed(for: "t", after: nil, limit: 9).batches.isEmpty, "no reason, not put off")
      #expect(try await world.record().counts.requests == 1 + 1 + 1 - 1)
      _ = try await world.lease([3])
      _ = try await world.apply(3, .takeBack(World.retryState(due: 9), why: "no token"))
      #expect(try await world.outbox.postponed(for: "t", after: nil, limit: 9).batches.map(\.name) == [world.name(3)])
    }
  }

  @Test func `parts take the place of their batch, with what is open of it`() async throws {
    try await World.with { world in
      try world.publish()
      let halves = World.batch([1, 2]).halves
      for isOpen in [true, false] {
        try world.outbox.commit { try $0.begin(World.newFile(World.ids(3)[isOpen ? 1 : 2])) }
      }
      _ = try await world.lease([1])
      _ = try await world.apply(1, .postpone(World.retryState(due: 0), why: "cut", isOpen: true))
      _ = try await world.lease([1], attempts: 1)
      var retryState = World.retryState(due: 8, failures: 5)
      retryState.blames = 5
      let result = try await world.apply(
        1, .split([halves.0, halves.1], retryState, why: "400", isOpen: false), request: answered)
      let names = [world.name(1).part(0), world.name(1).part(1)]
      #expect(result.batches.map(\.name) == names)
      #expect(result.batches.map(\.attempts) == [1, 1])
      #expect(result.batches.map(\.unanswered) == [1, 1])
      #expect(result.batches.map(\.retryState) == [retryState, retryState])
      #expect(!result.isFileComplete)
      let line = try await world.line()
      #expect(line.map(\.name) == names + [world.name(2)])
      #expect(Array(line.prefix(2)) == result.batches)
      #expect(try await world.outbox.content(of: names[1])?.batch.whole == World.batch([2]))
      #expect(try await world.outbox.content(of: names[1])?.problem == "400")
      #expect(try await world.outbox.content(of: world.name(2))?.problem == nil)
      #expect(try await world.outbox.content(of: world.name(1)) == nil)
      #expect(try await world.outbox.postponed(for: "t", after: nil, limit: 9).batches.map(\.name) == names)
    }
  }

  @Test func `items that an answer did not name stay in their place and are counted as missed`() async throws {
    try await World.with { world in
      try world.publish()
      _ = try await world.lease([1])
      var retryState = World.retryState(due: 60, failures: 2)
      retryState.beganHold = true
      _ = try await world.apply(1, .postpone(retryState, why: "cut", isOpen: true))
      _ = try await world.lease([1], attempts: 1, dueAfterCrash: 70)
      let result = try await world.apply(1, settlement(1, rest: World.batch([2])), request: answered)
      let rest = try #require(result.batches.first)
      retryState.due = QueueTime(milliseconds: 0)
      #expect(rest.misses == 1)
      #expect(rest.attempts == 1)
      #expect(rest.unanswered == 1)
      #expect(rest.retryState == retryState)
      #expect(try await world.line() == [rest] + world.line().suffix(1))
      #expect(rest.name == world.name(1).part(0))
      let again = try await world.outbox.apply(
        [(rest.name, settlement(0, rest: World.batch([2])))], request: answered)
      #expect(again.first?.batches.map(\.misses) == [2])
      #expect(try world.outbox.settled(world.id).count == 1, "nothing settled the second time")
    }
  }

  @Test func `what is written down twice changes nothing the second time`() async throws {
    try await World.with { world in
      try world.publish()
      let none = ChangeResult(batches: [], isFileComplete: false)
      _ = try await world.apply(1, settlement(2), request: answered)
      let before = try await world.record()
      #expect(try await world.apply(1, settlement(2), request: answered) == none)
      #expect(try await world.apply(1, .takeBack(RetryState(), why: nil)) == none)
      #expect(try await world.apply(1, .split([World.batch([1])], RetryState(), why: "", isOpen: true)) == none)
      #expect(try await world.record() == before)
      #expect(try await world.line().map(\.name) == [world.name(2)])
    }
  }

  @Test func `only a queued file is cancelled, and stays so after a crash`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
        let outbox = try Outbox(path: path)
        let ids = World.ids(2)
        try World(outbox: outbox, path: path, id: ids[0]).publish()
        try World(outbox: outbox, path: path, id: ids[1]).stage()
        #expect(try await outbox.cancel(ids[1]) == false)
        #expect(try await outbox.cancel(ids[0]))
        kill(getpid(), SIGKILL)
      }
      let outbox = try Outbox(path: path)
      #expect(try await outbox.oldestFile(for: "t")?.isCancelled == true)
    }
  }
}
