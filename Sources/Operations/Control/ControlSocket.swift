internal import Core
internal import Dispatch
internal import Glibc
package import Logging
package import Settings
internal import Spool
package import Telemetry

/// Lets commands talk to the running daemon: a socket in the state folder, one line of JSON each way.
///
/// Only the daemon writes to the outbox, so commands that change something go through here. The socket's mode, 0600,
/// and a check of the caller's user id keep others out; root and the daemon's own user may ask.
///
/// Each caller is served on a thread of its own: a concurrent queue would take threads from Swift's pool, and a few
/// silent callers would stop every delivery.
package actor ControlSocket {
  private let listener: Int32
  private let path: String
  private var source: (any DispatchSourceRead)?
  private let queue = DispatchQueue(label: "control")
  /// This many callers are served at a time; others wait until one has sent its line, which takes `patience` at most.
  private let places = DispatchSemaphore(value: 16)
  private static let patience = Duration.seconds(5)

  static func path(state: String) -> String { state + "/control.sock" }

  /// Binds the socket's name; replaces a socket that an ended daemon left behind.
  package init(state: String) throws(ControlError) {
    path = Self.path(state: state)
    unlink(path)
    guard let (address, length) = sockaddr_un.address(of: Array(path.utf8)) else {
      throw ControlError(
        reason:
          "listen on \"\(path)\": a socket path may have at most 107 bytes, this one has \(path.utf8.count); use a shorter path for `state`"
      )
    }
    listener = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
    let before = umask(0o177)
    let bound = Self.with(address) { bind(listener, $0, length) }
    umask(before)
    guard listener >= 0, bound == 0, listen(listener, 16) == 0 else {
      throw ControlError(reason: "listen on \"\(path)\": \(String(cString: strerror(errno)))")
    }
  }

  /// What commands ask without giving an order.
  private enum Query: String, CaseIterable {
    /// The files that have not been read.
    case unread
    /// What requests carry right now.
    case sending
    /// The settings that are in effect.
    case settings

    /// Without its end.
    var line: [UInt8] { Array("{\"query\":\"\(rawValue)\"}".utf8) }

    init?(line: [UInt8]) {
      guard let query = Self.allCases.first(where: { $0.line == line }) else { return nil }
      self = query
    }
  }

  /// What the socket's answers come from.
  package struct Source: Sendable {
    let instruments: Instruments
    /// Those in effect; a reload changes them. Nil if the daemon is stopping.
    let settings: @Sendable () async -> Settings?
    let carryOut: @Sendable (_ order: Order, _ by: Caller) async -> OrderResult

    package init(
      instruments: Instruments, settings: @escaping @Sendable () async -> Settings?,
      carryOut: @escaping @Sendable (_ order: Order, _ by: Caller) async -> OrderResult
    ) {
      self.instruments = instruments
      self.settings = settings
      self.carryOut = carryOut
    }
  }

  /// Answers orders and queries until `close()`.
  package func open(logger: Logger, answeringFrom answers: Source) {
    let source = DispatchSource.makeReadSource(fileDescriptor: listener, queue: queue)
    source.setEventHandler { [listener, places] in
      places.wait()
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else {
        places.signal()
        return
      }
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
      DispatchQueue(label: "control caller").async {
        Self.serve(connection, logger: logger, answers)
        places.signal()
      }
    }
    // Not before the handler has ended: it may wait for a place, and the descriptor number may be another file's by
    // then.
    source.setCancelHandler { [listener] in Glibc.close(listener) }
    source.activate()
    self.source = source
  }

  package func close() {
    unlink(path)
    if let source { source.cancel() } else { Glibc.close(listener) }
  }

  private static func serve(_ connection: Int32, logger: Logger, _ answers: Source) {
    setTimeout(connection, patience)
    guard let caller = permittedCaller(connection), let line = readLine(connection, within: patience) else {
      Glibc.close(connection)
      return
    }
    if let query = Query(line: line) { return serve(connection, query, answers) }
    guard let order = Order(line: line) else {
      Glibc.close(connection)
      return
    }
    // While it waits for the answer: later its number may be another process's.
    let by = Caller(user: caller.user, process: caller.process)
    var metadata: Logger.Metadata = ["order": "\(order)", "by": "\(by.name)"]
    if let login = by.login, login != by.name { metadata["login"] = "\(login)" }
    logger.notice("operator command", metadata: metadata)
    // The answer may take a while (a large file's items are rejected batch by batch); no other caller waits for it.
    Task {
      write(await answers.carryOut(order, by).line, to: connection)
      Glibc.close(connection)
    }
  }

  private static func serve(_ connection: Int32, _ query: Query, _ answers: Source) {
    switch query {
    case .unread: write(UnreadFile.line(answers.instruments.unread.all), to: connection)
    case .sending: write(answers.instruments.sending.line, to: connection)
    case .settings:
      // The service answers between its other work.
      Task {
        let line = await answers.settings()?.outline ?? []
        // It may be longer than the socket's buffer, and a silent caller must not hold one of Swift's threads.
        DispatchQueue(label: "control caller").async {
          write(line, to: connection)
          Glibc.close(connection)
        }
      }
      return
    }
    Glibc.close(connection)
  }

  /// The caller's user, if it may give orders.
  private static func permittedCaller(_ connection: Int32) -> (user: uid_t, process: pid_t)? {
    // struct ucred (unix(7)), which Glibc's module leaves out.
    var caller: (pid: pid_t, uid: uid_t, gid: gid_t) = (0, .max, .max)
    var length = socklen_t(MemoryLayout.size(ofValue: caller))
    guard getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &caller, &length) == 0 else { return nil }
    return caller.uid == 0 || caller.uid == geteuid() ? (caller.uid, caller.pid) : nil
  }

  // MARK: - The other side

  /// Asks the daemon that works on `state`; nil if none is listening.
  package static func ask(_ order: Order, state: String) throws(ControlError) -> OrderResult? {
    guard let (address, length) = sockaddr_un.address(of: Array(path(state: state).utf8)) else { return nil }
    let connection = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard connection >= 0 else { throw ControlError(reason: String(cString: strerror(errno))) }
    defer { Glibc.close(connection) }
    guard with(address, { connect(connection, $0, length) }) == 0 else {
      if errno == ENOENT || errno == ECONNREFUSED { return nil }
      throw ControlError(state: state, errno: errno)
    }
    let patience = order.patience
    setTimeout(connection, patience)
    write(order.line, to: connection)
    guard let result = readLine(connection, within: patience).flatMap(OrderResult.init(line:)) else {
      throw ControlError(reason: "the daemon closed the connection without answering")
    }
    return result
  }

  /// The files that the daemon can't read; nil if no daemon answers this user.
  static func unreadFiles(state: String) -> [UnreadFile]? { ask(.unread, state: state).flatMap(UnreadFile.list(line:)) }

  /// What the daemon's requests carry right now; nil if no daemon answers this user.
  static func sending(state: String) -> [FileID: SendingLedger.Part]? {
    ask(.sending, state: state).flatMap(SendingLedger.parts(line:))
  }

  /// The settings that the daemon has in effect, without secrets; nil if no daemon answers this user.
  static func settings(state: String) -> Settings? {
    ask(.settings, state: state, mostBytes: mostSettingsBytes).flatMap(Settings.init(outline:))
  }

  /// A configuration of a hundred thousand inboxes has fewer.
  private static let mostSettingsBytes = 64 << 20

  private static func ask(_ query: Query, state: String, mostBytes: Int = 64 << 10) -> [UInt8]? {
    guard let (address, length) = sockaddr_un.address(of: Array(path(state: state).utf8)) else { return nil }
    let connection = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard connection >= 0 else { return nil }
    defer { Glibc.close(connection) }
    guard with(address, { connect(connection, $0, length) }) == 0 else { return nil }
    setTimeout(connection, patience)
    write(query.line + [UInt8(ascii: "\n")], to: connection)
    return readLine(connection, within: patience, atMost: mostBytes)
  }

  /// Whether a daemon is listening; nil if this user may not ask it.
  static func isAnswered(state: String) -> Bool? {
    guard let (address, length) = sockaddr_un.address(of: Array(path(state: state).utf8)) else { return false }
    let connection = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard connection >= 0 else { return nil }
    defer { Glibc.close(connection) }
    if with(address, { connect(connection, $0, length) }) == 0 { return true }
    return errno == ENOENT || errno == ECONNREFUSED ? false : nil
  }

  /// Why this user may not ask the daemon of `state`; nil if it may, also where none is listening.
  static func refusal(state: String) -> ControlError? {
    guard faccessat(AT_FDCWD, path(state: state), R_OK | W_OK, AT_EACCESS) != 0, errno == EACCES else { return nil }
    return ControlError(state: state, errno: EACCES)
  }

  // MARK: - Bytes

  private static func with(_ address: sockaddr_un, _ call: (UnsafePointer<sockaddr>) -> Int32) -> Int32 {
    var address = address
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0) }
    }
  }

  /// Applies to a single call; reads in a loop have a limit for the whole.
  private static func setTimeout(_ connection: Int32, _ patience: Duration) {
    var limit = timeval(tv_sec: Int(patience.components.seconds), tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(connection, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
  }

  /// A line without its end; nil if the peer sends no complete line in time, or one of more than `limit` bytes.
  private static func readLine(
    _ connection: Int32, within patience: Duration, atMost limit: Int = 64 << 10
  ) -> [UInt8]? {
    var line: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    let deadline = ContinuousClock.now + patience
    while line.count < limit, .now < deadline {
      let count = read(connection, &chunk, chunk.count)
      guard count > 0 else { return nil }
      let end = chunk[..<count].firstIndex(of: UInt8(ascii: "\n"))
      line += chunk[..<(end ?? count)]
      if end != nil { return line }
    }
    return nil
  }

  private static func write(_ bytes: [UInt8], to connection: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

/// The daemon can't be reached, or can't listen.
package struct ControlError: Error, Equatable, CustomStringConvertible {
  var reason: String
  /// Whether this user lacks a permission.
  var isRefusal = false
  package var description: String { reason }

  init(reason: String) { self.reason = reason }

  /// The daemon of `state` can't be reached.
  fileprivate init(state: String, errno number: Int32) {
    reason = "reach the daemon at \"\(ControlSocket.path(state: state))\": \(String(cString: strerror(number)))"
    isRefusal = number == EACCES || number == EPERM
  }
}
