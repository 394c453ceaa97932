internal import Core
internal import Engine

/// Decides which changes of a target's state are logged.
///
/// A value without a clock. An API that limits the rate slows a target down every few seconds: that is logged once, and
/// recovery is logged only after a minute without throttling.
struct TargetLogThrottle {
  enum Entry: Equatable {
    case delivers
    case slowed(reason: String, until: QueueTime)
    case held(reason: String, until: QueueTime)
  }

  private enum Told: Equatable {
    case delivers
    case slowed
    case held(reason: String)
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
      if told == .delivers || (told == .slowed && now - since < Self.calm) { return nil }
      told = .delivers
      return .delivers
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
