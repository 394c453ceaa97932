internal import Core

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
