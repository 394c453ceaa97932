import Core

/// Decides which API requests are turned away, according to `FaultProfile`.
struct FaultInjector: Sendable {
  var conduct: FaultProfile
  private var generator: SplitMix64
  private var windows: [APIKind: Window] = [:]

  enum Refusal: Equatable { case unavailable, rateLimited }

  private struct Window { var start: ContinuousClock.Instant, requests = 0 }

  init(_ conduct: FaultProfile, seed: UInt64?) {
    self.conduct = conduct
    generator = SplitMix64(state: seed ?? .random(in: .min ... .max))
  }

  /// Nil if the request may pass.
  mutating func refusal(for api: APIKind, at now: ContinuousClock.Instant) -> Refusal? {
    if conduct.outage { return .unavailable }
    if let limit = conduct.rateLimit {
      var window = windows[api] ?? Window(start: now)
      if now - window.start >= .seconds(1) { window = Window(start: now) }
      window.requests += 1
      windows[api] = window
      if window.requests > limit { return .rateLimited }
    }
    return conduct.failRate > 0 && Double.random(in: 0..<1, using: &generator) < conduct.failRate ? .unavailable : nil
  }
}

/// Sebastiano Vigna's SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): the same seed gives the same numbers.
private struct SplitMix64: RandomNumberGenerator, Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// How the sandbox treats API requests; may change while it runs.
package struct FaultProfile: Sendable, Equatable {
  package var latency: Duration
  package var failRate: Double
  package var rateLimit: Int?
  /// Every API request gets a 503; tokens are still handed out.
  package var outage = false
}
