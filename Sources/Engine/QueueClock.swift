package import Delivery

/// The clock on which ages and waits are measured: it never jumps, and goes on over restarts.
///
/// Within one boot it follows CLOCK_BOOTTIME, which runs on while the daemon does not, and through suspend. Across a boot, the wall clock's
/// difference counts, at least zero and at most a day, since the wall clock may have been set meanwhile. The outbox keeps a mark of it at
/// least once a minute; what a power failure takes back is at most what passed since the last mark.
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

  /// What the queue's time was at one reading.
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

  /// Goes on from the mark kept last. Without one, the queue's time begins at the wall clock's.
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

  /// To be kept.
  package func mark(at reading: Reading) -> Mark { Mark(reading: reading, time: time(at: reading)) }

  /// When, by the wall clock, the queue's clock shows, or showed, `time`.
  package func wall(of time: QueueTime, at reading: Reading) -> Timestamp {
    reading.wall + (time - self.time(at: reading))
  }
}
