package import Core

/// The clock for ages and waits: it never jumps, and continues across restarts.
///
/// Within one boot it follows CLOCK_BOOTTIME, which runs on while the daemon is stopped and through suspend. Across a
/// boot, the wall clock's difference counts, at least zero and at most a day, since the wall clock may have been set
/// meanwhile. The outbox stores a mark at least once a minute; a power failure loses at most the time since the last
/// mark.
package struct QueueClock: Sendable, Equatable {
  /// The machine's clocks at one moment.
  package struct Reading: Sendable, Equatable {
    /// `/proc/sys/kernel/random/boot_id`.
    package var bootID: String
    /// CLOCK_BOOTTIME, in milliseconds.
    package var sinceBoot: Int64
    package var wall: Timestamp

    package init(bootID: String, sinceBoot: Int64, wall: Timestamp) {
      self.bootID = bootID
      self.sinceBoot = sinceBoot
      self.wall = wall
    }
  }

  /// The queue's time at one reading.
  package struct Mark: Sendable, Equatable {
    package var reading: Reading
    package var time: QueueTime

    package init(reading: Reading, time: QueueTime) {
      self.reading = reading
      self.time = time
    }
  }

  private static let longestGap: Int64 = 86_400_000

  private var mark: Mark

  /// Continues from the last stored mark. Without one, the queue's time begins at the wall clock's time.
  package init(from kept: Mark?, at reading: Reading) {
    guard let kept else {
      mark = Mark(reading: reading, time: QueueTime(milliseconds: max(0, reading.wall.milliseconds)))
      return
    }
    var passed: Int64
    if kept.reading.bootID == reading.bootID, reading.sinceBoot >= kept.reading.sinceBoot {
      passed = reading.sinceBoot - kept.reading.sinceBoot
    } else {
      passed = min(max(0, (reading.wall - kept.reading.wall).milliseconds), Self.longestGap)
    }
    mark = Mark(reading: reading, time: kept.time + .milliseconds(passed))
  }

  package func time(at reading: Reading) -> QueueTime {
    mark.time + .milliseconds(max(0, reading.sinceBoot - mark.reading.sinceBoot))
  }

  /// The mark to store.
  package func mark(at reading: Reading) -> Mark { Mark(reading: reading, time: time(at: reading)) }

  /// When, by the wall clock, the queue's clock shows, or showed, `time`.
  package func wall(of time: QueueTime, at reading: Reading) -> Timestamp {
    reading.wall + (time - self.time(at: reading))
  }
}
