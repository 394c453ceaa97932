internal import Delivery
internal import Engine
internal import Glibc

/// The queue's clock, as this process reads it.
struct DaemonClock: Sendable {
  let clock: QueueClock
  private let bootID: String

  /// Goes on from the mark that the outbox kept last.
  init(from mark: QueueClock.Mark?) {
    let reading = QueueClock.Reading.now
    clock = QueueClock(from: mark, at: reading)
    bootID = reading.bootID
  }

  private var reading: QueueClock.Reading {
    QueueClock.Reading(bootID: bootID, sinceBoot: QueueClock.Reading.sinceBoot, wall: .now)
  }

  var now: QueueTime { clock.time(at: reading) }

  var mark: QueueClock.Mark { clock.mark(at: reading) }

  /// When, by the wall clock, the queue's clock shows, or showed, `time`.
  func wall(of time: QueueTime) -> Timestamp { clock.wall(of: time, at: reading) }
}
