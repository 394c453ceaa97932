import Dispatch
import Glibc
import Testing
import TestKit
@testable import Operations

/// The admin address's server, and callers that mean it no good.
@Suite struct HTTPListenerTests {
  private func withListener(
    _ limits: HTTPListener.Limits = .init(),
    answering answer: @escaping @Sendable (HTTPRequestHead) async -> HTTPReply = { .text("\($0.path)\n") },
    _ body: (HTTPListener, UInt16) async throws -> Void
  ) async throws {
    let listener = try HTTPListener(host: "127.0.0.1", port: 0, limits: limits)
    let port = try #require(listener.url.split(separator: ":").last.flatMap { UInt16($0.dropLast()) })
    async let ended = listener.run(answer)
    do { try await body(listener, port) } catch {
      listener.stop()
      _ = await ended
      throw error
    }
    listener.stop()
    #expect(await ended == nil)
  }

  @Test func `one connection serves one request after the other, also those that come at once`() async throws {
    try await withListener { _, port in
      let caller = try Caller(port)
      caller.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\n\r\nHEAD /c HTTP/1.1\r\n\r\n")
      caller.send("GET /d HTTP/1.1\r\nConnection: close\r\n\r\n")
      let text = await caller.readAll()
      #expect(text.components(of: "HTTP/1.1 200 OK\r\n") == 4)
      #expect(text.contains("\r\n\r\n/a\nHTTP/1.1") && text.contains("\r\n\r\n/b\nHTTP/1.1"))
      #expect(!text.contains("/c\n"))
      #expect(text.hasSuffix("\r\n\r\n/d\n"))
    }
  }

  @Test func `a large answer arrives whole, also at a caller who reads slowly`() async throws {
    let size = 5_000_000
    try await withListener { _ in
      HTTPReply(type: "text/plain", body: [UInt8](repeating: 97, count: size))
    } _: { _, port in
      let caller = try Caller(port)
      caller.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
      try await Task.sleep(for: .milliseconds(200))
      #expect(await caller.readAll().utf8.count > size)
    }
  }

  @Test func `callers who say nothing make room for one who asks`() async throws {
    var limits = HTTPListener.Limits()
    limits.connections = 8
    try await withListener(limits) { _, port in
      var silent: [Caller] = []
      for number in 0..<100 {
        let caller = try Caller(port)
        if number % 2 == 0 { caller.send("GET / HTTP/1.1\r\nHost:") }
        silent.append(caller)
      }
      for _ in 0..<20 {
        let caller = try Caller(port)
        caller.send("GET /x HTTP/1.1\r\nConnection: close\r\n\r\n")
        #expect(await caller.readAll().hasSuffix("/x\n"))
      }
      // The first ones were put out.
      #expect(await silent[0].readAll() == "")
    }
  }

  @Test func `a head that takes too long, or is too large, gets a reject`() async throws {
    var limits = HTTPListener.Limits()
    limits.head = .milliseconds(300)
    limits.headBytes = 1000
    try await withListener(limits) { _, port in
      let slow = try Caller(port)
      slow.send("GET / HTTP/1.1\r\n")
      #expect(await slow.readAll().hasPrefix("HTTP/1.1 408 "))
      let silent = try Caller(port)
      #expect(await silent.readAll() == "")
      let large = try Caller(port)
      large.send("GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 5000))
      #expect(await large.readAll().hasPrefix("HTTP/1.1 431 "))
      let odd = try Caller(port)
      odd.send("hello\r\n\r\n")
      #expect(await odd.readAll().hasPrefix("HTTP/1.1 400 "))
    }
  }

  @Test func `an answer that takes too long is given up`() async throws {
    var limits = HTTPListener.Limits()
    limits.answer = .milliseconds(200)
    try await withListener(limits) { _ in
      try? await Task.sleep(for: .seconds(2))
      return .text("late\n")
    } _: { _, port in
      let caller = try Caller(port)
      caller.send("GET / HTTP/1.1\r\n\r\n")
      #expect(await caller.readAll().hasPrefix("HTTP/1.1 503 "))
    }
  }

  @Test func `a listening socket that is of no use any more is told`() async throws {
    let listener = try HTTPListener(host: "127.0.0.1", port: 0)
    async let ended = listener.run { _ in .text("") }
    shutdown(listener.descriptor, Int32(SHUT_RDWR))
    let reason = try #require(await ended)
    #expect(reason.contains("accept"))
  }

  @Test func `an address that is taken or no address says so`() throws {
    let listener = try HTTPListener(host: "127.0.0.1", port: 0)
    let port = try #require(listener.url.split(separator: ":").last.flatMap { UInt16($0.dropLast()) })
    #expect(throws: HTTPListener.ListenError.self) { try HTTPListener(host: "127.0.0.1", port: port) }
    #expect(throws: HTTPListener.ListenError.self) { try HTTPListener(host: "example.com", port: 0) }
    #expect(try HTTPListener(host: "::1", port: 0).url.hasPrefix("http://[::1]:"))
  }
}

/// A socket to a server on this machine.
private final class Caller: Sendable {
  private let socket: Int32

  init(_ port: UInt16) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard socket >= 0 else { throw SystemError("make socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw SystemError("connect to \(port)") }
    // Longer than any of these tests lets a server take.
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(socket) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// All that comes until the server closes.
  ///
  /// Not on one of Swift's own threads, of which there are few: the server's answers are made there.
  func readAll() async -> String {
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "caller").async {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(self.socket, &chunk, chunk.count, 0), count > 0 { bytes += chunk[..<count] }
        continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
      }
    }
  }
}

extension String {
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
