import Glibc
import TestKit

/// Takes connections and never reads a byte from them.
struct DeafServer: ~Copyable {
  private let port: ReservedPort
  private let listener: Int32

  init() throws {
    let port = try ReservedPort()
    listener = try port.listen()
    self.port = port
  }

  deinit { close(listener) }

  /// Whether a connection waits to be taken.
  var isCalled: Bool {
    var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0
  }

  /// Resets the connections that wait.
  func hangUp() { shutdown(listener, Int32(SHUT_RDWR)) }

  var url: String { "http://127.0.0.1:\(port.number)/" }
}
