import Dispatch
import Glibc
import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1 that answers as a closure says, and remembers what it was asked.
///
/// A thread a connection, keep-alive, bodies by `Content-Length` only. It can be stopped and started again on its port,
/// which refuses connections in between and is reserved for it. Ends for good with `stop()`.
package final class LoopbackServer: Sendable {
  package typealias Handler = @Sendable (ReceivedRequest) -> Reply

  private let reserved: ReservedPort
  private let state = Mutex(State())
  private let handler: Handler
  private let threads = DispatchGroup()

  private struct State: ~Copyable {
    var listener: Int32?
    var sockets: Set<Int32> = []
    var connectionCount = 0
    var requests: [ReceivedRequest] = []
    var underWay = 0
    var mostUnderWay = 0
  }

  /// Listens on a free port; `handler` runs on the connection's thread and may block it.
  package init(_ handler: @escaping Handler) throws {
    self.handler = handler
    reserved = try ReservedPort()
    try start()
  }

  package var port: UInt16 { reserved.number }

  /// `http://127.0.0.1:PORT`
  package var url: String { "http://127.0.0.1:\(port)" }

  /// Every request that came in whole, in order.
  package var requests: [ReceivedRequest] { state.withLock { $0.requests } }

  /// How many connections were accepted so far.
  package var connectionCount: Int { state.withLock { $0.connectionCount } }

  /// How many connections are open now.
  package var openConnectionCount: Int { state.withLock { $0.sockets.count } }

  /// The largest number of requests that were being answered at once.
  package var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }

  /// Listens again after `stop()`; does nothing while it listens.
  package func start() throws {
    let listener: Int32? = try state.withLock { state in
      guard state.listener == nil else { return nil }
      state.listener = try reserved.listen()
      return state.listener
    }
    guard let listener else { return }
    DispatchQueue(label: "loopback-server").async(group: threads) { self.accept(from: listener) }
  }

  /// Closes every connection and the port; returns once no handler runs any more.
  package func stop() async {
    state.withLock { state in
      if let listener = state.listener { shutdown(listener, Int32(SHUT_RDWR)) }
      state.listener = nil
      for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
    }
    await withCheckedContinuation { continuation in
      threads.notify(queue: .global()) { continuation.resume() }
    }
  }

  /// Returns the requests once there are `count`; throws `NotInTime` after `limit`.
  @discardableResult
  package func waitForRequests(
    _ count: Int, within limit: Duration = .seconds(60), file: String = #fileID, line: Int = #line
  ) async throws -> [ReceivedRequest] {
    try await eventually("the arrival of request \(count)", within: limit, file: file, line: line) {
      requests.count >= count
    }
    return requests
  }

  private func accept(from listener: Int32) {
    defer { close(listener) }
    while true {
      let socket = Glibc.accept(listener, nil, nil)
      if socket < 0 {
        if errno == EINTR || errno == ECONNABORTED { continue }
        return
      }
      _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
      let number: Int? = state.withLock { state in
        // Stopped meanwhile, and perhaps started again.
        guard state.listener == listener else { return nil }
        state.sockets.insert(socket)
        state.connectionCount += 1
        return state.connectionCount
      }
      guard let number else {
        close(socket)
        continue
      }
      DispatchQueue(label: "loopback-server.\(number)").async(group: threads) { self.serve(socket, number) }
    }
  }

  private func serve(_ socket: Int32, _ number: Int) {
    var wire = Wire(socket)
    while let head = wire.readRequest() {
      let request = state.withLock { state in
        let request = ReceivedRequest(
          method: head.method, path: head.path, headers: head.headers, body: head.body,
          number: state.requests.count + 1, connection: number)
        state.requests.append(request)
        state.underWay += 1
        state.mostUnderWay = max(state.mostUnderWay, state.underWay)
        return request
      }
      let reply = wire.waitOut(handler(request))
      // Before the client can know of the answer and send more.
      state.withLock { $0.underWay -= 1 }
      guard wire.send(reply, to: request) else { break }
    }
    // In this order, or `stop()` could shut down another's socket of the same number.
    state.withLock { _ = $0.sockets.remove(socket) }
    close(socket)
  }
}
