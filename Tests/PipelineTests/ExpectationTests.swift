import Core
import Engine
import Foundation
import Outbox
import Runtime
import Testing
import TestKit

@testable import Intake
@testable import Settings

/// Files that should come every day, from the folder to the outbox.
@Suite struct `Files that should come` {
  /// In time at any time of the day.
  private static let relaxed = ", expect: [{match: \"nav-*\", by: \"24:00\", timezone: UTC, min_items: 2}]"

  /// What is stored of the only entry.
  private func state(_ world: IntakeWorld) async throws -> ExpectationState {
    let kept = try await world.outbox.expected()
    #expect(kept.count == 1)
    let expectations = Expectations(world.settings.inboxes.map { ($0.name, $0.expect) }, from: kept)
    return try #require(expectations.states(of: "a", at: .now).first).state
  }

  private func kinds(_ world: IntakeWorld) async throws -> [String] {
    try await world.outbox.alarms(since: Timestamp(milliseconds: 0)).map(\.kind)
  }

  @Test func `a file counts once it is published; what is unusable, a duplicate or a rejects file does not`()
    async throws
  {
    try await withIntakeWorld(inbox: Self.relaxed) { world in
      try await world.run { world in
        try world.drop("other.json", in: "a", IntakeWorld.items(3))
        try world.drop("nav-1.json", in: "a", IntakeWorld.items(2))
        try await world.wait(for: "nav-1.json", in: "a", toBe: .queued)
        try world.drop("nav-2.json", in: "a", IntakeWorld.items(2))
        try world.drop("nav-3.json", in: "a", "[{]")
        try world.drop(
          "nav-4.csv", in: "a",
          "_error_code,_error_message,_error_line,displayName,scope,identifiers.InvestorRecord/T/Id\nx,y,1,n,T,5\n")
        try await world.wait(for: "nav-2.json", in: "a", toBe: .queued)
        for name in ["nav-3.json", "nav-4.csv"] {
          try await eventually("\(name) to be read") {
            guard let state = try await world.record(name, in: "a")?.state else { return false }
            return state != .reading
          }
        }
        #expect(try await state(world).files == 1)
        #expect(try await state(world).state == .came)
        try world.drop("nav-5.json", in: "a", IntakeWorld.items())
        try await world.wait(for: "nav-5.json", in: "a", toBe: .queued)
        #expect(try await state(world).files == 2)
        #expect(world.alarms.withLock { $0 } == ["short"])
      }
    }
  }

  @Test func `an alarm is told once it is stored, and then never again`() async throws {
    // Missing from the first minute of the day on.
    let strict = ", expect: [{match: \"nav-*\", by: \"00:01\", timezone: UTC}]"
    try await withIntakeWorld(inbox: strict) { world in
      try await eventually("the first minute of the day to pass", within: .seconds(90)) {
        Int(Date().timeIntervalSince1970) % 86_400 > 61
      }
      world.store.publishNothing()
      try await world.run { world in
        // The check at the start and the file's publication both fail.
        try world.drop("nav-1.json", in: "a", IntakeWorld.items())
        _ = try await world.unread("nav-1.json")
        #expect(try await kinds(world) == [])
        #expect(world.alarms.withLock { $0 } == [])
        world.store.mend()
        world.clock.advance(by: .seconds(1))
        try await world.wait(for: "nav-1.json", in: "a", toBe: .queued)
        #expect(world.alarms.withLock { $0 } == ["missing", "late"])
      }
      for _ in 1...2 {
        try await world.run { world in
          try world.drop("b.json", in: "a", IntakeWorld.items())
          try await eventually("b.json to be taken") { try await world.record("b.json", in: "a")?.state == .queued }
        }
      }
      #expect(world.alarms.withLock { $0 } == ["missing", "late"])
      #expect(try await kinds(world) == ["missing", "late"])
      #expect(try await state(world).state == .late)
    }
  }
}
