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

/// Counts durations or other values in buckets.
package final class Histogram: Metric {
  package static let type = "histogram"

  private struct Counts {
    /// One more than there are bounds: the last is for values above all of them.
    var buckets: [Int]
    var sum = 0.0
  }

  private let bounds: [Double]
  private let counts: Mutex<Counts>

  /// - Parameter bounds: the buckets' upper limits, ascending, in the unit of the metric's name.
  package init(bounds: [Double]) {
    self.bounds = bounds
    counts = Mutex(Counts(buckets: Array(repeating: 0, count: bounds.count + 1)))
  }

  package func observe(_ value: Double) {
    let place = bounds.firstIndex { value <= $0 } ?? bounds.count
    counts.withLock {
      $0.buckets[place] += 1
      $0.sum += value
    }
  }

  package func observe(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    observe(Double(seconds) + Double(attoseconds) / 1e18)
  }

  /// The number of observations and their sum.
  package var total: (count: Int, sum: Double) { counts.withLock { ($0.buckets.reduce(0, +), $0.sum) } }

  package func write(name: String, labels: [(String, String)], to text: inout Exposition) {
    let (buckets, sum) = counts.withLock { ($0.buckets, $0.sum) }
    var count = 0
    for (place, bucket) in buckets.enumerated() {
      count += bucket
      let bound = place < bounds.count ? Exposition.number(bounds[place]) : "+Inf"
      text.sample("\(name)_bucket", labels + [("le", bound)], Double(count))
    }
    text.sample("\(name)_sum", labels, sum)
    text.sample("\(name)_count", labels, Double(count))
  }
}
