package import Core

/// What one scan of an inbox's folder found.
package struct InboxScan: Sendable {
  /// In the order in which they are to be claimed: those that an earlier scan found ready first, then by mtime, then by
  /// name.
  package var ready: [ReadyFile]
  /// What else is in the folder, by name, at most `mostListed` of each kind: a folder may hold any number of names.
  package var unclaimed: [UnreadyFile]
  /// How many of each kind there are, including the unlisted ones.
  package var counts: [UnreadyFile.Kind: Int]
  package static let mostListed = 500
  /// Why the folder could not be read, or not completely; then the lists are empty.
  package var fault: InboxError?
  /// How often the inbox's folders had been replaced so far and were prepared again.
  package var preparations = 0
  /// How long the scan took.
  package var took = Duration.zero

  package init(ready: [ReadyFile] = [], unclaimed: [UnreadyFile] = [], fault: InboxError? = nil) {
    self.ready = ready
    self.unclaimed = unclaimed
    self.fault = fault
    counts = unclaimed.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
  }
}

/// A file in `inbox/` that a scan found ready to be claimed.
package struct ReadyFile: Hashable, Sendable {
  package let name: FileName
  /// Bytes.
  package let size: Int64
  /// Nanoseconds since 1970.
  package let modified: Int64
  package let inode: UInt64
  /// When it was first found ready: the moment that counts as its drop time.
  package let readySince: Timestamp
  /// The marker file that vouches for it, in an inbox with `marker`; claiming removes it.
  package let marker: FileName?
  /// The file with its digest, on a route with `checksum`; claiming brings it along.
  package let sideFile: ReadySideFile?

  package init(
    name: FileName, size: Int64, modified: Int64, inode: UInt64, readySince: Timestamp, marker: FileName? = nil,
    sideFile: ReadySideFile? = nil
  ) {
    self.name = name
    self.size = size
    self.modified = modified
    self.inode = inode
    self.readySince = readySince
    self.marker = marker
    self.sideFile = sideFile
  }
}

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
    /// A marker: it is not a dropped file.
    case marker
    /// The side file with its digest is missing.
    case waitingForChecksum
    /// A side file: it is not a dropped file.
    case checksum
    /// It changed less than `minAge` ago.
    case minAge
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
