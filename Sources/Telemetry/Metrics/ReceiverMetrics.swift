internal import Metrics

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
