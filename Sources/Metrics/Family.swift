internal import Synchronization

/// The metrics of one name, told apart by their labels' values.
///
/// A member is made when it is first asked for, and stays. Whoever counts often keeps the member that it was given.
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

  /// The member of these labels' values, one for each label, in the labels' order.
  package subscript(_ values: String...) -> Member {
    precondition(values.count == labels.count, "\(name) has the labels \(labels)")
    return members.withLock { members in
      if let member = members[values] { return member }
      let member = make()
      members[values] = member
      return member
    }
  }

  /// Every member there is, by its labels' values.
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
