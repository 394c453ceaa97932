internal import Core
internal import Engine

/// Decides which changes of a target's state are logged.
///
/// A value without a clock. An API that limits the rate slows a target down every few seconds: that is logged once, and
/// recovery is logged only after a minute without throttling. The same holds for a server that is there now and then.
/// After a hold, recovery is logged once something was accepted: an operator's `retry` alone is none.
struct TargetLogThrottle {
  enum Entry: Equatable {
    case delivers
    case slowed(reason: Hindrance, until: QueueTime)
    /// Nothing reaches the server.
    case unreachable(reason: Hindrance, until: QueueTime)
    case held(reason: Hindrance, until: QueueTime)
  }

  private enum Logged: Equatable {
    case delivers
    case slowed
    case unreachable(reason: Hindrance)
    case held(reason: Hindrance)
  }

  /// How long a target that was slowed down must have delivered before it counts as recovered.
  static let calm = Duration.seconds(60)

  private var logged = Logged.delivers
  private var deliversSince: QueueTime?
  private var heldAt: QueueTime?

  /// What to log now, if anything; call every few seconds, whether or not the state has changed.
  ///
  /// - Parameter lastSuccess: when the target last accepted something.
  mutating func take(_ state: Pace.State, lastSuccess: QueueTime?, at now: QueueTime) -> Entry? {
    switch state {
    case .delivering:
      let since = deliversSince ?? now
      deliversSince = since
      let isBack =
        switch logged {
        case .delivers: false
        case .slowed, .unreachable: now - since >= Self.calm
        case .held: lastSuccess.map { success in heldAt.map { success >= $0 } ?? true } ?? false
        }
      guard isBack else { return nil }
      logged = .delivers
      return .delivers
    case .slowed(let reason, let until) where reason.isUnreachable:
      deliversSince = nil
      if logged == .unreachable(reason: reason) { return nil }
      logged = .unreachable(reason: reason)
      return .unreachable(reason: reason, until: until)
    case .slowed(let reason, let until):
      deliversSince = nil
      if logged == .slowed { return nil }
      logged = .slowed
      return .slowed(reason: reason, until: until)
    case .held(let reason, let until):
      (deliversSince, heldAt) = (nil, now)
      if logged == .held(reason: reason) { return nil }
      logged = .held(reason: reason)
      return .held(reason: reason, until: until)
    }
  }
}
