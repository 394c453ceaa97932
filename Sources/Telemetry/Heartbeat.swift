internal import Core
package import Glibc
internal import Synchronization

/// Whether the pipeline moves: each of its loops reports every few seconds, busy or idle.
///
/// A loop that waits for a slow API still turns; one that hangs in a call, or waits forever, does not. The watchdog and
/// `/healthz` check this.
package final class Heartbeat: Sendable {
  /// How long a loop may wait before it has to turn once, even with nothing to do.
  package static let beat = Duration.seconds(5)

  /// A loop that has not turned for this long is hanging: 30 s, or half of the watchdog timeout of systemd if that is
  /// less.
  package let limit: Duration
  private let last = Mutex<[String: ContinuousClock.Instant]>([:])
  private let testHang: TestHang?

  package init(environment: [String: String] = [:]) {
    let watchdog = Notifications.watchdogInterval(environment: environment) ?? .seconds(60)
    limit = max(Self.beat * 2, min(watchdog / 2, .seconds(30)))
    testHang = TestHang(environment: environment)
  }

  package func beat(_ loop: String) {
    last.withLock { $0[loop] = .now }
    // Behind it: a loop that hangs at its first beat is named, too.
    testHang?.hangIfNamed(loop)
  }

  package func ended(_ loop: String) { _ = last.withLock { $0.removeValue(forKey: loop) } }

  /// The loops that have not ended, and how long ago each turned.
  package var turning: [String] {
    let now = ContinuousClock.now
    return last.withLock { last in
      last.sorted { $0.key < $1.key }.map { "\($0.key) (\(($0.value.duration(to: now)).milliseconds / 1000) s ago)" }
    }
  }

  /// The loops that have not turned for longer than allowed; empty while everything moves.
  package var hanging: [String] {
    let now = ContinuousClock.now
    return last.withLock { last in last.filter { $0.value + limit < now }.keys.sorted() }
  }
}

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

/// Makes one of the pipeline's loops hang, so that the watchdog can be tested. For tests only.
///
/// `UPSERTD_TEST_HANG` names a file. Once it holds a loop's name (`results`, `inbox NAME`, `target NAME`), the loop
/// blocks its thread at its next turn and never continues, like a call into a dead disk; everything else in the process
/// carries on. Without the variable no file is ever checked.
struct TestHang: Sendable {
  private let path: String

  init?(environment: [String: String]) {
    guard let path = environment["UPSERTD_TEST_HANG"], !path.isEmpty else { return nil }
    self.path = path
  }

  func hangIfNamed(_ loop: String) {
    guard named == loop else { return }
    while true { sleep(3600) }
  }

  private var named: String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }
}
