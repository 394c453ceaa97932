import Foundation
import Glibc
import TestKit

/// Asks a daemon's admin address.
struct AdminClient {
  let port: UInt16

  func get(_ path: String, accept: String = "*/*", host: String = "127.0.0.1") throws -> (status: Int, body: String) {
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
    let request = "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nAccept: \(accept)\r\nConnection: close\r\n\r\n"
    _ = request.utf8.withContiguousStorageIfAvailable { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = recv(socket, &chunk, chunk.count, 0), count > 0 { bytes += chunk[..<count] }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { throw NotInTime("no answer from \(port)") }
    return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0, String(text[end.upperBound...]))
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
