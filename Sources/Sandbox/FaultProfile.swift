/// How the sandbox treats API requests; may change while it runs.
package struct FaultProfile: Sendable, Equatable {
  package var latency: Duration
  package var failRate: Double
  package var rateLimit: Int?
  /// Every API request gets a 503; tokens are still handed out.
  package var outage = false
}
