import Foundation
import Glibc
import TestKit

/// Asks a daemon's admin address.
struct AdminClient {
  let port: UInt16

  struct Answer {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: String
  }

  func get(_ path: String, accept: String = "*/*", host: String = "127.0.0.1") throws -> (status: Int, body: String) {
    let answer = try ask(path, ["Accept": accept, "Host": host])
    return (answer.status, answer.body)
  }

  /// - Parameter headers: in addition to `Host` and `Connection`, or in their place.
  func ask(_ path: String, _ headers: [String: String] = [:], method: String = "GET") throws -> Answer {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard socket >= 0 else { throw SystemError("make socket") }
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw SystemError("connect to \(port)") }
    let lines = ["Host": "127.0.0.1", "Connection": "close"].merging(headers) { $1 }.map { "\($0): \($1)\r\n" }
    let request = "\(method) \(path) HTTP/1.1\r\n\(lines.sorted().joined())\r\n"
    _ = request.utf8.withContiguousStorageIfAvailable { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = recv(socket, &chunk, chunk.count, 0), count > 0 { bytes += chunk[..<count] }
    guard let answer = Answer(String(decoding: bytes, as: UTF8.self)) else {
      throw NotInTime("no answer from \(port)")
    }
    return answer
  }

  /// The samples of `/metrics`: a name with its labels, and the value.
  func metrics() throws -> [String: Double] {
    var samples: [String: Double] = [:]
    for line in try get("/metrics").body.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " ") else { continue }
      samples[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
    return samples
  }
}

extension AdminClient.Answer {
  /// Nil for anything that is not a whole head.
  fileprivate init?(_ text: String) {
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].split(separator: "\r\n")
    status = lines.first.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") } ?? 0
    headers = [:]
    for line in lines.dropFirst() {
      let member = line.split(separator: ":", maxSplits: 1)
      if member.count == 2 { headers[member[0].lowercased()] = member[1].trimmingCharacters(in: .whitespaces) }
    }
    body = String(text[end.upperBound...])
  }
}
