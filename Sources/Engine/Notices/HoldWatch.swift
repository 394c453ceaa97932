package import Core

/// Decides when people are notified that a target is on hold or can't be reached, and that this is over.
///
/// A value without a clock. Each hold is reported once, when it has lasted five minutes, or four if the target can't be
/// reached; a shorter one is not reported. A hold that a restart or an operator's `retry` interrupts is still the same
/// hold if nothing was delivered in between.
package struct HoldWatch: Sendable, Equatable {
  package struct Hold: Sendable, Equatable {
    package var since: QueueTime
    package var isReported: Bool

    package init(since: QueueTime, isReported: Bool) {
      self.since = since
      self.isReported = isReported
    }
  }

  /// What to write to the outbox; then `wrote`.
  package enum Action: Sendable, Equatable {
    /// A hold began.
    case begin(Hold)
    /// It is time to report it.
    case report(Hold, reason: Hindrance)
    /// It is over; this has to be reported if the hold was.
    case end(Hold)
  }

  /// How long a hold lasts before it is reported.
  package static let patience = Duration.seconds(300)
  /// The same where nothing reaches the server: then people know of it within five minutes.
  package static let patienceIfUnreachable = Duration.seconds(240)
  /// How long nothing must have gone wrong, if nothing was delivered either, before a hold counts as over.
  package static let calm = Duration.seconds(60)

  private var hold: Hold?
  private var calmSince: QueueTime?
  /// When the target was last seen paused: until then nothing could have ended the hold.
  private var pausedAt: QueueTime?

  /// - Parameter hold: what the outbox has from an earlier run.
  package init(_ hold: Hold? = nil) { self.hold = hold }

  /// - Parameters:
  ///   - isPaused: whether nothing is sent anyway: then a hold can't end, and is no alarm.
  ///   - lastSuccess: when the target last accepted something.
  package mutating func next(
    _ state: Pace.State, isPaused: Bool, lastSuccess: QueueTime?, at now: QueueTime
  ) -> Action? {
    if isPaused { pausedAt = now }
    if let reason = state.outage {
      calmSince = nil
      guard let hold else { return .begin(Hold(since: now, isReported: false)) }
      let lasted = now - max(hold.since, pausedAt ?? hold.since)
      let patience = reason.isUnreachable ? Self.patienceIfUnreachable : Self.patience
      return !hold.isReported && lasted >= patience ? .report(hold, reason: reason) : nil
    }
    guard let hold else { return nil }
    if let lastSuccess, lastSuccess >= hold.since { return .end(hold) }
    guard !isPaused else {
      calmSince = nil
      return nil
    }
    let since = calmSince ?? now
    calmSince = since
    return now - since >= Self.calm ? .end(hold) : nil
  }

  package mutating func wrote(_ action: Action) {
    switch action {
    case .begin(let begun): hold = begun
    case .report(let reported, _): hold = Hold(since: reported.since, isReported: true)
    case .end: (hold, calmSince) = (nil, nil)
    }
  }
}
