import Core

/// A sandbox's start options.
package struct SandboxOptions: Sendable {
  /// 0 takes any free port.
  package var port: UInt16
  /// How long an API request waits for its answer; tokens are issued at once.
  package var latency: Duration
  /// The share of API requests, 0 to 1, that get a 503 and change nothing.
  package var failRate: Double
  /// API requests per second for each API, beyond which it answers 429 with `Retry-After`; nil for no limit.
  package var rateLimit: Int?
  package var tokenLifetime: Duration
  /// Makes the same requests fail in each run; nil means random failures.
  package var seed: UInt64?
  /// Keeps every API request with its body, for tests: memory grows with each.
  package var recordsRequests: Bool

  package init(
    port: UInt16 = 0, latency: Duration = .zero, failRate: Double = 0, rateLimit: Int? = nil,
    tokenLifetime: Duration = .seconds(3600), seed: UInt64? = nil, recordsRequests: Bool = false
  ) {
    self.port = port
    self.latency = latency
    self.failRate = failRate
    self.rateLimit = rateLimit
    self.tokenLifetime = tokenLifetime
    self.seed = seed
    self.recordsRequests = recordsRequests
  }
}

/// The addresses of a running sandbox.
package struct SandboxAddresses: Sendable, Equatable {
  package let port: UInt16

  /// What the sandbox has seen, as JSON.
  package var stats: String { base + "/sandbox/stats" }

  /// Human-readable: each API's addresses, and their purpose.
  package var lines: [(what: String, address: String)] {
    SandboxAPIs.all.flatMap { api in
      [("\(api.title) url", url(of: api)), ("\(api.title) token_url", tokenURL(of: api))]
    }
  }

  func url(of api: some SandboxAPI) -> String { base + api.basePath }
  func tokenURL(of api: some SandboxAPI) -> String { base + api.tokenPath }

  private var base: String { "http://127.0.0.1:\(port)" }
}

/// Why a sandbox could not start.
package struct SandboxError: Error, CustomStringConvertible {
  package var description: String
}

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
