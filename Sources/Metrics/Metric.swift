internal import Synchronization

/// One number, or one distribution, of a family.
package protocol Metric: Sendable {
  /// The type's name in Prometheus' text format.
  static var type: String { get }

  /// Adds this metric's samples.
  ///
  /// - Parameter labels: names and values of the family's labels for this metric, in order.
  func write(name: String, labels: [(String, String)], to text: inout Exposition)
}

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

/// A whole number that rises and falls.
package final class Gauge: Metric {
  package static let type = "gauge"

  private let number = Atomic<Int>(0)

  package init() {}

  package func add(_ change: Int) { number.wrappingAdd(change, ordering: .relaxed) }

  package func set(_ value: Int) { number.store(value, ordering: .relaxed) }

  package var value: Int { number.load(ordering: .relaxed) }

  package func write(name: String, labels: [(String, String)], to text: inout Exposition) {
    text.sample(name, labels, Double(value))
  }
}
