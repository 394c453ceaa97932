import Calendar
import Core
import Engine
import Testing

@Suite struct `The gate of a target` {
  private static let hour = Duration.seconds(3600)
  /// 2026-11-02T00:00:00Z, a Monday.
  private static let monday = Timestamp(milliseconds: 1_793_577_600_000)

  /// Open from 20:00 to 06:00 UTC, from Monday to Friday.
  private static func gate(isPaused: Bool = false) throws -> SendGate {
    SendGate(
      window: try DailyWindow(
        from: TimeOfDay("20:00"), to: TimeOfDay("06:00"), days: DaysOfWeek("mon-fri"), zone: .utc), isPaused: isPaused)
  }

  @Test func `a target without a window is open, and time changes nothing`() {
    var gate = SendGate(window: nil)
    #expect(gate.state(at: Self.monday) == .open)
    #expect(gate.nextLook(at: Self.monday) == nil)
  }

  @Test func `it opens and closes to the millisecond`() throws {
    var gate = try Self.gate()
    let (opens, closes) = (Self.monday + Self.hour * 20, Self.monday + Self.hour * 30)
    #expect(gate.state(at: opens + .milliseconds(-1)) == .closed(until: opens))
    #expect(gate.state(at: opens) == .open)
    #expect(gate.state(at: closes + .milliseconds(-1)) == .open)
    #expect(gate.state(at: closes) == .closed(until: opens + Self.hour * 24))
  }

  @Test func `a pause comes before the window, and the window is as it was behind it`() throws {
    var gate = try Self.gate(isPaused: true)
    let open = Self.monday + Self.hour * 21
    #expect(gate.state(at: open) == .paused)
    #expect(gate.nextLook(at: open) == nil)
    gate.isPaused = false
    #expect(gate.state(at: open) == .open)
  }

  @Test func `a clock that steps is believed at once, in either direction`() throws {
    var gate = try Self.gate()
    let open = Self.monday + Self.hour * 21
    #expect(gate.state(at: open) == .open)
    #expect(gate.state(at: open + Self.hour * -5) == .closed(until: Self.monday + Self.hour * 20))
    #expect(gate.state(at: open) == .open)
    #expect(gate.state(at: open + Self.hour * 24 * 365) == .open)
    #expect(gate.state(at: open + Self.hour * 24 * 5) == .closed(until: Self.monday + Self.hour * (24 * 7 + 20)))
  }

  @Test func `the next look is at the change, and within a minute`() throws {
    var gate = try Self.gate()
    let opens = Self.monday + Self.hour * 20
    #expect(gate.nextLook(at: Self.monday) == .seconds(60))
    #expect(gate.nextLook(at: opens + .milliseconds(-1500)) == .milliseconds(1500))
    #expect(gate.nextLook(at: opens) == .seconds(60))
  }

  /// What the dispatcher does, on a simulated clock that drifts, jumps and stands still.
  @Test func `no request begins outside the window, and each begins in the next one`() async throws {
    let world = TargetWorld()
    var gate = try Self.gate()
    var wall = Self.monday + Self.hour * 19
    var sent = 0
    for step in 0..<400 {
      if step.isMultiple(of: 3) { try await world.drop([["k\(step)"]]) }
      wall = wall + (step % 50 == 49 ? Self.hour * -7 : .seconds(900))
      world.now = world.now + .seconds(900)
      let isOpen = gate.state(at: wall) == .open
      world.setPaused(!isOpen)
      try await world.turn()
      while !world.underWay.isEmpty {
        try await world.answer(0, .settled(isSuccess: true))
        try await world.turn()
      }
      if isOpen {
        #expect(world.sent.count == step / 3 + 1, "at \(wall)")
      } else {
        #expect(world.sent.count == sent, "at \(wall)")
      }
      sent = world.sent.count
    }
    #expect(sent > 50)
  }
}
