internal import Core
internal import Engine
internal import Runtime

/// Tells people that a target has been on hold for long, and that it no longer is: `HoldWatch` decides, this stores it.
actor HoldTeller {
  private let target: String
  private let holds: any HoldStore
  private let clock: DaemonClock
  /// Nil until the outbox has told what an earlier run left.
  private var watch: HoldWatch?

  init(target: String, holds: any HoldStore, clock: DaemonClock) {
    self.target = target
    self.holds = holds
    self.clock = clock
  }

  /// One caller at a time; if it fails, the next look tries again.
  func look(at state: Pace.State, isPaused: Bool, lastSuccess: QueueTime?, now: QueueTime) async throws(OutboxError) {
    if watch == nil { watch = HoldWatch(try await holds.hold(of: target)) }
    guard let action = watch?.next(state, isPaused: isPaused, lastSuccess: lastSuccess, at: now) else { return }
    switch action {
    case .begin(let hold): try await holds.keep(hold, of: target, telling: nil)
    case .tell(let hold, let reason):
      let told = HoldWatch.Hold(since: hold.since, isTold: true)
      try await holds.keep(told, of: target, telling: notice(.held, hold, "is on hold", ": \(reason)"))
    case .end(let hold):
      let notice = hold.isTold ? notice(.released, hold, "is no longer on hold; it was", "") : nil
      try await holds.keep(nil, of: target, telling: notice)
    }
    watch?.wrote(action)
  }

  private func notice(_ event: Notice.Event, _ hold: HoldWatch.Hold, _ what: String, _ reason: String) -> Notice {
    Notice(
      event, at: .now, target: target, occurrence: "\(hold.since.milliseconds)",
      message: "target \"\(target)\" \(what) since \(clock.wall(of: hold.since))\(reason)")
  }
}
