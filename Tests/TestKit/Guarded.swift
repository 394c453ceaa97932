internal import Synchronization

/// What several tasks write, in a value that is copied.
package final class Guarded<Value: Sendable>: Sendable {
  private let value: Mutex<Value>
  package init(_ value: Value) { self.value = Mutex(value) }
  package func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result { value.withLock { body(&$0) } }
}
