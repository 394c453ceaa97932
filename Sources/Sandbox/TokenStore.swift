/// Issues tokens for one API and records which are still valid.
struct TokenStore: Sendable {
  private let lifetime: Duration
  private var access: [String: ContinuousClock.Instant] = [:]
  private var refresh: [String: ContinuousClock.Instant] = [:]
  private var sweepAt = 1024

  init(lifetime: Duration) { self.lifetime = lifetime }

  struct Grant: Sendable {
    var access: String
    var refresh: String
    var lifetime: Duration
  }

  mutating func grant(at now: ContinuousClock.Instant) -> Grant {
    sweepIfNeeded(at: now)
    let grant = Grant(access: Self.secret(), refresh: Self.secret(), lifetime: lifetime)
    access[grant.access] = now + lifetime
    // Outlives its access token, as usual, but not for ever.
    refresh[grant.refresh] = now + lifetime * 24 + .seconds(60)
    return grant
  }

  /// Nil if the refresh token is unknown, used up or expired.
  mutating func renew(_ token: String, at now: ContinuousClock.Instant) -> Grant? {
    guard let end = refresh.removeValue(forKey: token), now < end else { return nil }
    return grant(at: now)
  }

  /// Tokens not issued by a sandbox are accepted, so that a configuration with its own token can be tried; all except
  /// `wrong`.
  func isGood(_ token: String, at now: ContinuousClock.Instant) -> Bool {
    guard token.hasPrefix(Self.mark) else { return token != "wrong" }
    return access[token].map { now < $0 } ?? false
  }

  /// Invalidates all access tokens; refresh tokens stay valid.
  mutating func revokeAll() { access = [:] }

  private mutating func sweepIfNeeded(at now: ContinuousClock.Instant) {
    guard access.count + refresh.count >= sweepAt else { return }
    access = access.filter { now < $0.value }
    refresh = refresh.filter { now < $0.value }
    sweepAt = max(1024, 2 * (access.count + refresh.count))
  }

  /// The prefix of every token issued by any sandbox.
  private static let mark = "sandbox."

  private static func secret() -> String {
    mark + String(UInt128.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
  }
}
