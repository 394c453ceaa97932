internal import Glibc

/// Sends entries with fields to systemd's journal.
package struct JournalSocket: Sendable {
  private let descriptor: Int32
  private let path: String

  /// Whether standard error goes to the journal: systemd states in `JOURNAL_STREAM` the device and inode of its stream
  /// (systemd.exec(5)). If somebody redirected standard error, the log belongs there.
  package static func standardErrorIsJournal(environment: [String: String]) -> Bool {
    var status = stat()
    guard let stream = environment["JOURNAL_STREAM"], fstat(STDERR_FILENO, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
  }

  /// Nil if nothing listens; `UPSERTD_JOURNAL_SOCKET` names another socket, for tests.
  package init?(environment: [String: String]) {
    self.init(path: environment["UPSERTD_JOURNAL_SOCKET"] ?? "/run/systemd/journal/socket")
  }

  /// Nil if nothing listens there.
  private init?(path: String) {
    guard access(path, W_OK) == 0 else { return nil }
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return nil }
    self.path = path
    // A journal that hangs must not hang the code that logs.
    var limit = timeval(tv_sec: 2, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// False if the entry was not accepted: nothing listens, or it is larger than a datagram may be.
  func send(_ entry: JournalEntry) -> Bool {
    guard let (address, length) = sockaddr_un.address(of: Array(path.utf8)) else { return false }
    var target = address
    let bytes = entry.bytes
    return withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length) == bytes.count
      }
    }
  }
}
