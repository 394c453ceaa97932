import Synchronization

/// The `SandboxState` shared by all connections.
final class SharedState: Sendable {
  private let memory: Mutex<SandboxState>

  init(_ options: SandboxOptions) { memory = Mutex(SandboxState(options)) }

  func withLock<Result: Sendable>(_ body: (inout SandboxState) -> Result) -> Result {
    memory.withLock { body(&$0) }
  }
}
