internal import Glibc

/// A file of the configuration, read whole, with its permissions at that moment.
struct ConfigFile {
  var bytes: [UInt8]
  var mode: mode_t
  var group: gid_t
  var path: String

  /// Limit for any file that a configuration names; far more than a sensible one has.
  static let maxBytes = 16 << 20

  struct Unreadable: Error {
    var reason: String
  }

  /// Follows symbolic links, which Kubernetes secrets need; does not wait for the other end of a pipe.
  init(path: String) throws(Unreadable) {
    self.path = path
    let (descriptor, status) = try Self.open(path)
    defer { close(descriptor) }
    mode = status.st_mode
    group = status.st_gid
    bytes = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw Unreadable(reason: "can't be read: \(String(cString: strerror(errno)))")
      }
      if count == 0 { break }
      bytes += buffer[..<count]
      guard bytes.count <= Self.maxBytes else {
        throw Unreadable(reason: "is larger than 16 MiB: is it the right file?")
      }
    }
  }

  /// Opens a regular file for reading; the caller closes it.
  static func open(_ path: String) throws(Unreadable) -> (descriptor: Int32, status: stat) {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Unreadable(reason: "can't be opened: \(String(cString: strerror(errno)))") }
    var status = stat()
    let reason =
      if fstat(descriptor, &status) != 0 {
        "can't be examined: \(String(cString: strerror(errno)))"
      } else if status.st_mode & S_IFMT != S_IFREG {
        "is not a regular file"
      } else {
        ""
      }
    guard reason.isEmpty else {
      close(descriptor)
      throw Unreadable(reason: reason)
    }
    return (descriptor, status)
  }

  /// Nil if it is not UTF-8.
  var text: String? { String(validating: bytes, as: UTF8.self) }

  /// Whether anyone on the machine can read or modify the file.
  ///
  /// The group does not count here: a file for the daemon's group alone (`root:upsertd 0640`) is a usual way to hand
  /// over a secret, and an access control list, as on systemd's credentials, shows up in the group's bits. `Droppers`
  /// checks groups.
  var isOpenToOthers: Bool { mode & (S_IROTH | S_IWOTH) != 0 }

  var othersAdvice: String {
    let digits = String(mode & 0o7777, radix: 8)
    let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    return "others can read or change it (mode \(padded)): run chmod o-rwx \"\(path)\""
  }
}
