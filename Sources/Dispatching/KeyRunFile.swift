internal import Core
internal import Engine
internal import Glibc
internal import Synchronization

/// Keeps key runs in a file without a name: it is gone when the process ends.
final class KeyRunFile: KeyRunStorage {
  private let folder: String
  private let file = Mutex<Int32?>(nil)

  /// - Parameter folder: on a disk with room; no file is created there before the first run.
  init(folder: String) { self.folder = folder }

  deinit { file.withLock { file in if let file { close(file) } } }

  func write(_ words: [UInt64], at index: Int) throws(KeyRuns.WriteError) {
    try file.withLock { file throws(KeyRuns.WriteError) in
      let descriptor = if let file { file } else { try make() }
      file = descriptor
      let written = words.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
          let part = UnsafeRawBufferPointer(rebasing: rest)
          let count = pwrite(descriptor, part.baseAddress, part.count, off_t(index * 8 + rest.startIndex))
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { return false }
          rest = rest.dropFirst(count)
        }
        return true
      }
      guard written else { throw KeyRuns.WriteError(reason: String(cString: strerror(errno))) }
    }
  }

  func read(from index: Int, count: Int) -> [UInt64]? {
    guard let descriptor = file.withLock({ $0 }) else { return nil }
    var words = [UInt64](repeating: 0, count: count)
    let bytes = words.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(index * 8)) }
    return bytes == count * 8 ? words : nil
  }

  func removeAll() {
    file.withLock { file in if let file { ftruncate(file, 0) } }
  }

  private func make() throws(KeyRuns.WriteError) -> Int32 {
    // Not O_TMPFILE, which some filesystems lack.
    let path = "\(folder)/.keys-\(UInt64.random(in: 0 ... .max))"
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw KeyRuns.WriteError(reason: String(cString: strerror(errno))) }
    unlink(path)
    return descriptor
  }
}
