import Core
import Engine
@testable import Settings
import Testing
@testable import Operations
@testable import Telemetry

@Suite struct `What is stuck` {
  @Test func `a refused reload is named until one is used`() throws {
    let instruments = Instruments()
    #expect(Blockage.all(in: instruments, unwritten: 0).isEmpty)
    let time = Timestamp(milliseconds: 1_763_000_000_000)
    instruments.refusedReload.refused("upsertd.yaml:3: x: is unknown\nupsertd.yaml:4: y: is unknown", at: time)
    let blockage = try #require(Blockage.all(in: instruments, unwritten: 0).first)
    #expect(blockage.weight == .bad)
    #expect(blockage.title == "The new configuration is not in effect")
    #expect(blockage.reason.contains("x: is unknown") && !blockage.reason.contains("\n"))
    #expect(blockage.oldestAt == time)
    #expect(blockage.command == "systemctl reload upsertd")
    instruments.refusedReload.used()
    #expect(Blockage.all(in: instruments, unwritten: 0).isEmpty)
  }

  private static let time = Timestamp(milliseconds: 1_763_000_000_000)

  private static func blockages(
    _ change: (inout StatusReport.TargetStatus) -> Void
  ) async throws -> [Blockage] {
    var report = try await StatusReport(settings: Settings(path: "/nowhere"), outbox: nil)
    var target = StatusReport.TargetStatus(name: "t", state: .held, reason: "why", since: time)
    change(&target)
    report.targets = [target]
    return Blockage.all(in: report, backlogs: [:], problems: [])
  }

  @Test func `what helps a target goes by its cause, with since when`() async throws {
    let wrong = try #require(
      try await Self.blockages { ($0.advice, $0.command) = ("correct the target's url", "systemctl reload upsertd") }
        .first)
    #expect(wrong.weight == .bad && wrong.title == "t is on hold" && wrong.since == Self.time)
    #expect(wrong.advice == "Correct the target's url, then:" && wrong.command == "systemctl reload upsertd")
    let away = try #require(
      try await Self.blockages {
        $0.state = .slowed
        $0.isUnreachable = true
      }.first)
    #expect(away.weight == .bad && away.title == "t can't be reached" && away.command == "upsertd retry --target t")
    let slow = try #require(try await Self.blockages { $0.state = .slowed }.first)
    #expect(slow.weight == .waiting && slow.title == "t is slowed down")
  }

  @Test func `the next attempt is the later one of the target's and the batch's own`() {
    let (soon, later) = (Self.time + .seconds(10), Self.time + .seconds(20))
    var target = StatusReport.TargetStatus(name: "t", state: .held, until: soon)
    #expect(target.nextAttempt(ofWhatIsDueAt: nil) == soon)
    #expect(target.nextAttempt(ofWhatIsDueAt: later) == later)
    target = StatusReport.TargetStatus(name: "t", state: .delivering)
    #expect(target.nextAttempt(ofWhatIsDueAt: later) == later)
    // Somebody has to act.
    target = StatusReport.TargetStatus(name: "t", state: .paused)
    #expect(target.nextAttempt(ofWhatIsDueAt: later) == nil)
  }
}
