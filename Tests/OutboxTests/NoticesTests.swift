import Core
import Engine
import Outbox
import Testing
import TestKit

@Suite struct NoticesTests {
  private static let now = QueueTime(milliseconds: 42)

  private static func notice(
    _ event: Notice.Event, _ number: Int, receipt: String? = nil, message: String = "m"
  ) -> Notice {
    Notice(
      event, at: World.time, inbox: "in", file: FileID(at: World.time, entropy: UInt128(number)), message: message,
      receipt: receipt)
  }

  private static func waiting(_ outbox: Outbox, _ receiver: String) async throws -> [WaitingNotice] {
    let found = try await outbox.notices(for: receiver, after: nil, limit: 100_000, at: now)
    var notices: [WaitingNotice] = []
    for entry in found.entries { notices.append(try #require(try await outbox.notice(entry.row))) }
    return notices
  }

  @Test func `each receiver gets what it asked for, once, in order, and over a restart`() async throws {
    try await World.with { world in
      _ = try await world.outbox.setReceivers([("all", [.partial, .held]), ("one", [.held]), ("none", [.gap])])
      try await world.outbox.enqueue([
        Self.notice(.partial, 1, receipt: "{}"), Self.notice(.held, 2), Self.notice(.accepted, 3),
      ])
      try await world.outbox.enqueue([Self.notice(.held, 2, message: "again")])
      try world.outbox.close()
      let outbox = try Outbox(path: world.path)
      let all = try await Self.waiting(outbox, "all")
      #expect(all.map(\.event) == ["partial", "held"])
      #expect(all.map(\.receipt) == ["{}", nil])
      #expect(all.map(\.message) == ["m", "m"])
      #expect(try await Self.waiting(outbox, "one").map(\.id) == [all[1].id])
      #expect(try await Self.waiting(outbox, "none").isEmpty)
      #expect(try await outbox.receivers().map(\.waiting) == [2, 0, 1])
      try outbox.close()
      #expect(try OutboxHealth.examine(world.path)?.findings == [])
    }
  }

  @Test func `a file's notice is queued in the commit that ends the file`() async throws {
    try await World.with { world in
      _ = try await world.outbox.setReceivers([("r", [.partial])])
      try world.publish()
      _ = try await world.outbox.apply(
        [(world.name(1), settlement(2)), (world.name(2), settlement(1))], request: answered)
      let records = try await world.outbox.secureFinished(after: nil, limit: 10, at: World.time)
      let record = try #require(records.first)
      try await world.outbox.finish(
        [(record, "partial", "{}", "ab")], notifying: [Notice(.partial, at: World.time, file: record.id, message: "m")])
      #expect(try await world.outbox.finishedStatus(record.id) == "partial")
      #expect(try await Self.waiting(world.outbox, "r").map(\.file) == [record.id])
    }
  }

  @Test func `a receiver that is gone takes its queue with it, and another keeps its own`() async throws {
    try await World.with { world in
      _ = try await world.outbox.setReceivers([("a", [.held]), ("b", [.held])])
      try await world.outbox.enqueue([Self.notice(.held, 1), Self.notice(.held, 2)])
      let gone = try await world.outbox.setReceivers([("b", [.gap]), ("c", [.held])])
      #expect(gone.map(\.name) == ["a"])
      #expect(gone.map(\.waiting) == [2])
      try await world.outbox.enqueue([Self.notice(.held, 3)])
      #expect(try await Self.waiting(world.outbox, "a").isEmpty)
      #expect(try await Self.waiting(world.outbox, "b").count == 2)
      #expect(try await Self.waiting(world.outbox, "c").count == 1)
    }
  }

  @Test func `a full queue takes no more, and counts what it did not take`() async throws {
    try await World.with { world in
      _ = try await world.outbox.setReceivers([("r", [.held])])
      try await world.outbox.enqueue((1...Outbox.mostNotices + 3).map { Self.notice(.held, $0) })
      let found = try await world.outbox.notices(for: "r", after: nil, limit: 100_000, at: Self.now)
      #expect(found.entries.count == Outbox.mostNotices)
      #expect(found.overflowed == 3)
      try await world.outbox.delivered(try #require(found.entries.first).row, to: "r")
      try await world.outbox.enqueue([Self.notice(.held, 99_999)])
      let state = try #require(try await world.outbox.receivers().first)
      #expect(state.waiting == Outbox.mostNotices)
      #expect(state.dropped == 3)
    }
  }

  @Test func `a notice is queued without its receipt where those that wait are too large together`() async throws {
    try await World.with { world in
      _ = try await world.outbox.setReceivers([("r", [.held])])
      let large = String(repeating: "x", count: 40 << 20)
      try await world.outbox.enqueue([
        Self.notice(.held, 1, receipt: large), Self.notice(.held, 2, receipt: large),
        Self.notice(.held, 3, receipt: "{}"),
      ])
      let waiting = try await Self.waiting(world.outbox, "r")
      #expect(waiting.map { $0.receipt?.utf8.count } == [40 << 20, nil, 2])
    }
  }

  @Test func `its age counts from when it was seen first, also after a restart`() async throws {
    try await World.with { world in
      _ = try await world.outbox.setReceivers([("r", [.held])])
      try await world.outbox.enqueue([Self.notice(.held, 1)])
      _ = try await world.outbox.notices(for: "r", after: nil, limit: 10, at: Self.now)
      try world.outbox.close()
      let outbox = try Outbox(path: world.path)
      let later = try await outbox.notices(for: "r", after: nil, limit: 10, at: QueueTime(milliseconds: 999))
      #expect(later.entries.map(\.queuedAt) == [Self.now])
      try await outbox.giveUp(later.entries.map(\.row), of: "r")
      let state = try #require(try await outbox.receivers().first)
      #expect(state.waiting == 0 && state.dropped == 1)
    }
  }

  @Test func `why a receiver can't be told, and since when, is kept until it can`() async throws {
    try await World.with { world in
      _ = try await world.outbox.setReceivers([("r", [.held])])
      try await world.outbox.enqueue([Self.notice(.held, 1)])
      try await world.outbox.failed("r", reason: "away", at: Timestamp(milliseconds: 1))
      try await world.outbox.failed("r", reason: "still away", at: Timestamp(milliseconds: 2))
      var state = try #require(try await world.outbox.receivers().first)
      #expect(state.failure == "still away")
      #expect(state.failingSince == Timestamp(milliseconds: 1))
      #expect(state.failedAt == Timestamp(milliseconds: 2))
      let entries = try await world.outbox.notices(for: "r", after: nil, limit: 1, at: Self.now).entries
      let row = try #require(entries.first).row
      try await world.outbox.delivered(row, to: "r")
      state = try #require(try await world.outbox.receivers().first)
      #expect(state.failure == nil && state.failingSince == nil && state.waiting == 0)
    }
  }

  @Test func `a hold, and that it was told, outlive a restart, but not the target`() async throws {
    try await World.with { world in
      _ = try await world.outbox.setReceivers([("r", [.held])])
      let hold = HoldWatch.Hold(since: QueueTime(milliseconds: 7), isReported: true)
      try await world.outbox.keep(hold, of: "t", notifying: Self.notice(.held, 1))
      try await world.outbox.keep(hold, of: "old", notifying: nil)
      try world.outbox.close()
      let outbox = try Outbox(path: world.path)
      #expect(try await outbox.hold(of: "t") == hold)
      #expect(try await Self.waiting(outbox, "r").count == 1)
      try await outbox.forgetHolds(except: ["t"])
      #expect(try await outbox.hold(of: "old") == nil)
      try await outbox.keep(nil, of: "t", notifying: nil)
      #expect(try await outbox.hold(of: "t") == nil)
    }
  }
}
