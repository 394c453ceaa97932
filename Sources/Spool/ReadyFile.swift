package import Core

/// A file in `inbox/` that a look found ready to be claimed.
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

  package init(
    name: FileName, size: Int64, modified: Int64, inode: UInt64, readySince: Timestamp, marker: FileName? = nil
  ) {
    self.name = name
    self.size = size
    self.modified = modified
    self.inode = inode
    self.readySince = readySince
    self.marker = marker
  }
}
