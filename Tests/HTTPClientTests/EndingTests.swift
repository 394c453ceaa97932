import HTTPClient
import Testing
import TestKit

@Suite struct EndingTests {
  @Test func `cancelling the task ends its exchange and no other`() async throws {
    try await withServer {
      $0.path == "/hang" ? .hang : .delayed(.milliseconds(300), .json("[]"))
    } _: {
      server, connections in
      async let other = connections.send(.post(server.url + "/other"))
      let task = Task { await connections.failure(of: .post(server.url + "/hang")) }
      try await server.waitForRequests(2)
      task.cancel()
      #expect(await task.value?.code == .cancelled)
      #expect(try await other.status == 200)
      try await eventually("the end of its connection") { server.openConnectionCount == 1 }
    }
  }

  @Test func `an exchange that waits for its turn can be cancelled`() async throws {
    try await withServer(ConnectionOptions(concurrency: 1)) { _ in
      .hang
    } _: { server, connections in
      let first = Task { await connections.failure(of: .post(server.url)) }
      try await server.waitForRequests(1)
      let second = Task { await connections.failure(of: .post(server.url)) }
      second.cancel()
      #expect(await second.value?.code == .cancelled)
      first.cancel()
      #expect(await first.value?.code == .cancelled)
      #expect(server.requests.count == 1)
    }
  }

  @Test func `a task that is already cancelled sends nothing`() async throws {
    try await withServer { _ in
      .json("[]")
    } _: { server, connections in
      let code = await withTaskGroup(of: SendError.Code?.self) { group in
        group.cancelAll()
        group.addTask { await connections.failure(of: .post(server.url))?.code }
        return await group.next() ?? nil
      }
      #expect(code == .cancelled)
      #expect(server.connectionCount == 0)
    }
  }

  @Test func `closing ends what is under way, what waits and what comes later`() async throws {
    try await withServer(ConnectionOptions(concurrency: 2)) { _ in
      .hang
    } _: { server, connections in
      try await withThrowingTaskGroup { group in
        for _ in 1...5 { group.addTask { await connections.failure(of: .post(server.url))?.code } }
        try await server.waitForRequests(2)
        connections.close()
        connections.close()
        for try await code in group { #expect(code == .cancelled) }
      }
      #expect(await connections.failure(of: .post(server.url))?.code == .cancelled)
      try await eventually("the end of the connections") { server.openConnectionCount == 0 }
      #expect(server.requests.count == 2)
    }
  }

  @Test(arguments: [true, false])
  func `kept connections are closed on request, or with their owner`(_ onRequest: Bool) async throws {
    let server = try LoopbackServer { _ in .json("[]") }
    var connections: HTTPClient? = try HTTPClient(ConnectionOptions())
    _ = try await connections?.send(.post(server.url))
    #expect(server.openConnectionCount == 1)
    if onRequest { connections?.close() } else { connections = nil }
    try await eventually("the end of the connection") { server.openConnectionCount == 0 }
    await server.stop()
    _ = connections
  }

  @Test func `a server that stops leaves what it was sent unanswered`() async throws {
    let server = try LoopbackServer { $0.path == "/hang" ? .hang : .json("[]") }
    let connections = try HTTPClient(ConnectionOptions(concurrency: 1))
    // The second time over a kept connection: libcurl tries again by itself and finds nobody, but the request was out.
    for round in 1...2 {
      if round == 2 { _ = try await connections.send(.post(server.url)) }
      async let failure = connections.failure(of: .post(server.url + "/hang"))
      try await server.waitForRequests(2 * round - 1)
      await server.stop()
      #expect(await failure?.code == .unanswered)
      try server.start()
    }
    #expect(server.connectionCount == 2)
    await server.stop()
  }

  @Test func `one target's hanging server does not hold up another's`() async throws {
    let server = try LoopbackServer { $0.path == "/hang" ? .hang : .json("[]") }
    try await withThrowingTaskGroup { group in
      for _ in 1...20 {
        let connections = try HTTPClient(ConnectionOptions())
        group.addTask { await connections.failure(of: .post(server.url + "/hang"))?.code }
      }
      try await server.waitForRequests(20)
      _ = try await HTTPClient(ConnectionOptions()).send(.post(server.url))
      await server.stop()
      for try await code in group { #expect(code == .unanswered) }
    }
  }

  @Test func `any mix of answers, cuts and cancellations ends every exchange`() async throws {
    try await withServer(ConnectionOptions(concurrency: 6)) { request in
      switch request.number % 7 {
      case 0: .close
      case 1: .cut(status: 200, body: [1, 2, 3], after: 2)
      case 2: .delayed(.milliseconds(3), .json("[]"))
      default: .answer(status: 200, body: request.body)
      }
    } _: { server, connections in
      await withTaskGroup { group in
        for number in 0..<600 {
          group.addTask {
            let body = "\(number)"
            let task = Task { try await connections.send(.post(server.url, body)) }
            if number % 5 == 0 { task.cancel() }
            switch await task.result {
            case .success(let answer):
              let text = String(decoding: answer.body, as: UTF8.self)
              #expect(text == body || text == "[]")
            case .failure(let error as SendError):
              #expect(error.code == .unanswered || error.code == .cancelled && number % 5 == 0)
            case .failure(let error):
              Issue.record(error)
            }
          }
        }
      }
    }
  }
}
