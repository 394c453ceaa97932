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
