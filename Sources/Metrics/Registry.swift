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

/// The metrics of one name, distinguished by their labels' values.
///
/// A member is created when first requested, and stays. Frequent users keep a reference to the member.
package final class Family<Member: Metric>: Sendable {
  package let name: String
  let help: String
  let labels: [String]
  private let make: @Sendable () -> Member
  private let members = Mutex<[[String]: Member]>([:])

  init(_ name: String, _ help: String, labels: [String], make: @escaping @Sendable () -> Member) {
    self.name = name
    self.help = help
    self.labels = labels
    self.make = make
  }

  /// The member for these label values, one for each label, in the labels' order.
  package subscript(_ values: String...) -> Member {
    precondition(values.count == labels.count, "\(name) has the labels \(labels)")
    return members.withLock { members in
      if let member = members[values] { return member }
      let member = make()
      members[values] = member
      return member
    }
  }

  /// All existing members, with their label values.
  package var all: [(values: [String], member: Member)] {
    members.withLock { $0.map { ($0.key, $0.value) } }.sorted { $0.values.lexicographicallyPrecedes($1.values) }
  }
}

extension Family: Exposed {
  func write(to text: inout Exposition) {
    text.head(name, help, type: Member.type)
    for (values, member) in all {
      member.write(name: name, labels: Array(zip(labels, values)), to: &text)
    }
  }
}
