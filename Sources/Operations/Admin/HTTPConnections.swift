internal import Core
internal import Glibc
internal import Runtime

/// The connections of an `HTTPListener`, each reading a head, waiting for its answer, or sending it.
struct HTTPConnections: ~Copyable {
  private enum Stage { case reading, answering, sending }

  private struct Connection {
    let id: UInt64
    var stage = Stage.reading
    var input: [UInt8] = []
    var output: ArraySlice<UInt8> = []
    var keepsOpen = false
    var wantsBody = true
    /// Since when it has been in this stage, or without a byte of its next request.
    var since: ContinuousClock.Instant
    var deadline: ContinuousClock.Instant
  }

  private let limits: HTTPListener.Limits
  private var connections: [Int32: Connection] = [:]
  private var lastID: UInt64 = 0
  /// Set if there was no descriptor for a new one.
  private var restsUntil: ContinuousClock.Instant?

  init(limits: HTTPListener.Limits) { self.limits = limits }

  /// The events for `poll` to wait for.
  var entries: [pollfd] {
    connections.map { socket, connection in
      let events = connection.stage == .reading ? POLLIN : connection.stage == .sending ? POLLOUT : 0
      return pollfd(fd: socket, events: Int16(events), revents: 0)
    }
  }

  /// Milliseconds until the next deadline.
  func patience(at now: ContinuousClock.Instant) -> Int32 {
    var next = connections.values.map(\.deadline).min()
    if let restsUntil { next = min(next ?? restsUntil, restsUntil) }
    guard let next else { return -1 }
    return Int32(clamping: max(0, (next - now).milliseconds + 1))
  }

  /// Whether there is a place for a new one, if necessary that of a silent one.
  mutating func canAccept(at now: ContinuousClock.Instant) -> Bool {
    if let restsUntil, restsUntil > now { return false }
    restsUntil = nil
    return connections.count < limits.connections || mostSilent != nil
  }

  mutating func add(_ socket: Int32, at now: ContinuousClock.Instant) {
    if connections.count >= limits.connections, let silent = mostSilent { end(silent) }
    lastID += 1
    connections[socket] = Connection(id: lastID, since: now, deadline: now + limits.head)
    // Usually the request has already arrived: then no later connection can take its place.
    move(socket, at: now)
  }

  mutating func makeRoomAndRest(at now: ContinuousClock.Instant) {
    if let silent = mostSilent { end(silent) }
    restsUntil = now + .milliseconds(200)
  }

  /// The connection to close first.
  private var mostSilent: Int32? {
    connections.filter { $0.value.stage == .reading }.min { $0.value.since < $1.value.since }?.key
  }

  /// Reads or writes as much as possible.
  mutating func move(_ socket: Int32, at now: ContinuousClock.Instant) {
    switch connections[socket]?.stage {
    case .reading: read(socket, at: now)
    case .sending: send(socket, at: now)
    // The caller has left.
    case .answering: end(socket)
    case nil: break
    }
  }

  /// The requests of connections that wait for an answer from now on.
  mutating func takeQuestions(at now: ContinuousClock.Instant) -> [(connection: UInt64, question: HTTPRequestHead)] {
    var questions: [(UInt64, HTTPRequestHead)] = []
    for (socket, connection) in connections where connection.stage == .reading && !connection.input.isEmpty {
      guard let end = HTTPRequestHead.end(in: connection.input) else {
        if connection.input.count >= limits.headBytes {
          refuse(socket, 431, "the request head is too large\n", at: now)
        }
        continue
      }
      guard end <= limits.headBytes, let question = HTTPRequestHead(head: connection.input[..<end]) else {
        refuse(socket, 400, "this is not an HTTP request\n", at: now)
        continue
      }
      connections[socket]?.input.removeFirst(end)
      connections[socket]?.stage = .answering
      connections[socket]?.keepsOpen = question.keepsOpen
      connections[socket]?.wantsBody = question.method != "HEAD"
      connections[socket]?.since = now
      connections[socket]?.deadline = now + limits.answer
      questions.append((connection.id, question))
    }
    return questions
  }

  mutating func take(_ reply: HTTPReply, for id: UInt64) {
    guard let (socket, connection) = connections.first(where: { $0.value.id == id }), connection.stage == .answering
    else { return }
    begin(sending: reply, on: socket, keepsOpen: connection.keepsOpen, at: .now)
  }

  mutating func endLate(at now: ContinuousClock.Instant) {
    for (socket, connection) in connections where connection.deadline <= now {
      switch connection.stage {
      case .answering: refuse(socket, 503, "the response took too long\n", at: now)
      case .reading where !connection.input.isEmpty: refuse(socket, 408, "the request took too long\n", at: now)
      case .reading, .sending: end(socket)
      }
    }
  }

  mutating func closeAll() {
    for socket in connections.keys { close(socket) }
    connections.removeAll()
  }

  private mutating func read(_ socket: Int32, at now: ContinuousClock.Instant) {
    var bytes = [UInt8](repeating: 0, count: 4096)
    while connections[socket]?.input.count ?? .max < limits.headBytes {
      let count = recv(socket, &bytes, bytes.count, 0)
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return }
      guard count > 0 else { return end(socket) }
      if connections[socket]?.input.isEmpty == true {
        connections[socket]?.since = now
        connections[socket]?.deadline = now + limits.head
      }
      connections[socket]?.input += bytes[..<count]
      if count < bytes.count { return }
    }
  }

  private mutating func refuse(_ socket: Int32, _ status: Int, _ reason: String, at now: ContinuousClock.Instant) {
    begin(sending: .text(reason, status: status), on: socket, keepsOpen: false, at: now)
  }

  private mutating func begin(
    sending reply: HTTPReply, on socket: Int32, keepsOpen: Bool, at now: ContinuousClock.Instant
  ) {
    let withBody = connections[socket]?.wantsBody ?? true
    connections[socket]?.stage = .sending
    connections[socket]?.keepsOpen = keepsOpen
    connections[socket]?.output = reply.bytes(keepsOpen: keepsOpen, withBody: withBody)[...]
    connections[socket]?.since = now
    connections[socket]?.deadline = now + limits.sending
    send(socket, at: now)
  }

  private mutating func send(_ socket: Int32, at now: ContinuousClock.Instant) {
    while let output = connections[socket]?.output, !output.isEmpty {
      let count = output.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return }
      guard count > 0 else { return end(socket) }
      connections[socket]?.output = output.dropFirst(count)
    }
    guard connections[socket]?.keepsOpen == true else { return end(socket) }
    connections[socket]?.stage = .reading
    connections[socket]?.output = []
    connections[socket]?.since = now
    connections[socket]?.deadline = now + limits.idle
  }

  private mutating func end(_ socket: Int32) {
    guard connections.removeValue(forKey: socket) != nil else { return }
    // Unread bytes from the caller would reset the connection, and the answer would be lost with it.
    shutdown(socket, Int32(SHUT_WR))
    var bytes = [UInt8](repeating: 0, count: 4096)
    for _ in 0..<16 where recv(socket, &bytes, bytes.count, 0) < bytes.count { break }
    close(socket)
  }
}
