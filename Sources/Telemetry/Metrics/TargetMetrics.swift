internal import Metrics

/// The counters of one target.
///
/// Its series exist from the start, at zero: a rate needs a first value, and an alert a series.
package struct TargetMetrics: Sendable {
  /// Why a batch has to be sent again.
  package enum Retry: String, CaseIterable {
    /// The answer calls for it: 408, 429, 5xx and the like, or it is unusable.
    case answer
    /// It was sent, and no complete answer came.
    case unanswered
    /// Nothing was sent: no connection, no TLS, no token.
    case unsent
    /// The target can't be used as configured.
    case hold
  }

  private let target: String
  private let metrics: DaemonMetrics
  private let statuses: [String: Counter]
  private let retries: [Retry: Counter]
  private let duration: Histogram
  private let underWay: Gauge
  private let sentBytes: Counter
  private let settledBatches: Counter
  private let splitBatches: Counter
  private let holds: Counter
  private let slowdowns: Counter

  package init(_ target: String, _ metrics: DaemonMetrics) {
    self.target = target
    self.metrics = metrics
    let classes = ["1xx", "2xx", "3xx", "4xx", "5xx", "none", "unsent"]
    statuses = Dictionary(uniqueKeysWithValues: classes.map { ($0, metrics.requests[target, $0]) })
    retries = Dictionary(uniqueKeysWithValues: Retry.allCases.map { ($0, metrics.retries[target, $0.rawValue]) })
    duration = metrics.requestDuration[target]
    underWay = metrics.requestsUnderWay[target]
    sentBytes = metrics.sentBytes[target]
    settledBatches = metrics.settledBatches[target]
    splitBatches = metrics.splitBatches[target]
    holds = metrics.holds[target]
    slowdowns = metrics.slowdowns[target]
    for outcome in TokenOutcome.allCases { _ = metrics.tokenRequests[target, outcome.rawValue] }
  }

  /// A request begins: it counts as under way until one of the next two.
  package func began() { underWay.add(1) }

  /// - Parameter unanswered: how often the same bytes also went out on a connection that ended without an answer.
  package func answered(status: Int, bytes: Int, after time: Duration) {
    underWay.add(-1)
    duration.observe(time)
    sentBytes.add(bytes)
    statuses["\(status / 100)xx"]?.add()
  }

  /// No complete answer came.
  ///
  /// - Parameter wasSent: whether any of its bytes went out.
  package func failed(bytes: Int, wasSent: Bool, after time: Duration) {
    underWay.add(-1)
    guard wasSent else { return statuses["unsent"]?.add() ?? () }
    duration.observe(time)
    sentBytes.add(bytes)
    statuses["none"]?.add()
  }

  package func settled(inbox: String, accepted: Int, rejected: Int) {
    settledBatches.add()
    gaveUp(inbox: inbox, rejected: rejected)
    if accepted > 0 { metrics.items[inbox, target, "accepted"].add(accepted) }
  }

  /// Items that were rejected without an answer: too old, or cancelled.
  package func gaveUp(inbox: String, rejected: Int) {
    if rejected > 0 { metrics.items[inbox, target, "rejected"].add(rejected) }
  }

  package func split() { splitBatches.add() }

  package func sendsAgain(_ reason: Retry) { retries[reason]?.add() }

  package func held() { holds.add() }

  package func slowedDown() { slowdowns.add() }

  package func askedForToken(_ outcome: TokenOutcome) { metrics.tokenRequests[target, outcome.rawValue].add() }
}

/// The outcome of requesting an access token.
package enum TokenOutcome: String, Sendable, CaseIterable {
  case granted
  /// The endpoint refused.
  case refused
  /// It could not be reached, or gave no usable answer.
  case failed
}

/// The counters of one receiver of notices; its series exist from the start, at zero.
package struct ReceiverMetrics: Sendable {
  /// Why a receiver never gets a notice.
  package enum Loss: String, CaseIterable, Sendable {
    /// Too many waited already.
    case full
    /// It waited for `retry.max_age`.
    case expired
  }

  private let delivered: Counter
  private let attempts: Counter
  private let lost: [Loss: Counter]

  package init(_ receiver: String, _ metrics: DaemonMetrics) {
    delivered = metrics.sentNotices[receiver]
    attempts = metrics.failedNotices[receiver]
    lost = Dictionary(uniqueKeysWithValues: Loss.allCases.map { ($0, metrics.droppedNotices[receiver, $0.rawValue]) })
  }

  package func sent() { delivered.add() }

  /// An attempt failed; it will be made again.
  package func failed() { attempts.add() }

  package func dropped(_ count: Int, _ loss: Loss) { lost[loss]?.add(count) }
}
