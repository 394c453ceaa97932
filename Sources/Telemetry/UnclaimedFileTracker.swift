package import Core
package import Engine
package import Spool
internal import Synchronization

/// Remembers since when each file has stayed in an inbox, and what has already been logged about it.
///
/// What needs a person is logged at once; what usually passes by itself (a file being written, a marker on its way)
/// only once it has taken unexpectedly long. Each file and reason is logged once.
package final class UnclaimedFileTracker: Sendable {
  /// What to log about one look.
  package struct News: Equatable {
    package var reported: [UnclaimedFile] = []
    /// How many more there were than anybody wants to read.
    package var unreported = 0
  }

  private struct Stay {
    var kind: UnclaimedFile.Kind
    var since: Timestamp
    var isReported = false
  }

  /// How long a file may take to become ready before that is worth a log line.
  static let patience = Duration.seconds(600)
  /// The most log lines per inbox and look.
  private static let mostLines = 20

  private let stays = Mutex<[String: [FileName: Stay]]>([:])
  /// Why the last look at an inbox failed.
  private let faults = Mutex<[String: String]>([:])

  /// Remembers why an inbox can't be read, or that it can.
  package func note(_ fault: String?, of inbox: String) { faults.withLock { $0[inbox] = fault } }

  /// Nil if the last look found nothing wrong with the inbox itself.
  package func fault(of inbox: String) -> String? { faults.withLock { $0[inbox] } }

  /// What is wrong with inboxes as a whole, one human-readable line each.
  package var allFaults: [String] { faults.withLock { $0.map { "inbox \($0): can't scan it: \($1)" } }.sorted() }

  /// Takes in the result of a look, and what holds up the ready files that it found.
  package func take(_ look: InboxScan, obstacle: ClaimObstacle?, of inbox: String, at now: Timestamp) -> News {
    // A folder that can't be read says nothing about its files.
    guard look.fault == nil else { return News() }
    return stays.withLock { all in
      let before = all[inbox] ?? [:]
      var after: [FileName: Stay] = [:]
      var news = News()
      func stay(_ name: FileName, _ kind: UnclaimedFile.Kind, _ reason: @autoclosure () -> String) {
        var stay = before[name].flatMap { $0.kind == kind ? $0 : nil } ?? Stay(kind: kind, since: now)
        if !stay.isReported, now - stay.since >= kind.patience {
          stay.isReported = true
          if news.reported.count < Self.mostLines {
            news.reported.append(UnclaimedFile(name: name.display, kind: kind, reason: reason(), since: stay.since))
          } else {
            news.unreported += 1
          }
        }
        after[name] = stay
      }
      for file in look.unclaimed { stay(file.name, UnclaimedFile.Kind(file.kind), file.reason) }
      if let obstacle {
        for file in look.ready { stay(file.name, UnclaimedFile.Kind(obstacle.kind), obstacle.description) }
      }
      all[inbox] = after
      return news
    }
  }

  /// Since when it has stayed for that reason; nil for a file that the daemon has not seen so.
  package func since(_ name: FileName, _ kind: UnclaimedFile.Kind, inbox: String) -> Timestamp? {
    stays.withLock { all in all[inbox]?[name].flatMap { $0.kind == kind ? $0.since : nil } }
  }

  /// When the oldest stay of each kind began.
  package func oldest(inbox: String) -> [UnclaimedFile.Kind: Timestamp] {
    stays.withLock { all in
      (all[inbox] ?? [:]).values.reduce(into: [:]) { $0[$1.kind] = min($0[$1.kind] ?? $1.since, $1.since) }
    }
  }
}

extension UnclaimedFile.Kind {
  /// How long a file may stay for this reason before that is logged.
  fileprivate var patience: Duration {
    switch self {
    case .unreadable, .notRegular: .zero
    case .ignored, .openForWriting, .settling, .waitingForMarker, .marker, .waitingForChecksum, .checksum:
      UnclaimedFileTracker.patience
    // Logged for the inbox as a whole, not for each of its files; or as configured.
    case .queueFull, .diskFull, .paused, .behindUnread, .folder, .minAge: .seconds(Int64.max / 1_000_000)
    }
  }
}

/// A file that stays in an inbox, and why.
package struct UnclaimedFile: Sendable, Equatable {
  /// Why, as a word for programs: the label `reason` of the metrics.
  package enum Kind: String, Sendable, CaseIterable {
    case ignored
    case notRegular = "not_regular"
    case unreadable
    case openForWriting = "open_for_writing"
    case settling
    case waitingForMarker = "waiting_for_marker"
    case marker
    case waitingForChecksum = "waiting_for_checksum"
    case checksum
    case minAge = "min_age"
    case queueFull = "queue_full"
    case diskFull = "disk_full"
    case paused
    /// Too many files of the inbox wait for an earlier one to be read.
    case behindUnread = "behind_unread"
    /// The folder itself can't be read.
    case folder
  }

  package var name: String
  package var kind: Kind
  /// Human-readable.
  package var reason: String
  /// Since when it has stayed for this reason, as far as the daemon has seen.
  package var since: Timestamp?

  package init(name: String, kind: Kind, reason: String, since: Timestamp? = nil) {
    self.name = name
    self.kind = kind
    self.reason = reason
    self.since = since
  }
}

extension UnclaimedFile.Kind {
  package init(_ kind: UnreadyFile.Kind) {
    self =
      switch kind {
      case .ignored: .ignored
      case .notRegular: .notRegular
      case .unreadable: .unreadable
      case .openForWriting: .openForWriting
      case .settling: .settling
      case .waitingForMarker: .waitingForMarker
      case .marker: .marker
      case .waitingForChecksum: .waitingForChecksum
      case .checksum: .checksum
      case .minAge: .minAge
      }
  }

  package init(_ kind: ClaimObstacle.Kind) {
    self =
      switch kind {
      case .queueFull: .queueFull
      case .diskFull: .diskFull
      case .paused: .paused
      case .behindUnread: .behindUnread
      }
  }
}
