internal import Dispatch
internal import Glibc
internal import Runtime
internal import Synchronization

/// A small HTTP/1.1 server for the admin address, which any user of the machine may call.
///
/// So everything is bounded: the number of connections, the size of a head, and the time for head, answer and the gap
/// between two requests. If all places are taken, the connection that has been silent longest makes room for a new one:
/// a caller that opens a thousand silent ones keeps no one out, and takes no descriptors from files and deliveries.
///
/// One loop on a thread of its own does all reading and writing (`poll`); tasks make the answers and hand them in.
final class HTTPListener: Sendable {
  struct Limits: Sendable {
    var connections = 64
    var headBytes = 16 << 10
    /// From the first byte, or from the connection, to the end of the head.
    var head = Duration.seconds(10)
    /// Between an answer and the next request.
    var idle = Duration.seconds(60)
    /// For making an answer.
    var answer = Duration.seconds(20)
    /// For sending it.
    var sending = Duration.seconds(30)
  }

  /// The address is not available.
  struct ListenError: Error, CustomStringConvertible {
    package var description: String
  }

  /// What tasks and `stop()` leave for the loop.
  private struct Mail {
    var replies: [(connection: UInt64, reply: HTTPReply)] = []
    var isStopped = false
    /// Nil once the loop has ended.
    var waker: Int32?
  }

  let descriptor: Int32
  let url: String
  private let wakeReader: Int32
  private let limits: Limits
  private let mail: Mutex<Mail>
  private let queue = DispatchQueue(label: "upsertd.admin")

  /// - Parameter host: a numeric address; port 0 lets the system pick one.
  init(host: String, port: UInt16, limits: Limits = Limits()) throws(ListenError) {
    self.limits = limits
    (descriptor, url) = try Self.listen(host: host, port: port)
    var pipe: [Int32] = [-1, -1]
    guard Glibc.pipe(&pipe) == 0 else {
      close(descriptor)
      throw ListenError(description: "create a pipe: \(String(cString: strerror(errno)))")
    }
    for end in pipe { Self.keepToOurselves(end) }
    wakeReader = pipe[0]
    mail = Mutex(Mail(waker: pipe[1]))
  }

  /// Answers until `stop()`, or until the listening socket becomes unusable: then it returns the reason.
  ///
  /// Call once. Returns when every connection is closed.
  func run(_ answer: @escaping @Sendable (HTTPRequestHead) async -> HTTPReply) async -> String? {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: self.work(answer)) }
    }
  }

  /// Ends `run`; answers still being made are not sent.
  func stop() {
    mail.withLock { mail in
      mail.isStopped = true
      Self.wake(mail.waker)
    }
  }

  private func work(_ answer: @escaping @Sendable (HTTPRequestHead) async -> HTTPReply) -> String? {
    var desk = HTTPConnections(limits: limits)
    var reason: String?
    while reason == nil {
      let left = mail.withLock { mail in
        defer { mail.replies.removeAll() }
        return (replies: mail.replies, isStopped: mail.isStopped)
      }
      if left.isStopped { break }
      for (connection, reply) in left.replies { desk.take(reply, for: connection) }
      desk.endLate(at: .now)
      for (connection, question) in desk.takeQuestions(at: .now) {
        // It belongs to no caller's task: the loop takes the answer, or has dropped the caller in the meantime.
        Task { post(await answer(question), for: connection) }
      }
      let isAccepting = desk.canAccept(at: .now)
      var entries = [
        pollfd(fd: wakeReader, events: Int16(POLLIN), revents: 0),
        // A negative descriptor is ignored.
        pollfd(fd: isAccepting ? descriptor : -1, events: Int16(POLLIN), revents: 0),
      ]
      entries += desk.entries
      let count = poll(&entries, nfds_t(entries.count), desk.patience(at: .now))
      if count < 0 {
        if errno == EINTR || errno == ENOMEM || errno == EAGAIN { continue }
        reason = "wait for connections: \(String(cString: strerror(errno)))"
        break
      }
      if entries[0].revents != 0 { drain() }
      for entry in entries[2...] where entry.revents != 0 { desk.move(entry.fd, at: .now) }
      // One at a time: its request is taken in before another connection may take its place.
      if entries[1].revents != 0 { reason = accept(into: &desk) }
    }
    desk.closeAll()
    close(descriptor)
    close(wakeReader)
    mail.withLock { mail in
      if let waker = mail.waker { close(waker) }
      mail.waker = nil
    }
    return reason
  }

  /// Accepts one connection; returns the reason if the listening socket has become unusable.
  private func accept(into desk: inout HTTPConnections) -> String? {
    let socket = Glibc.accept(descriptor, nil, nil)
    guard socket >= 0 else {
      switch errno {
      case EBADF, EINVAL, ENOTSOCK, EOPNOTSUPP: return "accept a connection: \(String(cString: strerror(errno)))"
      case EMFILE, ENFILE, ENOBUFS, ENOMEM:
        // Files and deliveries lack descriptors as well.
        desk.makeRoomAndRest(at: .now)
        return nil
      default: return nil
      }
    }
    Self.keepToOurselves(socket)
    desk.add(socket, at: .now)
    return nil
  }

  /// No child inherits it, and no call blocks on it. `accept4` and `pipe2` are not in Glibc's module map; nothing here
  /// starts programs that could inherit it in between.
  private static func keepToOurselves(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
  }

  private func post(_ reply: HTTPReply, for connection: UInt64) {
    mail.withLock { mail in
      guard mail.waker != nil else { return }
      mail.replies.append((connection, reply))
      Self.wake(mail.waker)
    }
  }

  private static func wake(_ waker: Int32?) {
    // A full pipe also wakes the loop.
    var byte: UInt8 = 1
    if let waker { _ = write(waker, &byte, 1) }
  }

  private func drain() {
    var bytes = [UInt8](repeating: 0, count: 256)
    while read(wakeReader, &bytes, bytes.count) == bytes.count {}
  }

  /// Why nothing can listen there now; nil if something can, or the system would pick the port. It is tried, and given
  /// back at once.
  static func trouble(host: String, port: UInt16) -> String? {
    guard port != 0 else { return nil }
    do {
      close(try listen(host: host, port: port).0)
      return nil
    } catch {
      return error.description
    }
  }

  private static func words(for error: Int32) -> String {
    switch error {
    case EADDRINUSE: "another program uses this port; stop it, or give admin.listen another port"
    case EADDRNOTAVAIL: "this machine does not have this address; give admin.listen one that it has"
    case EACCES: "this user may not use this port; give admin.listen one from 1024 on"
    default: String(cString: strerror(error))
    }
  }

  private static func listen(host: String, port: UInt16) throws(ListenError) -> (Int32, String) {
    var storage = sockaddr_storage()
    let isIPv6 = host.contains(":")
    var length: socklen_t
    let isAddress = withUnsafeMutableBytes(of: &storage) { bytes in
      if isIPv6 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return false }
        bytes.storeBytes(of: address, as: sockaddr_in6.self)
      } else {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return false }
        bytes.storeBytes(of: address, as: sockaddr_in.self)
      }
      return true
    }
    length = socklen_t(isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
    let place = isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    guard isAddress else { throw ListenError(description: "listen on \(place): not an address of this machine") }
    let socket = Glibc.socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
    var yes: Int32 = 1
    // Accepted sockets inherit the second option: an answer is sent at once.
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    let isListening = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && Glibc.listen(socket, 128) == 0 && getsockname(socket, $0, &length) == 0
      }
    }
    guard socket >= 0, isListening else {
      let reason = words(for: errno)
      if socket >= 0 { close(socket) }
      throw ListenError(description: "listen on \(place): \(reason)")
    }
    let bound = withUnsafeBytes(of: &storage) { bytes in
      isIPv6
        ? bytes.load(as: sockaddr_in6.self).sin6_port.bigEndian : bytes.load(as: sockaddr_in.self).sin_port.bigEndian
    }
    return (socket, isIPv6 ? "http://[\(host)]:\(bound)/" : "http://\(host):\(bound)/")
  }
}
