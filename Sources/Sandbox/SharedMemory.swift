import Synchronization

/// The `Memory` shared by all connections.
final class SharedMemory: Sendable {
  private let memory: Mutex<Memory>

  init(_ options: SandboxOptions) { memory = Mutex(Memory(options)) }

  func withLock<Result: Sendable>(_ body: (inout Memory) -> Result) -> Result {
    memory.withLock { body(&$0) }
  }
}
