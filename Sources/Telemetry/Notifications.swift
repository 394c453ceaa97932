package import Glibc

/// Reports the service's state to systemd (sd_notify(3)); does nothing if nothing listens.
package struct Notifications: Sendable {
  private let address: String?

  package init(environment: [String: String]) { address = environment["NOTIFY_SOCKET"] }

  /// How often systemd expects `WATCHDOG=1`; nil if it does not.
  package static func watchdogInterval(environment: [String: String]) -> Duration? {
    guard let text = environment["WATCHDOG_USEC"], let microseconds = Int64(text), microseconds > 0 else { return nil }
    if let pid = environment["WATCHDOG_PID"], pid != String(getpid()) { return nil }
    return .microseconds(microseconds)
  }

  /// Sends lines such as `READY=1`.
  package func send(_ lines: String...) {
    guard let address, !address.isEmpty else { return }
    let socket = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
    guard socket >= 0 else { return }
    defer { close(socket) }
    // A name that begins with @ is in the abstract namespace, where the first byte is NUL.
    var path = Array(address.utf8)
    let isAbstract = path.first == UInt8(ascii: "@")
    if isAbstract { path[0] = 0 }
    guard let (address, length) = sockaddr_un.address(of: path) else { return }
    var target = address
    let text = Array(lines.joined(separator: "\n").utf8)
    _ = withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(socket, text, text.count, Int32(MSG_NOSIGNAL), $0, length - (isAbstract ? 1 : 0))
      }
    }
  }
}

extension sockaddr_un {
  /// The socket address of a path, and its length with the terminating NUL; nil if the path is too long (107 bytes).
  package static func address(of path: [UInt8]) -> (sockaddr_un, socklen_t)? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    return (address, socklen_t(MemoryLayout<sa_family_t>.size + path.count + 1))
  }
}
