import Dispatch
import Glibc
import Synchronization

/// A small SMTP server on 127.0.0.1, without TLS, that keeps every mail that it accepts.
///
/// A thread a connection. It can be stopped and started again on its port, which refuses connections in between and is
/// reserved for it. Ends for good with `stop()`.
package final class MailServer: Sendable {
  package struct Mail: Sendable {
    /// As in the commands, with their angle brackets.
    package var from: String
    package var to: [String]
    /// As the client meant it: dots at the beginning of a line are no longer doubled. Lines end with CRLF.
    package var text: String
  }

  private let reserved: ReservedPort
  private let state = Mutex(State())
  private let threads = DispatchGroup()
  private let refusals: Int

  private struct State: ~Copyable {
    var listener: Int32?
    var sockets: Set<Int32> = []
    var mails: [Mail] = []
    var commands: [String] = []
    var refused = 0
  }

  /// Listens on a free port; the first `refusals` mails are refused once their text is there.
  package init(refusals: Int = 0) throws {
    self.refusals = refusals
    reserved = try ReservedPort()
    try start()
  }

  /// `smtp://127.0.0.1:PORT`
  package var url: String { "smtp://127.0.0.1:\(reserved.number)" }

  package var port: UInt16 { reserved.number }

  /// In order of arrival.
  package var mails: [Mail] { state.withLock { $0.mails } }

  /// Every line that clients sent outside of a mail's text.
  package var commands: [String] { state.withLock { $0.commands } }

  package func start() throws {
    let listener: Int32? = try state.withLock { state in
      guard state.listener == nil else { return nil }
      state.listener = try reserved.listen()
      return state.listener
    }
    guard let listener else { return }
    DispatchQueue(label: "mail-server").async(group: threads) { self.accept(from: listener) }
  }

  /// Closes every connection and the port; returns once no thread runs any more.
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

  private func accept(from listener: Int32) {
    defer { close(listener) }
    while true {
      let socket = Glibc.accept(listener, nil, nil)
      if socket < 0 {
        if errno == EINTR || errno == ECONNABORTED { continue }
        return
      }
      _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
      let isWanted = state.withLock { state in
        guard state.listener == listener else { return false }
        state.sockets.insert(socket)
        return true
      }
      guard isWanted else {
        close(socket)
        continue
      }
      DispatchQueue(label: "mail-server.\(socket)").async(group: threads) {
        self.serve(socket)
        // In this order, or `stop()` could shut down another's socket of the same number.
        self.state.withLock { _ = $0.sockets.remove(socket) }
        close(socket)
      }
    }
  }

  private func serve(_ socket: Int32) {
    var lines = Lines(socket: socket)
    var mail = Mail(from: "", to: [], text: "")
    lines.say("220 test ready")
    while let line = lines.next() {
      state.withLock { $0.commands.append(line) }
      let word = line.prefix { $0 != " " }.uppercased()
      switch word {
      case "EHLO": lines.say("250-test\r\n250-AUTH PLAIN\r\n250 SIZE 1000000")
      case "HELO": lines.say("250 test")
      case "AUTH":
        // The login follows where the command does not have it.
        if line.split(separator: " ").count < 3 {
          lines.say("334 ")
          _ = lines.next()
        }
        lines.say("235 welcome")
      case "MAIL":
        mail = Mail(from: Self.address(line), to: [], text: "")
        lines.say("250 ok")
      case "RCPT":
        mail.to.append(Self.address(line))
        lines.say("250 ok")
      case "DATA":
        lines.say("354 go on")
        while let text = lines.next(), text != "." {
          mail.text += (text.hasPrefix(".") ? text.dropFirst() : text[...]) + "\r\n"
        }
        let isRefused = state.withLock { state in
          guard state.refused >= refusals else {
            state.refused += 1
            return true
          }
          state.mails.append(mail)
          return false
        }
        lines.say(isRefused ? "451 not now" : "250 accepted")
      case "QUIT":
        lines.say("221 bye")
        return
      default: lines.say("502 unknown")
      }
    }
  }

  private static func address(_ line: String) -> String {
    guard let start = line.firstIndex(of: "<"), let end = line.firstIndex(of: ">"), start < end else { return "" }
    return String(line[start...end])
  }

  private struct Lines {
    let socket: Int32
    var buffer: [UInt8] = []

    init(socket: Int32) { self.socket = socket }

    /// The next line without its end; nil when the peer is gone.
    mutating func next() -> String? {
      while true {
        if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
          var line = buffer[..<end]
          if line.last == UInt8(ascii: "\r") { line.removeLast() }
          let text = String(decoding: line, as: UTF8.self)
          buffer.removeSubrange(...end)
          return text
        }
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket, &chunk, chunk.count, 0)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return nil }
        buffer += chunk[..<count]
      }
    }

    func say(_ line: String) {
      let bytes = Array((line + "\r\n").utf8)
      _ = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
  }
}
