import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// A wall clock that is set while the daemon runs, or between two runs.
@Suite struct `A clock that is set` {
  private static let hour: Int64 = 3600
  private static let day: Int64 = 86_400

  /// Answers 500 until the trouble is over.
  private func withTrouble(
    _ setup: (String) -> Setup = { .lusid($0).with { $0.retry = "{initial: 500ms, max: 1s}" } },
    _ body: @Sendable (World, Preload, LoopbackServer, Arrivals) async throws -> Void
  ) async throws {
    let trouble = Arrivals()
    let api = try LoopbackServer { trouble.isOver ? .lusid($0) : .status(500) }
    try await withWorld(setup(api.url)) { world in
      try await body(world, try await Preload(world), api, trouble)
    }
    await api.stop()
  }

  /// The only file is accepted, and its times are in order.
  private func checkAccepted(_ world: World, items: Int, location: SourceLocation = #_sourceLocation) throws {
    try world.checkResults("investors", files: 1, location: location)
    let receipt = try world.receipt("investors")
    #expect(receipt.accepted == items, "\(receipt.codes)", sourceLocation: location)
    let received = try #require(receipt["file"]?["receivedAt"]?.string)
    let completed = try #require(receipt["file"]?["completedAt"]?.string)
    #expect(received <= completed, sourceLocation: location)
  }

  @Test(arguments: [-hour, -10 * day, 10 * day, 40 * 365 * day])
  func `a step while batches wait for a retry stops nothing, and nothing expires`(_ step: Int64) async throws {
    try await withTrouble { world, preload, api, trouble in
      _ = try await preload.startDaemon(world)
      try world.drop("a.json", in: "investors", array([record("1"), record("2")]))
      try await api.waitForRequests(2)
      try preload.shiftClock(seconds: step)
      // Tries go on at their pace.
      let before = api.requests.count
      try await api.waitForRequests(before + 2, within: .seconds(10))
      trouble.isOver = true
      try await world.waitForReceipts(1, in: "investors", within: .seconds(10))
      try checkAccepted(world, items: 2)
    }
  }

  @Test(arguments: [1970, 2036])
  func `what was claimed before the clock was set neither expires at once nor stands still`(_ year: Int) async throws {
    try await withTrouble { world, preload, api, trouble in
      let wrong = Int64(year - 1970) * 365 * Self.day + 60 - Int64(Date().timeIntervalSince1970)
      try preload.shiftClock(seconds: wrong)
      var daemon = try await preload.startDaemon(world)
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await api.waitForRequests(2)
      try preload.shiftClock(seconds: 0)
      let before = api.requests.count
      try await api.waitForRequests(before + 2, within: .seconds(10))
      // Nor does the next run see it otherwise.
      daemon.kill()
      daemon = try await preload.startDaemon(world)
      let again = api.requests.count
      try await api.waitForRequests(again + 1, within: .seconds(10))
      trouble.isOver = true
      try await world.waitForReceipts(1, in: "investors", within: .seconds(10))
      try checkAccepted(world, items: 1)
    }
  }

  @Test func `what was claimed in 1970 expires at its age, not before`() async throws {
    try await withTrouble({ .lusid($0).with { $0.retry = "{initial: 100ms, max: 200ms, max_age: 4s}" } }) {
      world, preload, api, _ in
      try preload.shiftClock(seconds: 60 - Int64(Date().timeIntervalSince1970))
      _ = try await preload.startDaemon(world)
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await api.waitForRequests(1)
      let began = ContinuousClock.now
      try preload.shiftClock(seconds: 0)
      try await world.waitForReceipts(1, in: "investors", within: .seconds(20))
      #expect(began.duration(to: .now) > .seconds(2))
      #expect(try world.receipt("investors").codes == [1: "expired"])
    }
  }

  @Test(arguments: [10 * day, -10 * day], [true, false])
  func `order holds over a kill while a file is read and a clock that was wrong`(
    _ shift: Int64, _ isWrittenDown: Bool
  ) async throws {
    try await withTrouble { world, preload, api, trouble in
      trouble.isOver = true
      try preload.shiftClock(seconds: shift)
      let daemon = try await preload.startDaemon(world)
      try preload.fail("read", on: "*/work/*.a.json", with: EIO, times: nil)
      if !isWrittenDown { try preload.fail("write", on: "*/outbox.sqlite*", with: ENOSPC, times: nil, rule: 1) }
      try world.drop("a.json", in: "investors", array([record("k", name: "first")]))
      try await eventually("the reading") { try preload.hits() > 0 }
      daemon.kill()
      #expect(world.names("investors", "work").filter { !$0.hasPrefix(".") }.count == 1)
      try preload.end()
      try preload.end(rule: 1)
      try preload.shiftClock(seconds: 0)
      try world.drop("b.json", in: "investors", array([record("k", name: "second")]))
      _ = try await preload.startDaemon(world)
      try await world.waitForReceipts(2, in: "investors")
      try world.checkResults("investors", files: 2)
      #expect(api.requests.flatMap(\.displayNames) == ["first", "second"])
      let ids = try ["a.json", "b.json"].map { try world.receipt("investors", of: $0).id }
      #expect(ids[0] < ids[1], "the later file has the smaller id")
    }
  }
}
