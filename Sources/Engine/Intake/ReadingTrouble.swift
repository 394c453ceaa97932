package import Core

/// How long a claimed file could not be read, and when it is retried.
package struct ReadingTrouble: Sendable, Equatable {
  /// After failing this long, the disk or server is taken to have lost the file; files that wait for it have waited
  /// enough.
  package static let patience = Duration.seconds(3600)

  package private(set) var since: QueueTime
  package private(set) var failures = 0
  /// When it is retried.
  package private(set) var due: QueueTime
  /// Why the last try failed.
  package private(set) var reason = ""

  /// Reading failed for the first time; `fail` gives the reason.
  package init(since now: QueueTime) {
    since = now
    due = now
  }

  /// Reading failed again.
  package mutating func fail(_ reason: String, at now: QueueTime, backoff: Backoff) {
    failures += 1
    self.reason = reason
    // The last try comes at the end of the hour, not a long wait after it.
    due = min(now + backoff.ceiling(failures: failures), max(now, since + Self.patience))
  }

  /// An operator wants it retried now.
  package mutating func makeDue(at now: QueueTime) { due = min(due, now) }

  /// Whether a try that fails now is the last one.
  package func isHopeless(at now: QueueTime) -> Bool { now >= since + Self.patience }
}
