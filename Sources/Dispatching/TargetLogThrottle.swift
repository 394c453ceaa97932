internal import Core
internal import Engine

/// Decides which changes of a target's state are logged.
///
/// A value without a clock. An API that limits the rate slows a target down every few seconds: that is logged once, and
/// recovery is logged only after a minute without throttling. The same holds for a server that is there now and then.
struct TargetLogThrottle {
  enum Entry: Equatable {
    case delivers
    case slowed(reason: Hindrance, until: QueueTime)
    /// Nothing reaches the server.
    case unreachable(reason: Hindrance, until: QueueTime)
    case held(reason: Hindrance, until: QueueTime)
  }

  private enum Told: Equatable {
    case delivers
    case slowed
    case unreachable(reason: Hindrance)
    case held(reason: Hindrance)
  }

  /// How long a target that was slowed down must have delivered before it counts as recovered.
  static let calm = Duration.seconds(60)

  private var told = Told.delivers
  private var deliversSince: QueueTime?

  /// What to log now, if anything; call every few seconds, whether or not the state has changed.
  mutating func take(_ state: Pace.State, at now: QueueTime) -> Entry? {
    switch state {
    case .delivering:
      let since = deliversSince ?? now
      deliversSince = since
      let mayReturn =
        switch told {
        case .slowed, .unreachable: true
        case .delivers, .held: false
        }
      if told == .delivers || (mayReturn && now - since < Self.calm) { return nil }
      told = .delivers
      return .delivers
    case .slowed(let reason, let until) where reason.isUnreachable:
      deliversSince = nil
      if told == .unreachable(reason: reason) { return nil }
      told = .unreachable(reason: reason)
      return .unreachable(reason: reason, until: until)
    case .slowed(let reason, let until):
      deliversSince = nil
      if told == .slowed { return nil }
      told = .slowed
      return .slowed(reason: reason, until: until)
    case .held(let reason, let until):
      deliversSince = nil
      if told == .held(reason: reason) { return nil }
      told = .held(reason: reason)
      return .held(reason: reason, until: until)
    }
  }
}
