package import Core

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
