internal import Delivery
internal import Engine
internal import Glibc
internal import Synchronization

/// Keeps key runs in a file that has no name: it is gone with the process.
final class KeyRunFile: KeyRunStorage {
  private struct File {
    var descriptor: Int32?
    /// In words.
    var count = 0
  }

  private let folder: String
  private let file = Mutex(File())

  /// - Parameter folder: on a disk with room; nothing is made there before the first run.
  init(folder: String) { self.folder = folder }

  deinit { file.withLock { file in if let descriptor = file.descriptor { close(descriptor) } } }

  func append(_ words: [UInt64]) throws(KeyRuns.WriteError) {
    try file.withLock { file throws(KeyRuns.WriteError) in
      let descriptor = try file.descriptor ?? make()
      file.descriptor = descriptor
      let written = words.span.bytes.withUnsafeBytes { bytes in
        var done = 0
        while done < bytes.count {
          let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(file.count * 8 + done))
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { return false }
          done += count
        }
        return true
      }
      guard written else { throw KeyRuns.WriteError(reason: String(cString: strerror(errno))) }
      file.count += words.count
    }
  }

  func read(from index: Int, count: Int) -> [UInt64]? {
    guard let descriptor = file.withLock({ $0.descriptor }) else { return nil }
    var words = [UInt64](repeating: 0, count: count)
    let bytes = words.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(index * 8)) }
    return bytes == count * 8 ? words : nil
  }

  func removeAll() {
    file.withLock { file in
      if let descriptor = file.descriptor { ftruncate(descriptor, 0) }
      file.count = 0
    }
  }

  private func make() throws(KeyRuns.WriteError) -> Int32 {
    // Not O_TMPFILE, which some filesystems lack.
    var path = Array("\(folder)/.keys-XXXXXX".utf8CString)
    let descriptor = mkostemp(&path, O_CLOEXEC)
    guard descriptor >= 0 else { throw KeyRuns.WriteError(reason: String(cString: strerror(errno))) }
    unlink(path)
    return descriptor
  }
}
