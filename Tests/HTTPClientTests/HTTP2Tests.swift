import HTTPClient
import TestKit
import Testing

/// Against Node.js, where it is installed: the only HTTP/2 server that a machine for building may well have.
@Suite(.enabled(if: Certificates.canBeMade && Command.exists("node"))) struct HTTP2Tests {
  /// Answers with the number of sessions so far, the protocol, and the request's body.
  private static let program = """
    const http2 = require('http2'), fs = require('fs'), folder = process.argv[1];
    const server = http2.createSecureServer({
      key: fs.readFileSync(folder + '/server.key'), cert: fs.readFileSync(folder + '/server.pem')});
    let sessions = 0;
    server.on('session', () => sessions++);
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      const parts = [];
      stream.on('data', part => parts.push(part));
      stream.on('end', () => {
        switch (headers[':path']) {
        case '/hang': return;
        case '/reset': return stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
        case '/cut': stream.respond({':status': 200, 'content-length': 9}); stream.write('[');
          return setTimeout(() => stream.session.destroy(), 50);
        case '/gone': return stream.session.destroy();
        }
        stream.respond({':status': 200, 'x-sessions': sessions, 'x-protocol': stream.session.alpnProtocol});
        setTimeout(() => stream.end(Buffer.concat(parts)), 20);
      });
    });
    server.listen(0, '127.0.0.1', () => console.log('LISTEN 127.0.0.1:' + server.address().port));
    """

  private func withHTTP2(
    connectionAge: Duration = .seconds(60), _ body: (_ url: String, _ connections: HTTPClient) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      let certificates = try await Certificates(in: folder)
      let server = try Command("node", ["-e", Self.program, folder])
      let port = try await server.port(after: "LISTEN")
      let options = ConnectionOptions(
        concurrency: 16, mostConnectionAge: connectionAge, caFile: certificates.path("ca.pem"))
      try await body("https://127.0.0.1:\(port)", HTTPClient(options))
    }
  }

  @Test func `requests share one connection`() async throws {
    try await withHTTP2 { url, connections in
      try await withThrowingTaskGroup { group in
        for number in 0..<40 {
          group.addTask {
            let body = [UInt8](repeating: UInt8(number), count: 300_000)
            let answer = try await connections.send(Request(method: "POST", url: url + "/", body: body))
            #expect(answer.body == body)
            #expect(answer.header("x-protocol") == "h2")
            #expect(answer.header("x-sessions") == "1")
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func `a connection that is never idle gets no older than it may`() async throws {
    try await withHTTP2(connectionAge: .seconds(1)) { url, connections in
      let hanging = Task { await connections.failure(of: .post(url + "/hang", timeout: .seconds(60))) }
      // Four at a time, each beginning as soon as another ends.
      try await withThrowingTaskGroup(of: Bool.self) { group in
        let deadline = ContinuousClock.now + .seconds(20)
        for _ in 0..<4 {
          group.addTask {
            while .now < deadline {
              if try await connections.send(.post(url + "/")).header("x-sessions") == "3" { return true }
            }
            return false
          }
        }
        for try await sawThird in group { #expect(sawThird) }
      }
      // It ends on the connection that it began on.
      hanging.cancel()
      #expect(await hanging.value?.code == .cancelled)
    }
  }

  @Test func `a request without an answer is unanswered, and its neighbours go on`() async throws {
    try await withHTTP2 { url, connections in
      let neighbours = (0..<20).map { number in
        Task { try await connections.send(.post(url + "/", "\(number)")).body == Array("\(number)".utf8) }
      }
      #expect(await connections.failure(of: .post(url + "/hang", timeout: .milliseconds(300)))?.code == .unanswered)
      #expect(await connections.failure(of: .post(url + "/reset"))?.code == .unanswered)
      let task = Task { await connections.failure(of: .post(url + "/hang")) }
      task.cancel()
      #expect(await task.value?.code == .cancelled)
      for neighbour in neighbours {
        let isWhole = try await neighbour.value
        #expect(isWhole)
      }
      #expect(await connections.failure(of: .post(url + "/cut"))?.code == .unanswered)
      #expect(await connections.failure(of: .post(url + "/gone"))?.code == .unanswered)
      let answer = try await connections.send(.post(url + "/"))
      #expect(answer.status == 200)
    }
  }
}
