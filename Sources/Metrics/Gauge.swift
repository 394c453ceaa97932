internal import Synchronization

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
