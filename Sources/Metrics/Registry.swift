internal import Synchronization

/// A program's families, in order of creation.
package final class Registry: Sendable {
  private let families = Mutex<[any Exposed]>([])

  package init() {}

  package func counter(_ name: String, _ help: String, labels: String...) -> Family<Counter> {
    add(Family(name, help, labels: labels) { Counter() })
  }

  package func gauge(_ name: String, _ help: String, labels: String...) -> Family<Gauge> {
    add(Family(name, help, labels: labels) { Gauge() })
  }

  package func histogram(_ name: String, _ help: String, bounds: [Double], labels: String...) -> Family<Histogram> {
    add(Family(name, help, labels: labels) { Histogram(bounds: bounds) })
  }

  package func write(to text: inout Exposition) {
    for family in families.withLock({ $0 }) { family.write(to: &text) }
  }

  private func add<Member>(_ family: Family<Member>) -> Family<Member> {
    families.withLock { $0.append(family) }
    return family
  }
}

/// A family in the exposition, whatever its members are.
protocol Exposed: Sendable {
  func write(to text: inout Exposition)
}
