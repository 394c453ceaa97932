import Core
import Engine
import Outbox
import Runtime
import Testing
import TestKit

@Suite struct ClockTests {
  private let mark = QueueClock.Mark(
    reading: QueueClock.Reading(bootID: "b", sinceBoot: 1000, wall: World.time), time: QueueTime(milliseconds: 500_000))

  /// `seconds` later in the same boot, with the wall clock set forward by a day.
  private func reading(_ seconds: Int64) -> QueueClock.Reading {
    QueueClock.Reading(bootID: "b", sinceBoot: 1000 + seconds * 1000, wall: World.time + .seconds(seconds + 86_400))
  }

  @Test func `the clock's mark is kept, the last one`() async throws {
    try await World.with { world in
      #expect(try await world.outbox.clockMark() == nil)
      try await world.outbox.keep(QueueClock.Mark(reading: mark.reading, time: QueueTime(milliseconds: 1)))
      try await world.outbox.keep(mark)
      #expect(try await world.outbox.clockMark() == mark)
      let clock = try await world.outbox.clock(at: reading(10))
      #expect(clock.time(at: reading(10)) == QueueTime(milliseconds: 510_000))
    }
  }

  @Test func `the machine's clocks are read, and its boot has a name`() throws {
    let first = QueueClock.Reading.now
    let second = QueueClock.Reading.now
    #expect(first.bootID.count == 36)
    #expect(first.bootID == second.bootID)
    #expect(first.sinceBoot > 0)
    #expect((first.sinceBoot...first.sinceBoot + 60_000).contains(second.sinceBoot))
    #expect(first.wall > World.time + .seconds(-10 * 366 * 86_400))
  }

  @Test func `waits are told by the wall clock as it is now`() async throws {
    try await World.with { world in
      try world.publish()
      let outbox = world.outbox
      try await outbox.keep(mark)
      // A minute after the mark, by the queue's clock.
      let due = QueueTime(milliseconds: 560_000)
      var retryState = RetryState()
      retryState.due = due
      _ = try await world.apply(1, .postpone(retryState, why: "503", isOpen: true))
      try await outbox.note(target: "t", state: .slowed, reason: "429", until: due)
      let now = reading(10)
      let wanted = now.wall + .seconds(50)
      #expect(try await outbox.targetNotes(at: now)["t"]?.until == wanted)
      #expect(try await outbox.queuedFiles(at: now).map(\.dueAt) == [wanted])
      #expect(try await outbox.problems(at: now).map(\.nextAt) == [wanted])
      #expect(try await outbox.summary(of: world.id, at: now)?.nextAt == wanted)
      #expect(try await outbox.files(FileFilter(), at: now).map(\.nextAt) == [wanted])
      #expect(try await outbox.waitingBatches(of: world.id, limit: 1, at: now).map(\.dueAt) == [wanted])
    }
  }

  @Test func `a file's age is counted by the queue's clock`() async throws {
    try await World.with { world in
      try world.outbox.commit { commit in
        try commit.begin(World.newFile(world.id, claimedAt: 490_000))
        try commit.stage([(1, QueuedBatch(World.batch([1])))], rejects: [], of: world.id, target: "t")
        try commit.publish(world.id, facts: World.facts, items: 1, rejected: 0)
      }
      let outbox = world.outbox
      try await outbox.keep(mark)
      let claimed = reading(10).wall + .seconds(-20)
      #expect(try await outbox.queuedFiles(olderThan: .seconds(20), at: reading(10)).map(\.claimedAt) == [claimed])
      #expect(try await outbox.queue(at: reading(10)).oldestAt == claimed)
      var backlog = TargetBacklog()
      (backlog.batches, backlog.items, backlog.bytes) = (1, 1, World.batch([1]).body.count)
      backlog.oldestAt = claimed
      #expect(try await outbox.backlogs(at: reading(10)) == ["t": backlog])
      #expect(try await outbox.queuedFiles(olderThan: .seconds(21), at: reading(10)).isEmpty)
      func aged(_ tenth: Int64, _ half: Int64) async throws -> [AgedFile] {
        try await outbox.takeAged(tenth: QueueTime(milliseconds: tenth), half: QueueTime(milliseconds: half))
      }
      #expect(try await aged(489_999, 0).isEmpty)
      #expect(
        try await outbox.takeAged(
          tenth: QueueTime(milliseconds: 490_000), half: QueueTime(milliseconds: 0), tenthExcept: ["t", "u"]
        ).isEmpty, "its target is not sent to on purpose")
      let found = try await aged(490_000, 0)
      #expect(found.map(\.share) == [.tenth])
      #expect(found.map(\.file.claimedAt) == [QueueTime(milliseconds: 490_000)])
      #expect(try await aged(490_000, 0).isEmpty, "once")
      #expect(
        try await outbox.takeAged(
          tenth: QueueTime(milliseconds: 490_000), half: QueueTime(milliseconds: 490_000), tenthExcept: ["t"]
        ).map(\.share) == [.half], "half is told in any case")
    }
  }

  @Test func `a damaged time is told as some time`() async throws {
    try await World.with { world in
      try world.publish()
      _ = try await world.apply(1, .postpone(World.retryState(due: .max), why: "503", isOpen: true))
      try world.sql("INSERT INTO clock VALUES (1, 'b', 1, 9223372036854775807, -9223372036854775808)")
      #expect(try await world.outbox.clockMark() == nil)
      #expect(try await world.outbox.queuedFiles().map(\.dueAt?.description.count) == [24])
    }
  }
}
