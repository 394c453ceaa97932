internal import Glibc

/// A log entry in the form that systemd's journal accepts: named fields, not a line.
///
/// `journalctl` shows the message. Each field of the entry is also sent under its own name (`UPSERTD_FILE`,
/// `UPSERTD_INBOX`), and the event as `UPSERTD_EVENT`, so that `journalctl UPSERTD_FILE=…` finds a file's whole story.
struct JournalEntry {
  private let fields: [(name: String, value: String)]

  /// - Parameters:
  ///   - message: the whole entry, human-readable.
  ///   - priority: of syslog(3).
  ///   - event: the part of the message that is the same each time.
  init(message: String, priority: Int, event: String, fields: [(key: String, value: String)]) {
    self.fields =
      [
        ("MESSAGE", message), ("PRIORITY", "\(priority)"), ("SYSLOG_IDENTIFIER", "upsertd"),
        ("UPSERTD_EVENT", event),
      ] + fields.map { (Self.name($0.key), $0.value) }
  }

  /// <https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>: `NAME=value` on a line, or, if the value contains line breaks, the
  /// name, the value's length in 64 bits, lowest byte first, and the value.
  var bytes: [UInt8] {
    var out: [UInt8] = []
    for (name, value) in fields {
      let value = Array(value.utf8)
      out += Array(name.utf8)
      if value.contains(UInt8(ascii: "\n")) {
        out.append(UInt8(ascii: "\n"))
        out += withUnsafeBytes(of: UInt64(value.count).littleEndian, Array.init)
      } else {
        out.append(UInt8(ascii: "="))
      }
      out += value
      out.append(UInt8(ascii: "\n"))
    }
    return out
  }

  /// Field names consist of capital letters, digits and underscores only, at most 64: `dueAt` becomes `UPSERTD_DUE_AT`.
  private static func name(_ key: String) -> String {
    var name = "UPSERTD_"
    for character in key.utf8 {
      switch character {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): name += "_\(Character(UnicodeScalar(character)))"
      case UInt8(ascii: "a")...UInt8(ascii: "z"): name.append(Character(UnicodeScalar(character - 32)))
      case UInt8(ascii: "0")...UInt8(ascii: "9"): name.append(Character(UnicodeScalar(character)))
      default: name += "_"
      }
    }
    return String(name.prefix(64))
  }
}

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
