/// Why a target takes nothing, and what helps: for the log, `status`, the dashboard and notices.
package struct Hindrance: Sendable, Hashable, ExpressibleByStringInterpolation {
  /// What makes a correction of the cause take effect.
  package enum Remedy: String, Sendable, CaseIterable {
    /// The next attempt, which `upsertd retry` makes at once.
    case retry
    /// Reading the configuration again.
    case reload
    /// A restart of the service: systemd copies credentials and environment only then.
    case restart
  }

  /// Human-readable, on one line, without secrets and item contents: address, user, and what was answered.
  package var reason: String
  /// What to correct, a sentence without its full stop; nil if it may pass by itself.
  package var advice: String?
  package var remedy: Remedy
  /// Whether nothing reaches the server: refused, no such host, no route.
  package var isUnreachable: Bool

  package init(_ reason: String, advice: String? = nil, remedy: Remedy = .retry, isUnreachable: Bool = false) {
    self.reason = reason
    self.advice = advice
    self.remedy = remedy
    self.isUnreachable = isUnreachable
  }

  package init(stringLiteral reason: String) { self.init(reason) }
}

extension Hindrance.Remedy {
  /// The command, for a shell.
  package func command(target: String) -> String {
    switch self {
    case .retry: "upsertd retry --target \(target)"
    case .reload: "systemctl reload upsertd"
    case .restart: "systemctl restart upsertd"
    }
  }
}
