/// A moment on the queue's own clock, in milliseconds.
///
/// The clock never jumps and continues across restarts (`QueueClock`), so waits and ages are measured with it. It
/// begins near the wall clock's time, but only differences mean anything: for display it is first converted to a
/// `Timestamp`.
package struct QueueTime: Hashable, Sendable, Comparable {
  package var milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  package static func < (a: QueueTime, b: QueueTime) -> Bool { a.milliseconds < b.milliseconds }

  /// Saturates.
  package static func + (time: QueueTime, delay: Duration) -> QueueTime {
    let (sum, isOver) = time.milliseconds.addingReportingOverflow(delay.milliseconds)
    return QueueTime(milliseconds: isOver ? (delay < .zero ? .min : .max) : sum)
  }

  /// Saturates.
  package static func - (time: QueueTime, delay: Duration) -> QueueTime {
    let (difference, isOver) = time.milliseconds.subtractingReportingOverflow(delay.milliseconds)
    return QueueTime(milliseconds: isOver ? (delay < .zero ? .max : .min) : difference)
  }

  /// Saturates.
  package static func - (later: QueueTime, earlier: QueueTime) -> Duration {
    let (difference, isOver) = later.milliseconds.subtractingReportingOverflow(earlier.milliseconds)
    return .milliseconds(isOver ? (later < earlier ? .min : .max) : difference)
  }
}
