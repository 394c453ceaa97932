import HTTPClient
import TestKit

/// A server and connections to it, for as long as `body` runs.
func withServer(
  _ options: ConnectionOptions = ConnectionOptions(), answering handler: @escaping LoopbackServer.Handler,
  _ body: (LoopbackServer, HTTPClient) async throws -> Void
) async throws {
  let server = try LoopbackServer(handler)
  do {
    let connections = try HTTPClient(options)
    try await body(server, connections)
    connections.close()
  } catch {
    await server.stop()
    throw error
  }
  await server.stop()
}

extension Request {
  static func post(_ url: String, _ body: String = "[]", timeout: Duration = .seconds(10)) -> Request {
    Request(
      method: "POST", url: url, headers: [Header("Content-Type", "application/json")], body: Array(body.utf8),
      timeout: timeout)
  }

  static func get(_ url: String, timeout: Duration = .seconds(10)) -> Request {
    Request(method: "GET", url: url, timeout: timeout)
  }
}

extension HTTPClient {
  /// The error that sending ends with; nil if there is an answer.
  func failure(of request: Request) async -> SendError? {
    do {
      _ = try await send(request)
      return nil
    } catch {
      return error
    }
  }
}
