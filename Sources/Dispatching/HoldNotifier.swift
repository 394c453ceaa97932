internal import Core
internal import Engine
internal import Runtime

/// Notifies people that a target has been on hold, or could not be reached, for a long time, and that this is over:
/// `HoldWatch` decides, this stores it.
actor HoldNotifier {
  private let target: String
  private let holds: any HoldStore
  private let clock: DaemonClock
  /// Nil until it has been read from the outbox what an earlier run left.
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
    case .begin(let hold): try await holds.keep(hold, of: target, notifying: nil)
    case .report(let hold, let reason):
      let reported = HoldWatch.Hold(since: hold.since, isReported: true)
      let what = reason.isUnreachable ? "can't be reached" : "is on hold"
      let advice = reason.advice.map { "; \($0): \(reason.remedy.command(target: target))" } ?? ""
      try await holds.keep(reported, of: target, notifying: notice(.held, hold, what, ": \(reason.reason)\(advice)"))
    case .end(let hold):
      let notice = hold.isReported ? notice(.released, hold, "delivers again; nothing was delivered", "") : nil
      try await holds.keep(nil, of: target, notifying: notice)
    }
    watch?.wrote(action)
  }

  private func notice(_ event: Notice.Event, _ hold: HoldWatch.Hold, _ what: String, _ reason: String) -> Notice {
    Notice(
      event, at: .now, target: target, occurrence: "\(hold.since.milliseconds)",
      message: "target \"\(target)\" \(what) since \(clock.wall(of: hold.since))\(reason)")
  }
}
