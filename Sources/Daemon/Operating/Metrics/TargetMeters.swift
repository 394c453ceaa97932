internal import Metrics
internal import Sender

/// The counters of one target.
///
/// Its series exist from the start, at zero: a rate needs a first value, and an alert a series.
struct TargetMeters: Sendable {
  /// Why a batch has to be sent again.
  enum Retry: String, CaseIterable {
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

  init(_ target: String, _ metrics: DaemonMetrics) {
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

  /// Sends a request, counted and timed.
  func send(_ request: Request, over connections: Connections) async -> Result<Answer, SendError> {
    let bytes = request.body.count
    underWay.add(1)
    defer { underWay.add(-1) }
    let began = ContinuousClock.now
    do throws(SendError) {
      let answer = try await connections.send(request)
      duration.observe(began.duration(to: .now))
      sentBytes.add(bytes * (1 + answer.unanswered))
      statuses["\(answer.status / 100)xx"]?.add()
      if answer.unanswered > 0 { statuses["none"]?.add(answer.unanswered) }
      return .success(answer)
    } catch {
      switch error.code {
      case .unanswered, .cancelled:
        duration.observe(began.duration(to: .now))
        sentBytes.add(bytes * max(1, error.unanswered))
        statuses["none"]?.add(max(1, error.unanswered))
      case .notSent, .tls, .setup: statuses["unsent"]?.add()
      }
      return .failure(error)
    }
  }

  func settled(inbox: String, accepted: Int, rejected: Int) {
    settledBatches.add()
    gaveUp(inbox: inbox, rejected: rejected)
    if accepted > 0 { metrics.items[inbox, target, "accepted"].add(accepted) }
  }

  /// Items that were rejected without an answer: too old, or cancelled.
  func gaveUp(inbox: String, rejected: Int) {
    if rejected > 0 { metrics.items[inbox, target, "rejected"].add(rejected) }
  }

  func split() { splitBatches.add() }

  func sendsAgain(_ reason: Retry) { retries[reason]?.add() }

  func held() { holds.add() }

  func slowedDown() { slowdowns.add() }

  func askedForToken(_ outcome: TokenOutcome) { metrics.tokenRequests[target, outcome.rawValue].add() }
}

/// The outcome of requesting an access token.
enum TokenOutcome: String, Sendable, CaseIterable {
  case granted
  /// The endpoint refused.
  case refused
  /// It could not be reached, or gave no usable answer.
  case failed
}
