/// What a target is doing, by the words that `status`, metrics and the outbox use.
package enum TargetState: String, Sendable, CaseIterable {
  case delivering
  /// Nothing is sent before a certain time: the API asked for it, or can't be reached.
  case slowed
  /// The target can't be used as it is configured: only probes are sent.
  case held
  /// Stopped by an operator.
  case paused
}
