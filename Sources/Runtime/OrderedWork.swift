internal import Dispatch
internal import Glibc
internal import Synchronization

/// Work that several threads do at the same time, and whose results are taken in the order in which it was begun.
///
/// For work that needs nothing but the processor; whoever begins it is one thread, which may block.
package struct OrderedWork<Value: Sendable>: ~Copyable {
  private final class Part: Sendable {
    let result = Mutex<Value?>(nil)
    let isDone = DispatchSemaphore(value: 0)
  }

  /// In the order of their beginning.
  private var parts: [Part] = []
  private let queue = DispatchQueue(label: "ordered work", attributes: .concurrent)
  /// How many parts are worked on at once.
  private let width: Int

  /// - Parameter width: how many parts are worked on at once; nil for one for each processor.
  package init(width: Int? = nil) { self.width = width ?? Self.processors }

  package var isFull: Bool { parts.count >= width }
  package var isEmpty: Bool { parts.isEmpty }

  package mutating func begin(_ work: @escaping @Sendable () -> Value) {
    let part = Part()
    parts.append(part)
    queue.async {
      let value = work()
      part.result.withLock { $0 = value }
      part.isDone.signal()
    }
  }

  /// Waits for the part that was begun first; nil if there is none.
  package mutating func next() -> Value? {
    guard !parts.isEmpty else { return nil }
    let part = parts.removeFirst()
    part.isDone.wait()
    return part.result.withLock { $0.take() }
  }

  /// Nobody waits for what is under way.
  package mutating func abandon() { parts = [] }

  private static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
