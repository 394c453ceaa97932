package import Core
import FlyingFox
import FlyingSocks
import PromptSockets

/// The APIs and their token endpoints, in memory, behind real HTTP on 127.0.0.1.
///
/// It behaves as the services are publicly known to, accepts all their schemas, and rejects what they would reject, so
/// that upsertd can be tried and tested without them. Items are kept byte for byte, one for each key; `GET /` lists its
/// other features. Not simulated: property definitions, entitlements, records that share only some of their
/// identifiers.
///
/// Each request is read, answered by `Router` under one short lock, and delayed by the configured latency. Bodies over
/// 30 MB get a 413. `Expect: 100-continue` is not answered: clients send their body after their own pause.
package actor Sandbox {
  private let options: SandboxOptions
  private nonisolated let memory: SharedState
  private var running: (server: HTTPServer, task: Task<Void, Never>)?
  /// Nil until it is started.
  package private(set) var addresses: SandboxAddresses?

  package init(_ options: SandboxOptions = SandboxOptions()) {
    self.options = options
    memory = SharedState(options)
  }

  /// Returns the port once connections are accepted; throws `SandboxError` if the port is unavailable.
  package func start() async throws -> UInt16 {
    guard running == nil else { throw SandboxError(description: "start the sandbox: it is already running") }
    let server = HTTPServer(
      config: .init(
        address: try .inet(ip4: "127.0.0.1", port: options.port),
        // The longest that an answer may take, including latency.
        timeout: 24 * 3600,
        sharedRequestBufferSize: 65_536,
        // Bodies are read once, so nothing has to be kept for a second read.
        sharedRequestReplaySize: 0,
        pool: PromptPool(base: HTTPServer.defaultPool()),
        logger: .disabled),
      handler: HTTPAdapter(router: Router(memory: memory)))
    let (ends, end) = AsyncThrowingStream<Never, any Error>.makeStream()
    // Unstructured, since it outlives this call; `stop` ends it and waits for it.
    let task = Task {
      do { try await server.run() } catch { end.finish(throwing: error) }
    }
    running = (server, task)
    do {
      try await Self.waitUntilListening(server, orEnd: ends)
    } catch {
      running = nil
      task.cancel()
      throw SandboxError(description: "listen on 127.0.0.1:\(options.port): \(error)")
    }
    guard case .ip4(_, let port) = await server.listeningAddress else {
      await stop()
      throw SandboxError(description: "listen on 127.0.0.1:\(options.port): no address")
    }
    addresses = SandboxAddresses(port: port)
    return port
  }

  /// Stops the sandbox: answers in progress are cut off; its memory is kept.
  package func stop() async {
    guard let (server, task) = running else { return }
    running = nil
    await server.stop()
    task.cancel()
    await task.value
  }

  /// Changes how requests are treated from now on.
  package nonisolated func change(_ body: @Sendable (inout FaultProfile) -> Void) {
    memory.withLock { body(&$0.trouble.conduct) }
  }

  /// Invalidates all access tokens, like an unexpected expiry.
  package nonisolated func revokeTokens() {
    memory.withLock { $0.revokeTokens() }
  }

  package nonisolated var stats: SandboxStats { memory.withLock { $0.currentStats } }

  /// By key.
  package nonisolated func items(of api: APIKind) -> [String: StoredItem] {
    memory.withLock { $0[api].items.items }
  }

  /// In the order of their answers; empty unless the options enable recording.
  package nonisolated var recordedRequests: [RecordedRequest] { memory.withLock { $0.recorded } }

  /// Throws the error that ended the server if it ends before it listens.
  private static func waitUntilListening(
    _ server: HTTPServer, orEnd ends: AsyncThrowingStream<Never, any Error>
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.waitUntilListening() }
      group.addTask { for try await _ in ends {} }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
