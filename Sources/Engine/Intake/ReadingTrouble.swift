package import Delivery

/// How long a claimed file could not be read, and when it is tried again.
package struct ReadingTrouble: Sendable, Equatable {
  /// A disk or a server that fails for so long has lost the file; those that wait for it have waited enough.
  package static let patience = Duration.seconds(3600)

  package private(set) var since: QueueTime
  package private(set) var failures = 0
  /// When it is tried again.
  package private(set) var due: QueueTime
  /// Of the last try.
  package private(set) var reason = ""

  /// Reading failed for the first time: `fail` says why.
  package init(since now: QueueTime) {
    since = now
    due = now
  }

  /// It could not be read once more.
  package mutating func fail(_ reason: String, at now: QueueTime, backoff: Backoff) {
    failures += 1
    self.reason = reason
    // The last try is at the end of the hour, not a long wait behind it.
    due = min(now + backoff.ceiling(failures: failures), max(now, since + Self.patience))
  }

  /// An operator wants it tried now.
  package mutating func makeDue(at now: QueueTime) { due = min(due, now) }

  /// Whether a try that fails now is the last one.
  package func isHopeless(at now: QueueTime) -> Bool { now >= since + Self.patience }
}
