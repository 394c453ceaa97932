/// One number, or one distribution, of a family.
package protocol Metric: Sendable {
  /// The type's name in Prometheus' text format.
  static var type: String { get }

  /// Adds this metric's samples.
  ///
  /// - Parameter labels: names and values of the family's labels for this metric, in order.
  func write(name: String, labels: [(String, String)], to text: inout Exposition)
}
