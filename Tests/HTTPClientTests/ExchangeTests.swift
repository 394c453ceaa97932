import HTTPClient
import Testing
import TestKit

@Suite struct ExchangeTests {
  @Test func `a request arrives as it was given, and its answer comes back`() async throws {
    try await withServer(ConnectionOptions(userAgent: "upsertd/1")) { _ in
      .answer(status: 201, headers: ["Retry-After": "7", "X-Twice": "  spaced  "], body: Array("{}".utf8))
    } _: { server, connections in
      let answer = try await connections.send(
        Request(
          method: "POST", url: server.url + "/api/api/x/$batchUpsert?successMode=Partial",
          headers: [
            Header("Authorization", "Bearer t"), Header("X-Empty", ""), Header("X-Blank", " "),
            Header("Content-Type", "application/json"),
          ],
          body: Array("[1]".utf8)))
      #expect(answer.status == 201)
      #expect(answer.header("retry-after") == "7")
      #expect(answer.header("x-twice") == "spaced")
      #expect(answer.header("x-none") == nil)
      #expect(answer.body == Array("{}".utf8))
      #expect(answer.elapsed > .zero && answer.elapsed < .seconds(10))
      #expect(answer.unanswered == 0)
      let request = try #require(server.requests.first)
      #expect(request.method == "POST")
      #expect(request.path == "/api/api/x/$batchUpsert?successMode=Partial")
      #expect(request.headers["authorization"] == "Bearer t")
      #expect(request.headers["x-empty"] == "")
      #expect(request.headers["x-blank"] == "")
      #expect(request.headers["content-type"] == "application/json")
      #expect(request.headers["user-agent"] == "upsertd/1")
      #expect(request.headers["expect"] == nil)
      #expect(request.text == "[1]")
    }
  }

  @Test func `a slot takes any method after any other`() async throws {
    try await withServer(ConnectionOptions(concurrency: 1)) { request in
      .answer(status: 200, body: Array("\(request.method) \(request.body.count)".utf8))
    } _: { server, connections in
      for (method, body) in [
        ("POST", "ab"), ("GET", ""), ("PUT", "abc"), ("HEAD", ""), ("DELETE", ""), ("POST", ""), ("GET", "a"),
        ("PATCH", "abcd"),
        ("GET", ""),
      ] {
        let answer = try await connections.send(Request(method: method, url: server.url, body: Array(body.utf8)))
        #expect(
          String(decoding: answer.body, as: UTF8.self) == (method == "HEAD" ? "" : "\(method) \(body.utf8.count)"))
      }
      #expect(server.requests.allSatisfy { $0.headers["content-type"] == nil })
    }
  }

  @Test func `a redirect is an answer like any other`() async throws {
    try await withServer { request in
      .answer(status: 302, headers: ["Location": "/elsewhere"])
    } _: { server, connections in
      let answer = try await connections.send(.post(server.url))
      #expect(answer.status == 302)
      #expect(answer.header("Location") == "/elsewhere")
      #expect(server.requests.count == 1)
    }
  }

  @Test func `an interim answer is not taken for the final one`() async throws {
    try await withServer { _ in
      .garbage(
        Array(
          "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nok"
            .utf8))
    } _: { server, connections in
      let answer = try await connections.send(.get(server.url))
      #expect(answer.status == 200)
      #expect(answer.headers == [Header("A", "b c"), Header("Content-Length", "2")])
      #expect(answer.body == Array("ok".utf8))
    }
  }

  @Test func `what follows the body is no header`() async throws {
    try await withServer { _ in
      .garbage(
        Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nRetry-After: 9\r\n\r\n".utf8))
    } _: { server, connections in
      let answer = try await connections.send(.get(server.url))
      #expect(answer.body == Array("ok".utf8))
      #expect(answer.headers == [Header("Transfer-Encoding", "chunked")])
    }
  }

  @Test func `large bodies go both ways unchanged`() async throws {
    try await withServer {
      .answer(status: 200, body: [7] + $0.body)
    } _: { server, connections in
      for size in [300_000, 3_000_000] {
        var body = [UInt8](repeating: 0, count: size)
        for place in stride(from: 0, to: size, by: 97) { body[place] = UInt8(truncatingIfNeeded: place / 97) }
        let answer = try await connections.send(
          Request(method: "POST", url: server.url, body: body, mostAnswerBytes: body.count + 1))
        #expect(answer.body == [7] + body)
        #expect(!answer.isCut)
      }
    }
  }

  @Test func `one connection serves one request after the other`() async throws {
    try await withServer { _ in
      .json("[]")
    } _: { server, connections in
      for _ in 1...20 { _ = try await connections.send(.post(server.url)) }
      #expect(server.requests.count == 20)
      #expect(server.connectionCount == 1)
    }
  }

  @Test func `as many requests as the concurrency are under way at once`() async throws {
    try await withServer(ConnectionOptions(concurrency: 8)) { _ in
      .delayed(.milliseconds(20), .json("[]"))
    } _: { server, connections in
      try await withThrowingTaskGroup { group in
        for _ in 1...64 { group.addTask { _ = try await connections.send(.post(server.url)) } }
        try await group.waitForAll()
      }
      #expect(server.requests.count == 64)
      #expect(server.mostUnderWay == 8)
      #expect(server.connectionCount == 8)
    }
  }

  @Test func `a kept connection that the server closed is replaced`() async throws {
    try await withServer { _ in
      .json("[]")
    } _: { server, connections in
      _ = try await connections.send(.post(server.url))
      await server.stop()
      #expect(await connections.failure(of: .post(server.url))?.code == .notSent)
      try server.start()
      _ = try await connections.send(.post(server.url))
      #expect(server.requests.count == 2)
      #expect(server.connectionCount == 2)
    }
  }

  @Test func `a request that was lost with a kept connection is sent again and counted`() async throws {
    try await withServer(ConnectionOptions(concurrency: 1)) { request in
      request.number == 2 ? .close : .json("[]")
    } _: { server, connections in
      _ = try await connections.send(.post(server.url))
      let answer = try await connections.send(.post(server.url))
      #expect(answer.status == 200)
      #expect(answer.unanswered == 1)
      #expect(server.requests.count == 3)
    }
  }

  @Test func `a request that may be sent only once is lost with a kept connection`() async throws {
    try await withServer(ConnectionOptions(concurrency: 1)) { request in
      request.number == 2 ? .close : .json("[]")
    } _: { server, connections in
      _ = try await connections.send(.post(server.url))
      var request = Request.post(server.url)
      request.isSentOnce = true
      let failure = await connections.failure(of: request)
      #expect(failure?.code == .lost)
      #expect(failure?.unanswered == 1)
      #expect(failure?.reason == "sent, but the connection was closed before an answer")
      #expect(server.requests.count == 2)
      let answer = try await connections.send(request)
      #expect(answer.status == 200 && answer.unanswered == 0)
    }
  }
}
