import Glibc

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
