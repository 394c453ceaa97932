import Glibc

/// The right to be the only upsertd that works on a state folder: a flock on `upsertd.lock`, released with this value.
///
/// The kernel releases it when the process ends, however it ends. The file stays, since removing it would let two
/// processes lock two different files of that name.
package final class StateLock: Sendable {
  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit {
    // Best effort: a stale id misleads only people.
    _ = ftruncate(descriptor, 0)
    close(descriptor)
  }

  /// Takes the lock without waiting; nil while another process holds it.
  ///
  /// The file then holds this process's id and a newline.
  package static func tryLock(state: String) throws(InboxError) -> StateLock? {
    let path = path(in: state)
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
      guard descriptor >= 0 else { throw InboxError("lock", path, errno: errno, .unusableFolder) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let reason = errno
        close(descriptor)
        if reason == EWOULDBLOCK { return nil }
        if reason == EINTR { continue }
        throw InboxError("lock", path, errno: reason, .unusableFolder)
      }
      // Somebody may have removed the file between our open and our lock: then the lock is on a file that no one else
      // finds.
      guard let ours = FileStatus(descriptor: descriptor), let named = FileStatus(path: path),
        ours.isSameFile(as: named)
      else {
        close(descriptor)
        continue
      }
      // Whoever can open it can hold the lock against us, so an older file is also closed to others.
      _ = fchmod(descriptor, 0o600)
      let text = "\(getpid())\n"
      _ = ftruncate(descriptor, 0)
      _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
      return StateLock(descriptor: descriptor)
    }
  }

  /// The process id in the lock file, for messages: whether that process is still running is not checked.
  package static func holder(state: String) -> Int32? {
    let descriptor = open(path(in: state), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text = [UInt8](repeating: 0, count: 16)
    let count = read(descriptor, &text, text.count)
    guard count > 0 else { return nil }
    return Int32(String(decoding: text[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }

  private static func path(in state: String) -> String { state + "/upsertd.lock" }
}
