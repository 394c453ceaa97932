import HTTPClient
import TestKit
import Testing

@Suite struct FailureTests {
  @Test(arguments: [
    ("cut off", Reply.cut(status: 200, body: Array("0123456789".utf8), after: 4)),
    ("cut off in the head", .garbage(Array("HTTP/1.1 200 OK\r\nContent-Le".utf8))),
    ("cut off in the status line", .garbage(Array("HTTP/1.1 20".utf8))),
    ("an interim answer alone", .garbage(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))),
    ("an early hint alone", .garbage(Array("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".utf8))),
    ("an upgrade", .garbage(Array("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n".utf8))),
    ("garbage", .garbage(Array("220 mail.example.com ESMTP\r\n".utf8))),
    ("no answer", .close),
    ("a wrong length", .garbage(Array("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n[]".utf8))),
    ("a broken chunk", .garbage(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n".utf8))),
    ("a missing last chunk", .garbage(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n".utf8))),
  ])
  func `an answer that is not whole leaves the request unanswered`(_ name: String, _ reply: Reply) async throws {
    try await withServer { _ in
      reply
    } _: { server, connections in
      let error = try #require(await connections.failure(of: .post(server.url + "/items?key=secret")))
      #expect(error.code == .unanswered, "\(error)")
      #expect(error.place == "POST \"\(server.url)/items\"")
      #expect(server.requests.count == 1)
    }
  }

  @Test func `a server that never answers leaves the request unanswered once its time is over`() async throws {
    try await withServer { _ in
      .hang
    } _: { server, connections in
      let start = ContinuousClock.now
      let error = await connections.failure(of: .post(server.url, timeout: .milliseconds(300)))
      #expect(error?.code == .unanswered)
      #expect(ContinuousClock.now - start < .seconds(60))
      #expect(server.requests.count == 1)
    }
  }

  @Test func `an answer that stands still half-way is given up`() async throws {
    try await withServer(ConnectionOptions(stallTimeout: .milliseconds(200))) { request in
      request.number == 1
        ? .delayed(.milliseconds(600), .json("[]"))
        : .stalled(Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[".utf8))
    } _: { server, connections in
      // A server may think for longer than that before it begins to answer.
      _ = try await connections.send(.post(server.url))
      let start = ContinuousClock.now
      let error = try #require(await connections.failure(of: .get(server.url)))
      #expect(error.code == .unanswered)
      #expect(error.reason.contains("no data was transferred"))
      #expect(ContinuousClock.now - start < .seconds(60))
    }
  }

  @Test func `a body that the server does not take is given up`() async throws {
    let deaf = try DeafServer()
    let connections = try HTTPClient(ConnectionOptions(stallTimeout: .milliseconds(200)))
    let body = [UInt8](repeating: 0, count: 32 << 20)
    let error = try #require(await connections.failure(of: Request(method: "POST", url: deaf.url, body: body)))
    #expect(error.code == .unanswered)
    #expect(error.reason.contains("no data was transferred"))
  }

  @Test func `nothing was sent where nobody listens`() async throws {
    let port = try ReservedPort()
    let connections = try HTTPClient(ConnectionOptions())
    let error = try #require(await connections.failure(of: .post("http://127.0.0.1:\(port.number)/")))
    #expect(error.code == .notSent)
    #expect(error.description.contains("127.0.0.1:\(port.number)"))
    #expect(error.description.contains("Connection refused"))
  }

  @Test func `nothing was sent where the name is unknown`() async throws {
    let connections = try HTTPClient(ConnectionOptions())
    #expect(await connections.failure(of: .get("http://nowhere.invalid/"))?.code == .notSent)
  }

  @Test func `nothing was sent where a TLS handshake never ends`() async throws {
    let deaf = try DeafServer()
    let connections = try HTTPClient(ConnectionOptions(connectTimeout: .milliseconds(200)))
    let url = deaf.url.replacing("http:", with: "https:")
    let start = ContinuousClock.now
    #expect(await connections.failure(of: .post(url))?.code == .notSent)
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  @Test func `header fields without end leave the request unanswered`() async throws {
    try await withServer { _ in
      .answer(
        status: 200,
        headers: ["X-Long": String(repeating: "a", count: 90_000)].merging(
          (0..<4).map { ("X-\($0)", String(repeating: "a", count: 90_000)) }
        ) { a, _ in a })
    } _: { server, connections in
      let error = try #require(await connections.failure(of: .get(server.url)))
      #expect(error.code == .unanswered)
      #expect(error.reason.contains("header"))
    }
  }

  @Test(arguments: ["value\r\nX-Evil: 1", "value\nX-Evil: 1", "value\r", "a\0b", "\u{7f}"])
  func `a header value cannot bring in another header`(_ value: String) async throws {
    try await withServer { _ in
      .json("[]")
    } _: { server, connections in
      for header in [Header("Authorization", value), Header("X-" + value, "1")] {
        let request = Request(method: "GET", url: server.url, headers: [header])
        let error = try #require(await connections.failure(of: request))
        #expect(error.code == .setup)
        #expect(!error.description.contains("\r") && !error.description.contains("\n"))
      }
      #expect(server.connectionCount == 0)
    }
  }

  @Test func `a header's value is never told`() async throws {
    let connections = try HTTPClient(ConnectionOptions())
    let header = Header("Authorization", "Bearer s3cret\n")
    let error = await connections.failure(of: Request(method: "GET", url: "http://127.0.0.1/", headers: [header]))
    #expect(error.map { "\($0)".contains("s3cret") } == false)
  }

  @Test(arguments: [
    "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "", "http://", "http://127.0.0.1:99999/",
    "not a url",
    "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: 1", "http://user:s3cret@127.0.0.1/",
    "https://s3cret@127.0.0.1?a", "http:/user:s3cret@127.0.0.1/",
  ])
  func `an unusable URL is a setup error`(_ url: String) async throws {
    let connections = try HTTPClient(ConnectionOptions())
    let error = try #require(await connections.failure(of: .post(url)))
    #expect(error.code == .setup, "\(error)")
    #expect(!"\(error)".contains("s3cret"))
  }

  @Test func `a method that is no token is a setup error`() async throws {
    let connections = try HTTPClient(ConnectionOptions())
    let request = Request(method: "GET / HTTP/1.1\r\n", url: "http://127.0.0.1/")
    #expect(await connections.failure(of: request)?.code == .setup)
  }

  @Test func `a certificate file that cannot be read is a setup error`() async throws {
    try await withTemporaryFolder { folder in
      for options in [
        ConnectionOptions(caFile: folder + "/none.pem"), ConnectionOptions(clientCert: folder),
        ConnectionOptions(userAgent: "a\r\nb"), ConnectionOptions(proxy: .init(address: "")),
      ] {
        let error = #expect(throws: SendError.self) { _ = try HTTPClient(options) }
        #expect(error?.code == .setup)
      }
    }
  }
}
