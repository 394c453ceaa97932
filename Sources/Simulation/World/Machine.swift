internal import Core
internal import Engine

/// The machine's clocks.
struct Machine {
  private var boots = 1
  private var bootedAt: Int64 = -5_000_000
  /// What the wall clock was set to, in addition to the time that passes.
  private var wallOffset: Int64 = 1_795_000_000_000

  func wall(at now: Int64) -> Timestamp { Timestamp(milliseconds: wallOffset + now) }

  func reading(at now: Int64) -> QueueClock.Reading {
    QueueClock.Reading(bootID: "boot \(boots)", sinceBoot: now - bootedAt, wall: wall(at: now))
  }

  var hasBootedAgain: Bool { boots > 1 }

  mutating func setWallClock(by step: Int64) { wallOffset += step }

  mutating func boot(at now: Int64) {
    boots += 1
    bootedAt = now
  }
}
