package import Calendar
package import Core

/// One web API that items are sent to, with everything needed to reach it.
package struct Target: Sendable, Equatable {
  package var name: String
  package var api: APIKind
  /// Without a trailing slash; `https`, or `http` for a loopback address or if `allow_plaintext` permits it.
  package var url: String
  package var auth: Auth
  package var batch = BatchLimits()
  /// The maximum number of requests in flight at once; at least 1.
  package var concurrency = 4
  /// More than zero; nil if there is no limit.
  package var maxRequestsPerSecond: Double?
  /// For one request, from connecting to the answer's last byte.
  package var timeout = Duration.seconds(60)
  /// When requests may begin; nil: at any time.
  package var send: DailyWindow?
  /// Settings that only its API has.
  package var own = OwnSettings()
  /// Absolute paths of PEM files.
  package var caFile: String?
  package var clientCert: String?
  package var clientKey: String?
  package var proxy: Proxy?

  package struct BatchLimits: Sendable, Equatable {
    package var maxItems = 500
    package var maxBytes = 4 << 20
    /// How long a batch that is not full waits to share a request with others; nil: batches are never combined.
    package var linger: Duration?
  }
}

/// A proxy between upsertd and a target.
package struct Proxy: Sendable, Equatable {
  /// A URL in curl's form (`http`, `https`, `socks4`, `socks4a`, `socks5`, `socks5h`), without credentials.
  package var address: String
  package var username: String?
  package var password: Secret?
}

/// Somebody who gets notices: one entry of `notify`.
package struct Receiver: Sendable, Equatable {
  /// In status, log and metrics: what `name` says, otherwise the webhook's host or the mail address. Never an address
  /// that could be a secret. Unique.
  package var name: String
  package var way: Way
  package var events = NoticeEvent.byDefault
  /// The absolute path of a PEM file; its authorities are trusted instead of the system's.
  package var caFile: String?
  package var proxy: Proxy?

  package enum Way: Sendable, Equatable {
    case webhook(Webhook)
    case mail(Mail)
  }

  package struct Webhook: Sendable, Equatable {
    /// `https`, or `http` for a loopback address; perhaps with a query.
    package var url: String
    /// What signatures are made with.
    package var secret: Secret

    /// The same, with what its file holds now. Blocks.
    package func reread() -> Webhook {
      let secret = secret.reread()
      return Self.isKey(secret.value) ? Webhook(url: url, secret: secret) : self
    }

    /// Whether a webhook's secret is a key: any text or, after `whsec_`, Base64 of at least one byte.
    static func isKey(_ secret: String) -> Bool {
      guard secret.hasPrefix("whsec_") else { return true }
      let text = Array(secret.utf8.dropFirst(6))
      let digits = text.prefix { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
          true
        default: false
        }
      }
      let padding = text.count - digits.count
      return digits.count >= 2 && text.count % 4 == 0 && padding <= 2
        && text.suffix(padding)
          == Array(
            repeating: UInt8(ascii: "="), count: padding)[...]
    }
  }

  package struct Mail: Sendable, Equatable {
    package var to: String
    package var from: String
    /// `smtps://host:port`, or `smtp://host:port`, without a trailing slash.
    package var server: String
    /// Whether the server is on this machine: then `smtp` needs no TLS.
    package var isLoopback: Bool
    package var username: String?
    package var password: Secret?
  }
}
