internal import Delivery
internal import Engine
internal import Outbox

/// The queue's clock, as this process reads it.
struct DaemonClock: Sendable {
  let clock: QueueClock

  /// Continues from the mark that the outbox stored last.
  init(from mark: QueueClock.Mark?) { clock = QueueClock(from: mark, at: .now) }

  var now: QueueTime { clock.time(at: .now) }

  var mark: QueueClock.Mark { clock.mark(at: .now) }

  /// The wall-clock time at which the queue's clock shows, or showed, `time`.
  func wall(of time: QueueTime) -> Timestamp { clock.wall(of: time, at: .now) }
}
