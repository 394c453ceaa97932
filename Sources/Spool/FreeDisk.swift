import Glibc

/// How much free space a filesystem has.
package enum FreeDisk {
  /// Bytes that an ordinary user can still write to the filesystem that holds `path` (statvfs(3), `f_bavail`).
  package static func bytes(at path: String) throws(InboxError) -> UInt64 { try space(at: path).free }

  /// The space available to an ordinary user, and the filesystem's total size.
  package static func space(at path: String) throws(InboxError) -> (free: UInt64, size: UInt64) {
    var about = statvfs()
    guard statvfs(path, &about) == 0 else { throw InboxError("measure free disk space at", path, errno: errno) }
    func bytes(_ blocks: UInt) -> UInt64 {
      let (bytes, overflow) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(about.f_frsize))
      return overflow ? .max : bytes
    }
    return (bytes(about.f_bavail), bytes(about.f_blocks))
  }
}
