internal import Inbox

/// A file that stays in its inbox, and why.
package struct UnclaimedFile: Sendable, Equatable {
  package enum Kind: String, Sendable {
    /// It is being written, or was a moment ago.
    case arriving
    /// A name, or a kind of file, that is never touched.
    case ignored
    /// Its marker is not there yet.
    case marker
    /// A person has to see to it: it, or its folder, can't be read.
    case unreadable
    /// The queue or the disk is full.
    case full
    /// The inbox is paused by an operator.
    case paused
  }

  package var name: String
  package var kind: Kind
  /// For people.
  package var reason: String

  package init(name: String, kind: Kind, reason: String) {
    self.name = name
    self.kind = kind
    self.reason = reason
  }
}

extension UnclaimedFile {
  init(_ file: Unclaimed) {
    let kind: Kind =
      switch file.kind {
      case .ignored, .notRegular, .marker: .ignored
      case .unreadable: .unreadable
      case .openForWriting, .settling: .arriving
      case .waitingForMarker: .marker
      }
    self.init(name: file.name.display, kind: kind, reason: file.reason)
  }
}
