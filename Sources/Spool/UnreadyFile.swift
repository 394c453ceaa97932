/// Something in `inbox/` that is not ready, and why.
package struct UnreadyFile: Hashable, Sendable {
  package enum Kind: Sendable {
    /// A name that is never touched: hidden, temporary, or matched by one of the inbox's `ignore` globs.
    case ignored
    /// A symbolic link, FIFO, socket, device or folder.
    case notRegular
    /// Not readable, or not at the moment; a person has to act.
    case unreadable
    /// Some process is still writing to it.
    case openForWriting
    /// It changed a moment ago.
    case settling
    /// Its marker is missing.
    case waitingForMarker
    /// A marker whose file is missing.
    case marker
  }

  package let name: FileName
  package let kind: Kind
  /// Human-readable: `ignored: name ends in .tmp`, `changed 0.4 s ago, settles at 2 s`.
  package let reason: String

  package init(name: FileName, kind: Kind, reason: String) {
    self.name = name
    self.kind = kind
    self.reason = reason
  }

  /// Whether it is on its way and will become ready without anything else being dropped.
  package var isArriving: Bool { kind.isArriving }
}

extension UnreadyFile.Kind {
  /// Whether a file of this kind will become ready without anything else being dropped.
  package var isArriving: Bool { self == .settling || self == .openForWriting }
}
