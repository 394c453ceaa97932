package import Delivery

/// One web API that items are sent to, with all that is needed to reach it.
package struct Target: Sendable, Equatable {
  package var name: String
  package var api: APIKind
  /// Without a slash at its end; `https`, or `http` to a loopback address or where `allow_plaintext` permits it.
  package var url: String
  package var auth: Auth
  package var batch = BatchLimits()
  /// The most requests under way at once; at least 1.
  package var concurrency = 4
  /// More than zero; nil where there is no limit.
  package var maxRequestsPerSecond: Double?
  /// Of one request, from connecting to the answer's last byte.
  package var timeout = Duration.seconds(60)
  /// What only its API has.
  package var own = OwnSettings()
  /// PEM files, absolute.
  package var caFile: String?
  package var clientCert: String?
  package var clientKey: String?
  package var proxy: Proxy?

  package struct BatchLimits: Sendable, Equatable {
    package var maxItems = 500
    package var maxBytes = 4 << 20
    /// How long a batch that is not full waits for others to travel with; nil: batches travel alone.
    package var linger: Duration?
  }
}
