/// One number, or one distribution, of a family.
package protocol Metric: Sendable {
  /// As Prometheus' text format names it.
  static var type: String { get }

  /// Adds this metric's samples.
  ///
  /// - Parameter labels: of its place in the family, names and values in order.
  func write(name: String, labels: [(String, String)], to text: inout Exposition)
}
