internal import Delivery
internal import Engine

/// Which changes of a target's state people get to hear.
///
/// A value without a clock. An API that limits the rate slows a target down every few seconds: that is told once, and that it is over only
/// when it stayed so for a minute.
struct TargetNews {
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

  /// How long a target that was slowed down must have delivered before that is over.
  static let calm = Duration.seconds(60)

  private var told = Told.delivers
  private var deliversSince: QueueTime?

  /// What to tell now, if anything; to be asked every few seconds, whether or not the state has changed.
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
