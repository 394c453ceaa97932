import Glibc

/// A port of 127.0.0.1 that nobody else is given, and that refuses connections while nobody listens on it.
///
/// It is bound but does not listen; with `SO_REUSEADDR` on both, a server can listen beside it, stop, and listen again.
package struct ReservedPort: ~Copyable, Sendable {
  package let number: UInt16
  private let socket: Int32

  package init() throws {
    (socket, number) = try Self.bound(to: 0)
  }

  deinit { close(socket) }

  /// A listening socket on this port, the caller's to close; the kernel accepts connections even if nobody else does.
  package func listen() throws -> Int32 {
    let (listener, _) = try Self.bound(to: number)
    guard Glibc.listen(listener, 128) == 0 else {
      close(listener)
      throw SystemError("listen")
    }
    return listener
  }

  private static func bound(to port: UInt16) throws -> (socket: Int32, port: UInt16) {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw SystemError("socket") }
    var yes: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0
      }
    }
    guard isBound else {
      let error = SystemError("bind 127.0.0.1:\(port)")
      close(socket)
      throw error
    }
    return (socket, UInt16(bigEndian: address.sin_port))
  }
}
