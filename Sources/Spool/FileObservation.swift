import Core

/// What is known about one file in `inbox/` from scans and events: how long it has been unchanged, and whether it
/// arrived whole.
struct FileObservation {
  /// One moment by two clocks: a wall clock for file times, and a clock that nobody sets.
  struct Moment {
    var steady: ContinuousClock.Instant
    /// Nanoseconds since 1970.
    var wall: Int64
  }

  /// What can be concluded from time alone.
  enum Calm: Equatable {
    case settled
    /// It last changed this long ago, and is due for another scan in `due`.
    case settling(age: Duration, due: Duration)
  }

  private(set) var status: FileStatus
  /// When it was first seen in its current state.
  private var since: ContinuousClock.Instant
  /// When it was first seen with its current name, owner, mode and times as well.
  private var untouchedSince: ContinuousClock.Instant
  /// How many scans saw it in its current state.
  private var scans = 1
  /// An event reported that a writer closed it, or that it was renamed to its name.
  var arrivedWhole = false
  /// It was opened and nobody was writing to it; no event has mentioned it since.
  var isProbed = false
  /// Whether its content is that of a rejects file; nil if nobody looked.
  var isRejectsFile: Bool?
  /// The scan that last saw it.
  var lastScan: UInt64
  /// Since when, and since which scan, it has been ready; nil while it is not.
  var ready: (scan: UInt64, time: Timestamp)?

  init(_ status: FileStatus, at now: Moment, scan: UInt64) {
    self.status = status
    since = now.steady
    untouchedSince = now.steady
    lastScan = scan
  }

  /// Takes in what another scan saw.
  mutating func see(_ seen: FileStatus, at now: Moment, scan: UInt64) {
    lastScan = scan
    guard seen.isUnchanged(from: status) else {
      // Another file of that name has its own arrival, whatever was known about this one.
      let arrivedWhole = arrivedWhole && seen.isSameFile(as: status)
      self = FileObservation(seen, at: now, scan: scan)
      self.arrivedWhole = arrivedWhole
      return
    }
    if seen.changed != status.changed { untouchedSince = now.steady }
    status = seen
    scans += 1
  }

  /// Whether size, mtime and inode are the same over two scans and nothing changed for `settle`.
  ///
  /// A time in the future must not hold up a file forever, so the time for which we have seen it unchanged counts as
  /// well. Only that counts if the times are another machine's (`hasOurTimes` is false), whose clock may be late.
  /// `scansWanted` is 1 for a single scan that has nothing to compare with.
  func calm(at now: Moment, settle: Duration, scansWanted: Int, hasOurTimes: Bool) -> Calm {
    var age = now.steady - since
    if hasOurTimes { age = max(age, .nanoseconds(now.wall.subtractingSaturated(max(status.modified, status.changed)))) }
    if age >= settle, scans >= scansWanted { return .settled }
    return .settling(age: age, due: max(settle - age, .milliseconds(50)))
  }

  /// How long nobody has changed anything about it: contents, name, owner, mode or times.
  ///
  /// As in `calm`, the time for which we have seen it so counts as well, and a time in the future holds up nothing. A
  /// modification time in the future, which its sender may have set, counts for nothing at all; and times of another
  /// machine do count, since the file is complete by other signs: runs that see it only for a moment must be able to
  /// claim it in the end.
  func leftAlone(at now: Moment) -> Duration {
    let last = status.modified > now.wall ? status.changed : max(status.modified, status.changed)
    return max(now.steady - untouchedSince, .nanoseconds(now.wall.subtractingSaturated(last)))
  }
}
