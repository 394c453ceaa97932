internal import Synchronization

/// A number that only grows, starting when the process starts.
///
/// Each increment is one atomic addition: cheap enough for every batch, and without a lock.
package final class Counter: Metric {
  package static let type = "counter"

  private let count = Atomic<Int>(0)

  package init() {}

  package func add(_ number: Int = 1) { count.wrappingAdd(number, ordering: .relaxed) }

  package var value: Int { count.load(ordering: .relaxed) }

  package func write(name: String, labels: [(String, String)], to text: inout Exposition) {
    text.sample(name, labels, Double(value))
  }
}
