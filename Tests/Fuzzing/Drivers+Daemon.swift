import Daemon
import Foundation
import Logging
import Settings

extension FuzzDriver {
  static let control = FuzzDriver(
    name: "control", about: "lines on the control socket of a daemon in this process",
    words: [
      "{\"order\":\"retry\"}", "\"order\":", "\"file\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"", "\"name\":\"lusid\"",
      "\"target\":\"lusid\"", "cancel", "pause", "resume", "release", "{", "}", "[", "\\u0000", "\n",
    ], longest: 70 << 10
  ) { folder in
    let daemon = try RunningDaemon(folder)
    return PlainReader { input in
      let answer = try daemon.ask(input + [UInt8(ascii: "\n")], over: .control)
      return !answer.isEmpty
    }
  }

  static let admin = FuzzDriver(
    name: "admin", about: "requests to the admin address of a daemon in this process",
    words: [
      "GET ", "POST ", " HTTP/1.1\r\n", "\r\n", "Host: 127.0.0.1\r\n", "Connection: close\r\n", "/healthz", "/readyz",
      "/metrics", "/api/status", "/api/dashboard?since=2026-11-21", "/api/history", "/api/files?search=a&limit=9",
      "/api/files/01ARZ3NDEKTSV4RRFFQ69G5FAV", "Accept: application/json\r\n", "Content-Length: 5\r\n", "%00", "%2e",
      "Transfer-Encoding: chunked\r\n", "Sec-Fetch-Site: cross-site\r\n", "?", "&", "=", "[::1]",
      "Expect: 100-continue\r\n",
    ], longest: 16 << 10
  ) { folder in
    let daemon = try RunningDaemon(folder)
    return PlainReader { input in
      let answer = try daemon.ask(input, over: .admin)
      return answer.starts(with: Array("HTTP/1.1 200".utf8))
    }
  }
}

/// A whole daemon in this process, whose traps are this process's.
private final class RunningDaemon: Sendable {
  enum Way { case control, admin }

  private let folder: String
  private let port: UInt16

  init(_ folder: String) throws {
    self.folder = folder
    port = try Self.freePort()
    let settings = try Settings.fuzzing(in: folder, more: "admin: {listen: \"127.0.0.1:\(port)\"}")
    // There are receipts that are not valid ones, as somebody may have left them.
    let receipts = folder + "/spool/lusid/outbox/receipts"
    try FileManager.default.createDirectory(atPath: receipts, withIntermediateDirectories: true)
    try Data("{\"version\": 1}".utf8).write(
      to: URL(filePath: receipts + "/a.json.01ARZ3NDEKTSV4RRFFQ69G5FAV.receipt.json"))
    // Lives as long as the process.
    Task {
      let service = try await Service(
        settings: settings, environment: [:],
        makeLogger: { _ in Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() } })
      _ = try await service.run(.untilStopped)
    }
    let deadline = ContinuousClock.now + .seconds(30)
    while (try? ask(Array("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8), over: .admin))?
      .isEmpty ?? true
    {
      guard ContinuousClock.now < deadline else { throw Broken("the daemon does not start") }
      usleep(20_000)
    }
  }

  /// Sends the input as it is, and reads what comes until the other side is silent for a moment, or closes.
  func ask(_ input: [UInt8], over way: Way) throws -> [UInt8] {
    let socket = socket(way == .control ? AF_UNIX : AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard socket >= 0 else { throw Broken("no socket: \(String(cString: strerror(errno)))") }
    defer { close(socket) }
    var limit = timeval(tv_sec: 0, tv_usec: 20_000)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    guard connect(socket, way) else { throw Broken("nobody listens: \(String(cString: strerror(errno)))") }
    var rest = input[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    shutdown(socket, Int32(SHUT_WR))
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while answer.count < 1 << 20 {
      let count = recv(socket, &chunk, chunk.count, 0)
      guard count > 0 else { break }
      answer += chunk[..<count]
    }
    return answer
  }

  private func connect(_ socket: Int32, _ way: Way) -> Bool {
    func connect<Address>(_ address: Address) -> Bool {
      withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.connect(socket, $0, socklen_t(MemoryLayout<Address>.size)) == 0
        }
      }
    }
    switch way {
    case .admin:
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      return connect(address)
    case .control:
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let path = (folder + "/state/control.sock").utf8CString
      guard path.count <= MemoryLayout.size(ofValue: address.sun_path) else { return false }
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.map { UInt8(bitPattern: $0) }) }
      return connect(address)
    }
  }

  private static func freePort() throws -> UInt16 {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
      }
    }
    guard isBound else { throw Broken("no free port") }
    return UInt16(bigEndian: address.sin_port)
  }
}
