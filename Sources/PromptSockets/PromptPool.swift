package import FlyingSocks
internal import Glibc

/// A socket pool whose sockets send at once.
///
/// FlyingFox writes an answer's head and its body separately; Nagle's algorithm would hold back the body until the head
/// is acknowledged, which clients may delay by 40 ms. On Linux, accepted sockets inherit the option from the listening
/// one, which passes through here first.
package struct PromptPool: AsyncSocketPool {
  private let base: any AsyncSocketPool

  package init(base: any AsyncSocketPool) { self.base = base }

  package func prepare() async throws { try await base.prepare() }

  package func run() async throws { try await base.run() }

  package func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
    if events.contains(.read) { try? socket.setValue(true, for: SendAtOnce()) }
    try await base.suspendSocket(socket, untilReadyFor: events)
  }
}

private struct SendAtOnce: SocketOption {
  var level: Int32 { Int32(IPPROTO_TCP) }
  var name: Int32 { TCP_NODELAY }
  func makeValue(from socketValue: Int32) -> Bool { socketValue != 0 }
  func makeSocketValue(from value: Bool) -> Int32 { value ? 1 : 0 }
}
