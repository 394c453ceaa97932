internal import Synchronization

/// Tells readers of large files that the daemon wants to stop.
package final class StopFlag: Sendable {
  private let raised = Mutex<ContinuousClock.Instant?>(nil)

  package init() {}

  package var isRaised: Bool { raised.withLock { $0 != nil } }

  /// Whether it has been raised for at least this long.
  package func isRaised(for time: Duration) -> Bool { raised.withLock { $0.map { $0 + time < .now } ?? false } }

  package func raise() { raised.withLock { $0 = $0 ?? .now } }
}
