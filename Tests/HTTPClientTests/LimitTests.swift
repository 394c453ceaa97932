import Foundation
import Glibc
import HTTPClient
import Testing
import TestKit

/// What a server can send that is more, or comes otherwise, than was asked for.
@Suite struct LimitTests {
  @Test(arguments: [0, 1, 1000, 100_000])
  func `an answer is read up to its limit, and says that it goes on`(_ limit: Int) async throws {
    try await withServer { request in
      let count = request.path == "/fits" ? limit : request.path == "/exceeds" ? limit + 1 : 60_000_000
      return .answer(status: 200, body: [UInt8](repeating: 32, count: count))
    } _: { server, connections in
      for path in ["/fits", "/exceeds", "/endless", "/fits"] {
        var request = Request.get(server.url + path)
        request.mostAnswerBytes = limit
        let answer = try await connections.send(request)
        #expect(answer.status == 200)
        #expect(answer.body.count == limit)
        #expect(answer.isCut == (path != "/fits"), "\(path)")
        #expect(answer.unanswered == 0)
      }
    }
  }

  @Test func `a compressed answer is unpacked, asked for or not`() async throws {
    let text = #"{"values": {}}"#
    let packed = try await gzip(Data(text.utf8))
    try await withServer { request in
      request.path == "/bad"
        ? .answer(status: 200, headers: ["Content-Encoding": "gzip"], body: Array(packed.dropLast(12)))
        : .answer(status: 200, headers: ["Content-Encoding": "gzip"], body: packed)
    } _: { server, connections in
      let answer = try await connections.send(.post(server.url))
      #expect(String(decoding: answer.body, as: UTF8.self) == text)
      #expect(!answer.isCut)
      #expect(server.requests.first?.headers["accept-encoding"] == "gzip")
    }
  }

  @Test func `a compressed answer counts by what it unpacks to`() async throws {
    let packed = try await gzip(Data(count: 200_000_000))
    #expect(packed.count < 1_000_000)
    try await withServer { _ in
      .answer(status: 200, headers: ["Content-Encoding": "gzip"], body: packed)
    } _: { server, connections in
      let answer = try await connections.send(.post(server.url))
      #expect(answer.isCut)
      #expect(answer.body.count == 1 << 20)
    }
  }

  @Test func `a connection gets no older than it may, however busy it is`() async throws {
    try await withServer(ConnectionOptions(concurrency: 1, mostConnectionAge: .seconds(1))) { _ in
      .json("[]")
    } _: { server, connections in
      try await eventually("a second connection", within: .seconds(20)) {
        _ = try await connections.send(.post(server.url))
        return server.connectionCount >= 3
      }
      #expect(server.requests.count > server.connectionCount, "connections are still used more than once")
    }
  }

  @Test(arguments: [413, 401, 500])
  func `a server that answers early and resets the connection has answered`(_ status: Int) async throws {
    let server = try EarlyServer(status: status)
    let connections = try HTTPClient(ConnectionOptions())
    let body = [UInt8](repeating: 32, count: 8 << 20)
    var answered = 0
    for _ in 1...50 {
      do {
        let answer = try await connections.send(Request(method: "POST", url: server.url, body: body))
        #expect(answer.status == status)
        answered += 1
      } catch {
        #expect(error.code == .unanswered)
      }
    }
    // Now and then the reset overtakes the answer; then there is none.
    #expect(answered >= 40, "of 50 requests \(answered) got the answer")
  }

  private func gzip(_ data: Data) async throws -> [UInt8] {
    try await withTemporaryFolder { folder in
      try data.write(to: URL(filePath: folder + "/data"))
      try await Command.run("gzip", [folder + "/data"])
      return Array(try Data(contentsOf: URL(filePath: folder + "/data.gz")))
    }
  }
}

/// Answers as soon as a request begins to come, and closes with the rest unread, which resets the connection.
private struct EarlyServer: ~Copyable {
  private let port: ReservedPort
  private let listener: Int32

  init(status: Int) throws {
    let port = try ReservedPort()
    let listener = try port.listen()
    self.port = port
    self.listener = listener
    DispatchQueue(label: "early-server").async {
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let socket = accept(listener, nil, nil)
        guard socket >= 0 else { break }
        _ = read(socket, &buffer, buffer.count)
        // It promises more than it sends.
        let text = "HTTP/1.1 \(status) No\r\nContent-Length: 100\r\n\r\ntoo large"
        _ = send(socket, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        Glibc.close(socket)
      }
      Glibc.close(listener)
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  var url: String { "http://127.0.0.1:\(port.number)/" }
}
