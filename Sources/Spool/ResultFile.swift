import CLinux
import Glibc

/// A result file that appears whole or not at all: written under a hidden name, fsynced, renamed, folder fsynced.
///
/// Serves one caller at a time. Without `publish()` nothing of it remains; after a crash the next run's
/// `InboxFolders.prepare()` removes the hidden file.
package final class ResultFile {
  private let folder: String
  private let name: FileName
  private let hidden: FileName
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private var writtenBytes = 0
  /// How many of them are on the disk, as far as this value has waited for it.
  private var pacedBytes = 0
  private var isSynced = false
  private static let bufferBytes = 64 << 10
  /// How far the disk may lag behind. On ext4 every sync of any file waits for what is being written: with gigabytes of
  /// rejects in memory, claims and commits of all inboxes would stand still for seconds.
  private static let paceBytes = 4 << 20

  /// Starts a file; an existing one of that name is replaced by `publish()`, not before.
  ///
  /// - Parameter isForCorrection: whether the folder's group may also write to it.
  package init(folder: String, name: FileName, isForCorrection: Bool = false) throws(InboxError) {
    self.folder = folder
    self.name = name
    hidden = Self.hiddenName()
    // Items may be personal data: the folder's group may read them, others may not, whatever the umask.
    descriptor = open(hidden.path(in: folder), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw InboxError("write", folder + "/" + name.display, errno: errno) }
    _ = fchmod(descriptor, isForCorrection ? 0o660 : 0o640)
  }

  deinit { abandon() }

  package func append(_ bytes: some Collection<UInt8>) throws(InboxError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferBytes { try flush() }
  }

  /// Bytes so far.
  package var count: Int { writtenBytes + buffer.count }

  /// Takes back what was appended after the first `count` bytes.
  package func cut(to count: Int) throws(InboxError) {
    guard count < writtenBytes else { return buffer.removeLast(self.count - count) }
    buffer.removeAll(keepingCapacity: true)
    guard ftruncate(descriptor, off_t(count)) == 0, lseek(descriptor, off_t(count), SEEK_SET) >= 0 else {
      throw failure()
    }
    writtenBytes = count
    pacedBytes = min(pacedBytes, count)
  }

  package func append(_ text: String) throws(InboxError) {
    try append(text.utf8)
  }

  /// Writes out what is still in memory, and makes it survive a power loss; after that nothing can be appended.
  package func sync() throws(InboxError) {
    guard !isSynced else { return }
    try flush()
    buffer = []
    guard fsync(descriptor) == 0 else { throw failure() }
    isSynced = true
  }

  /// Gives the file its name; it then survives a power loss.
  ///
  /// `durably: false` leaves the folder to one `syncFolder` for many files. If this throws, the previous file of that
  /// name is still there, or, if only the last fsync failed, the new one is.
  ///
  /// - Returns: the new name of a folder that had the name and was moved out of the way.
  @discardableResult
  package func publish(durably: Bool = true) throws(InboxError) -> FileName? {
    try sync()
    let written = descriptor
    descriptor = -1
    let moved: FileName?
    do throws(InboxError) {
      guard close(written) == 0 else { throw failure() }
      moved = try InboxFolders.moveOver(hidden.path(in: folder), to: name, in: folder, "write")
    } catch {
      unlink(hidden.path(in: folder))
      throw error
    }
    if durably { try syncFolder(folder) }
    return moved
  }

  /// Removes what was written; does nothing after `publish()`.
  package func abandon() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    unlink(hidden.path(in: folder))
  }

  private func flush() throws(InboxError) {
    precondition(descriptor >= 0 && !isSynced, "a result file is written to after its end")
    var done = 0
    while done < buffer.count {
      let count = buffer[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure()
      }
      done += count
    }
    writtenBytes += done
    buffer.removeAll(keepingCapacity: true)
    if writtenBytes - pacedBytes >= Self.paceBytes { try pace() }
  }

  private func pace() throws(InboxError) {
    let code = clinux_write_back(descriptor, pacedBytes, writtenBytes - pacedBytes)
    // A filesystem that has no such call is not paced; a disk that fails says so here, and perhaps only here.
    guard [0, ENOSYS, EINVAL, ESPIPE, EOPNOTSUPP].contains(code) else {
      throw InboxError("write", folder + "/" + name.display, errno: code)
    }
    pacedBytes = writtenBytes
  }

  private func failure() -> InboxError { InboxError("write", folder + "/" + name.display, errno: errno) }
}

extension ResultFile {
  /// A name that nobody else uses and every scan ignores.
  static func hiddenName() -> FileName {
    FileName(known: Array((ourStart + String(UInt64.random(in: 0 ... .max), radix: 16) + hiddenEnd).utf8))
  }

  /// Whether an earlier run left this file behind; a file that this process is writing, even from before a reload, does
  /// not count.
  static func isLeftover(_ name: FileName) -> Bool {
    name.bytes.starts(with: hiddenStart.utf8) && name.bytes.suffix(hiddenEnd.utf8.count).elementsEqual(hiddenEnd.utf8)
      && !name.bytes.starts(with: ourStart.utf8)
  }

  private static let hiddenStart = ".upsertd-"
  private static let hiddenEnd = ".part"
  /// Process ids recur (in a container it is always 1), so each run draws a random number.
  private static let ourStart = hiddenStart + String(UInt64.random(in: 0 ... .max), radix: 16) + "-"
}
