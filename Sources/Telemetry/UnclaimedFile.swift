package import Core
package import Engine
package import Spool

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
