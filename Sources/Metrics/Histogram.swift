internal import Synchronization

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
