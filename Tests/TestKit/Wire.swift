import Glibc

/// One connection's bytes, seen from a `LoopbackServer`; the socket stays the caller's to close.
struct Wire {
  private let socket: Int32
  /// Read but not used yet.
  private var buffer: [UInt8] = []

  struct Message {
    var method: String
    var path: String
    var headers: [String: String]
    var body: [UInt8]
  }

  init(_ socket: Int32) { self.socket = socket }

  /// Nil when the peer is gone or does not speak HTTP; in the latter case it gets a 400.
  mutating func readRequest() -> Message? {
    guard let head = readHead() else { return nil }
    let lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)
    guard let words = lines.first?.split(separator: " "), words.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = String(line[line.index(after: colon)...].drop { $0 == " " })
      headers[line[..<colon].lowercased(), default: ""] +=
        headers[line[..<colon].lowercased()] == nil ? value : ", " + value
    }
    guard let body = readBody(count: headers["content-length"].flatMap { Int($0) } ?? 0) else { return nil }
    return Message(method: String(words[0]), path: String(words[1]), headers: headers, body: body)
  }

  /// What to do now that every delay of `reply` has passed; `close` where either side left meanwhile.
  func waitOut(_ reply: Reply) -> Reply {
    switch reply {
    case .hang: isLeftAlone(for: nil) ? .hang : .close
    case .delayed(let delay, let later): isLeftAlone(for: delay) ? waitOut(later) : .close
    case .answer, .cut, .garbage, .stalled, .close: reply
    }
  }

  /// Sends what `waitOut` left to send; whether the connection goes on.
  func send(_ reply: Reply, to request: ReceivedRequest) -> Bool {
    switch reply {
    case .answer(let status, let headers, let body):
      var bytes = Self.head(status, headers, bodyCount: body.count)
      if request.method != "HEAD" { bytes += body }
      let isLast = headers.contains { $0.key.lowercased() == "connection" && $0.value.lowercased() == "close" }
      return write(bytes) && !isLast
    case .cut(let status, let headers, let body, let after):
      _ = write(Self.head(status, headers, bodyCount: body.count) + body.prefix(after))
      return false
    case .garbage(let bytes):
      _ = write(bytes)
      return false
    case .stalled(let bytes):
      if write(bytes) { _ = isLeftAlone(for: nil) }
      return false
    case .close, .hang, .delayed:
      return false
    }
  }

  private mutating func readHead() -> String? {
    var seen = 0
    while true {
      // The end may straddle two reads.
      for start in max(0, seen - 3)..<max(0, buffer.count - 3) where buffer[start...].starts(with: "\r\n\r\n".utf8) {
        let head = String(decoding: buffer[..<start], as: UTF8.self)
        buffer.removeFirst(start + 4)
        return head
      }
      // A TLS client, for example, begins differently and would wait forever.
      if let first = buffer.first, !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) {
        _ = write(Self.head(400, [:], bodyCount: 0))
        return nil
      }
      seen = buffer.count
      guard let more = read(atMost: 65536) else { return nil }
      buffer += more
    }
  }

  private mutating func readBody(count: Int) -> [UInt8]? {
    var body = buffer.count == count ? buffer : Array(buffer.prefix(count))
    buffer.removeFirst(body.count)
    body.reserveCapacity(count)
    while body.count < count {
      guard let more = read(atMost: min(count - body.count, 1 << 20)) else { return nil }
      body += more
    }
    return body
  }

  private func read(atMost count: Int) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { place, filled in
      var got = 0
      repeat { got = recv(socket, place.baseAddress, count, 0) } while got < 0 && errno == EINTR
      filled = max(0, got)
    }
    return bytes.isEmpty ? nil : bytes
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        // No SIGPIPE where the client has left.
        let count = Glibc.send(
          socket, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, Int32(MSG_NOSIGNAL))
        if count < 0 && errno != EINTR { return false }
        rest = rest.dropFirst(max(0, count))
      }
      return true
    }
  }

  /// Waits, forever if there is no limit; false once either side has shut the connection down.
  private func isLeftAlone(for limit: Duration?) -> Bool {
    let deadline = limit.map { ContinuousClock.now + $0 }
    while true {
      let left = deadline.map { $0 - .now } ?? .seconds(3600)
      if left <= .zero { return true }
      let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
      // Readable means the end: no client here sends more before it has its answer.
      var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, Int32(clamping: milliseconds + 1)) > 0 { return false }
    }
  }

  private static func head(_ status: Int, _ headers: [String: String], bodyCount: Int) -> [UInt8] {
    var text = "HTTP/1.1 \(status) \(reasonPhrase(status))\r\n"
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
    if status >= 200 && status != 204 && status != 304 { text += "Content-Length: \(bodyCount)\r\n" }
    return Array((text + "\r\n").utf8)
  }

  private static func reasonPhrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 302: "Found"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 404: "Not Found"
    case 429: "Too Many Requests"
    case 503: "Service Unavailable"
    default: "Status"
    }
  }
}
