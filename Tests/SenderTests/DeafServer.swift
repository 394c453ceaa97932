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

  var url: String { "http://127.0.0.1:\(port.number)/" }
}
