import CLinux
import Glibc

/// One pass over a folder's entries, in the filesystem's order.
struct FolderListing: ~Copyable {
  private let stream: OpaquePointer
  private let folder: String
  /// For calls that take names relative to the folder; closed with this value.
  let descriptor: Int32

  struct Entry {
    var name: FileName
    /// Nil if the filesystem does not report kinds while listing.
    var kind: FileStatus.Kind?
  }

  init(_ folder: String) throws(InboxError) {
    guard let stream = opendir(folder) else { throw InboxError("list", folder, errno: errno, .unusableFolder) }
    self.stream = stream
    self.folder = folder
    descriptor = dirfd(stream)
  }

  deinit { closedir(stream) }

  /// The next entry except `.` and `..`; nil after the last one.
  func next() throws(InboxError) -> Entry? {
    var name: UnsafePointer<CChar>?
    var type: UInt8 = 0
    while true {
      let answer = clinux_next_entry(UnsafeMutableRawPointer(stream), &name, &type)
      guard answer >= 0 else { throw InboxError("list", folder, errno: -answer) }
      guard answer == 1, let name else { return nil }
      let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
      if bytes.first == UInt8(ascii: "."), bytes.count == 1 || (bytes.count == 2 && bytes[1] == UInt8(ascii: ".")) {
        continue
      }
      return Entry(name: FileName(known: [UInt8](bytes)), kind: FileStatus.Kind(entryType: type))
    }
  }

  /// The names of a folder's entries that `wanted` accepts.
  static func names(in folder: String, where wanted: (FileName) -> Bool) throws(InboxError) -> [FileName] {
    let listing = try FolderListing(folder)
    var names: [FileName] = []
    while let entry = try listing.next() {
      if wanted(entry.name) { names.append(entry.name) }
    }
    return names
  }
}

/// Makes the names in a folder survive a power loss: fsync of the folder itself.
///
/// A rename or a new file is safe only after this (fsync(2), "does not necessarily ensure that the entry in the
/// directory …").
package func syncFolder(_ path: String) throws(InboxError) {
  let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw InboxError("sync", path, errno: errno) }
  defer { close(descriptor) }
  // EINVAL: the filesystem has nothing to sync for a folder.
  guard fsync(descriptor) == 0 || errno == EINVAL else { throw InboxError("sync", path, errno: errno) }
}

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
