import Core
import Engine
import Testing

@Suite struct `Telling of a hold` {
  private static let start = QueueTime(milliseconds: 5_000_000)
  private static let held = Pace.State.held(reason: "401", until: start)

  private struct Told: Equatable {
    var event: String
    var after: Duration
  }

  /// What is reported about these states, each from its second on, looked at every second; `success`: when something
  /// was accepted last.
  private static func told(
    _ states: [(second: Int, state: Pace.State)], paused: Range<Int> = 0..<0, successes: [Int] = [],
    restartAt: Int? = nil
  ) -> [Told] {
    var watch = HoldWatch()
    var stored: HoldWatch.Hold?
    var told: [Told] = []
    for second in 0...1200 {
      if second == restartAt { watch = HoldWatch(stored) }
      let now = start + .seconds(second)
      let state = states.last { $0.second <= second }?.state ?? .delivering
      let success = successes.last { $0 <= second }.map { start + .seconds($0) }
      guard
        let action = watch.next(state, isPaused: paused.contains(second), lastSuccess: success, at: now)
      else { continue }
      watch.wrote(action)
      switch action {
      case .begin(let hold): stored = hold
      case .report(let hold, _):
        stored = HoldWatch.Hold(since: hold.since, isReported: true)
        told.append(Told(event: "held", after: .seconds(second)))
      case .end(let hold):
        stored = nil
        if hold.isReported { told.append(Told(event: "released", after: .seconds(second))) }
      }
    }
    return told
  }

  @Test func `a hold is told once, when it has lasted five minutes, and so is its end`() {
    #expect(
      Self.told([(10, Self.held), (700, .delivering)], successes: [700]) == [
        Told(event: "held", after: .seconds(310)), Told(event: "released", after: .seconds(700)),
      ])
  }

  @Test func `a target that nothing reaches is told within five minutes, one that asks to wait is not`() {
    let away = Pace.State.slowed(reason: Hindrance("refused", isUnreachable: true), until: Self.start)
    #expect(
      Self.told([(10, away), (700, .delivering)], successes: [700]) == [
        Told(event: "held", after: .seconds(250)), Told(event: "released", after: .seconds(700)),
      ])
    #expect(Self.told([(10, .slowed(reason: "429", until: Self.start))]) == [])
    // First no server, then a wrong password: it is one outage.
    #expect(Self.told([(10, away), (100, Self.held)]) == [Told(event: "held", after: .seconds(310))])
  }

  @Test func `a hold that ended before is not told, however many there are`() {
    #expect(
      Self.told(
        [(0, Self.held), (290, .delivering), (300, Self.held), (590, .delivering)], successes: [290, 590]) == [])
  }

  @Test func `a restart, or a retry that changes nothing, begins no other hold`() {
    let states: [(Int, Pace.State)] = [(0, Self.held), (200, .delivering), (205, Self.held)]
    #expect(Self.told(states) == [Told(event: "held", after: .seconds(300))])
    #expect(Self.told(states, restartAt: 200) == [Told(event: "held", after: .seconds(300))])
    #expect(
      Self.told([(0, Self.held), (400, .delivering), (405, Self.held)], restartAt: 400) == [
        Told(event: "held", after: .seconds(300))
      ])
  }

  @Test func `a hold without anything left to send ends after a minute, but not while the target is paused`() {
    #expect(
      Self.told([(0, Self.held), (400, .delivering)]).last == Told(event: "released", after: .seconds(460)))
    #expect(
      Self.told([(0, Self.held), (400, .delivering)], paused: 400..<1000).last
        == Told(event: "released", after: .seconds(1060)))
  }

  @Test func `a hold of a paused target is no alarm before the target has had five minutes to deliver again`() {
    #expect(Self.told([(10, Self.held)], paused: 20..<600) == [Told(event: "held", after: .seconds(899))])
    #expect(Self.told([(10, Self.held), (700, .delivering)], paused: 20..<600, successes: [700]) == [])
  }

  @Test func `an answer from before the hold does not end it`() {
    #expect(
      Self.told([(10, Self.held)], successes: [5]) == [Told(event: "held", after: .seconds(310))])
  }
}
