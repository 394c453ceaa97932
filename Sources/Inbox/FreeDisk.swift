import Glibc

/// How much room is left on a filesystem.
package enum FreeDisk {
  /// Bytes that an ordinary user can still write to the filesystem that holds `path` (statvfs(3), `f_bavail`).
  package static func bytes(at path: String) throws(InboxError) -> UInt64 {
    var about = statvfs()
    guard statvfs(path, &about) == 0 else { throw InboxError("measure free disk at", path, errno: errno) }
    let (bytes, overflow) = UInt64(about.f_bavail).multipliedReportingOverflow(by: UInt64(about.f_frsize))
    return overflow ? .max : bytes
  }
}
