package import Core

/// How fast one target is served: how many requests at once, how many per second, and whether it has to wait.
///
/// A value without a clock: the time is passed to each call, and jitter is an argument.
package struct Pace: Sendable {
  package enum State: Equatable, Sendable {
    case delivering
    /// The API asked for a pause (429, 503), or can't be reached: nothing is sent before `until`.
    case slowed(reason: Hindrance, until: QueueTime)
    /// The target can't be used as it is: from `until` on, one request at a time probes whether it can be used again.
    case held(reason: Hindrance, until: QueueTime)

    /// Why nothing can be delivered until somebody acts or the server is there again; nil if something can, or if the
    /// API merely asked to wait.
    package var outage: Hindrance? {
      switch self {
      case .held(let reason, _): reason
      case .slowed(let reason, _): reason.isUnreachable ? reason : nil
      case .delivering: nil
      }
    }
  }

  /// Whether a request may go out now.
  package enum Permission: Equatable, Sendable {
    case go
    /// Ask again at this time or, if it is nil, when a request in flight has ended.
    case wait(until: QueueTime?)
  }

  package private(set) var state: State = .delivering
  var isHeld: Bool { if case .held = state { true } else { false } }
  /// Requests that may be in flight at once; between 1 and the target's `concurrency`.
  package private(set) var allowance: Int
  package let concurrency: Int
  /// Milliseconds between two requests.
  private let gap: Double
  private let backoff: Backoff
  private var successes = 0
  /// Failures in a row that held or slowed the target.
  private var failures = 0
  /// When the next request may go out, in milliseconds of the queue's clock; a fraction, so that no rate is rounded.
  private var nextSlot = 0.0
  private var lastReduction: QueueTime?

  package init(concurrency: Int, maxRequestsPerSecond: Double?, backoff: Backoff) {
    self.concurrency = concurrency
    self.backoff = backoff
    allowance = concurrency
    gap = maxRequestsPerSecond.map { 1000 / $0 } ?? 0
  }

  /// - Parameter extra: how many more requests than the allowance may be in flight, up to the concurrency.
  package func permission(at now: QueueTime, underWay: Int, extra: Int = 0) -> Permission {
    switch state {
    case .held(_, let until) where underWay > 0 || until > now:
      return .wait(until: underWay > 0 ? nil : until)
    case .slowed(_, let until) where until > now:
      return .wait(until: until)
    default:
      guard underWay < min(concurrency, allowance + extra) else { return .wait(until: nil) }
      let slot = QueueTime(milliseconds: Int64(nextSlot.rounded(.up)))
      return slot > now ? .wait(until: slot) : .go
    }
  }

  /// Records that a request goes out.
  package mutating func begin(at now: QueueTime) {
    nextSlot = max(Double(now.milliseconds), nextSlot) + gap
  }

  /// The API answered as expected: a hold ends. The allowance grows by one after as many good answers as its present
  /// value.
  ///
  /// An answer to a request sent before the API asked for a pause does not shorten that pause.
  package mutating func succeeded(at now: QueueTime) {
    if case .slowed(_, let until) = state, until > now { return }
    failures = 0
    state = .delivering
    successes += 1
    if successes >= allowance, allowance < concurrency {
      allowance += 1
      successes = 0
    }
  }

  /// A timeout, a cut-off answer or server trouble: half as many requests at once; at most one reduction per second.
  package mutating func stumbled(at now: QueueTime) {
    successes = 0
    if let lastReduction, now - lastReduction < .seconds(1) { return }
    lastReduction = now
    allowance = max(1, allowance / 2)
  }

  /// 429 or 503: nothing before `retryAfter`, or before the backoff's own delay if the answer gives none.
  package mutating func slow(_ reason: Hindrance, retryAfter: Duration?, at now: QueueTime, jitter: Double) {
    stumbled(at: now)
    if case .held = state { return hold(reason, at: now, jitter: jitter) }
    failures += 1
    let until = now + max(.zero, retryAfter ?? backoff.delay(failures: failures, jitter: jitter))
    if case .slowed(_, let already) = state, already > until { return }
    state = .slowed(reason: reason, until: until)
  }

  /// The target can't be used; it is retried with backoff.
  package mutating func hold(_ reason: Hindrance, at now: QueueTime, jitter: Double) {
    failures += 1
    successes = 0
    // At least half the ceiling: a hold should keep the target quiet.
    let wait = backoff.delay(failures: failures, jitter: 0.5 + jitter / 2)
    state = .held(reason: reason, until: now + wait)
  }

  /// An operator's order to try now.
  package mutating func release() {
    failures = 0
    state = .delivering
  }
}

/// How long to wait before a retry: exponential, with full jitter.
///
/// The wait is drawn evenly from zero to the ceiling, which doubles with each failure up to `max`, so many batches that
/// failed together do not come back together.
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>)
package struct Backoff: Sendable, Equatable {
  package var initial: Duration
  package var max: Duration

  package init(initial: Duration, max: Duration) {
    self.initial = initial
    self.max = max
  }

  /// The longest wait after the `failures`th failure in a row, from 1.
  package func ceiling(failures: Int) -> Duration {
    let doublings = Swift.min(Swift.max(0, failures - 1), 40)
    let milliseconds = Double(initial.milliseconds) * Double(UInt64(1) << UInt64(doublings))
    return .milliseconds(Int64(Swift.min(milliseconds, Double(max.milliseconds))))
  }

  /// The wait after the `failures`th failure; `jitter` is drawn from 0 to 1.
  package func delay(failures: Int, jitter: Double) -> Duration {
    .milliseconds(Int64(Double(ceiling(failures: failures).milliseconds) * jitter))
  }
}

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
