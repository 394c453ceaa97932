import Dispatch
import Foundation
import Glibc
import Sandbox
import Testing

/// Talks to one sandbox as upsertd would: one request a connection, over a plain socket.
struct Client: Sendable {
  let port: UInt16
  var origin: String { "http://127.0.0.1:\(port)" }

  struct Answer: Sendable {
    var status: Int
    /// By lower-case name.
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var object: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:] }
    func header(_ name: String) -> String? { headers[name.lowercased()] }
  }

  struct NoAnswer: Error { var reason: String }

  func send(
    _ method: String, _ path: String, _ headers: [String: String] = [:], _ body: String = ""
  ) async throws -> Answer {
    let fields = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
    let head =
      "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\(fields)\r\n"
    let answer = try await exchange(Array((head + body).utf8))
    let parts = try #require(answer.firstRange(of: Array("\r\n\r\n".utf8)))
    let lines = String(decoding: answer[..<parts.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    let status = try #require(Int(lines[0].split(separator: " ")[1]))
    var answered: [String: String] = [:]
    for line in lines.dropFirst() {
      let field = line.split(separator: ":", maxSplits: 1)
      answered[field[0].lowercased()] = field[1].trimmingCharacters(in: .whitespaces)
    }
    let rest = Array(answer[parts.upperBound...])
    guard answered["content-length"] == String(rest.count) else { throw NoAnswer(reason: "cut off") }
    return Answer(status: status, headers: answered, body: rest)
  }

  func get(_ path: String, _ headers: [String: String] = [:]) async throws -> Answer {
    try await send("GET", path, headers)
  }

  func form(_ path: String, _ form: String, _ headers: [String: String] = [:]) async throws -> Answer {
    let type = ["Content-Type": "application/x-www-form-urlencoded"]
    return try await send("POST", path, type.merging(headers) { $1 }, form)
  }

  func token(_ path: String) async throws -> String {
    let answer = try await form(path, "grant_type=password&username=u&password=p&client_id=c&client_secret=s")
    return try #require(answer.object["access_token"] as? String)
  }

  func upsertRecords(
    _ body: String, mode: String = "Partial", token: String? = nil, type: String = "application/json"
  ) async throws -> Answer {
    let token = if let token { token } else { try await self.token("/oauth2/token") }
    return try await send(
      "POST", "/api/api/investorrecords/$batchUpsert?successMode=\(mode)",
      ["Authorization": "Bearer \(token)", "Content-Type": type], body)
  }

  func upsertItems(_ body: String, token: String? = nil, type: String = "application/json") async throws -> Answer {
    let token = if let token { token } else { try await self.token("/ls/api/oauth2/token") }
    return try await send(
      "POST", "/ls/api/items/upsert", ["Authorization": "Bearer \(token)", "Content-Type": type], body)
  }

  /// Sends `request` and reads to the end of the connection, on a thread of its own.
  private func exchange(_ request: [UInt8]) async throws -> [UInt8] {
    let port = port
    return try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try Self.exchange(request, port: port) }) }.start()
    }
  }

  private static func exchange(_ request: [UInt8], port: UInt16) throws -> [UInt8] {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw NoAnswer(reason: "connect: \(errno)") }
    var sent = 0
    while sent < request.count {
      let count = request[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw NoAnswer(reason: "send: \(errno)") }
      sent += count
    }
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(socket, &chunk, chunk.count, 0)
      guard count >= 0 else { throw NoAnswer(reason: "receive: \(errno)") }
      guard count > 0 else { return answer }
      answer.append(contentsOf: chunk[..<count])
    }
  }
}

/// A sandbox for one test.
func withSandbox(
  _ options: SandboxOptions = SandboxOptions(), _ body: (Sandbox, Client) async throws -> Void
) async throws {
  let sandbox = Sandbox(options)
  let port = try await sandbox.start()
  do {
    try await body(sandbox, Client(port: port))
  } catch {
    await sandbox.stop()
    throw error
  }
  await sandbox.stop()
}
