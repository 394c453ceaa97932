internal import Core
package import JSONText

/// What reading the whole file with a configured route gives, and what of the route disagrees with the file.
package struct ReadingVerdict: Sendable {
  package var inbox: String
  package var items: Int
  package var rejected: Int
  /// Why the file would be rejected as a whole; nil if it would not.
  package var fault: String?
  /// The first rejected items, a line for each.
  package var rejects: [String]
  /// From `Inspection.differences`.
  package var differences: [String]

  package init(
    inbox: String, items: Int, rejected: Int, fault: String? = nil, rejects: [String] = [], differences: [String] = []
  ) {
    self.inbox = inbox
    self.items = items
    self.rejected = rejected
    self.fault = fault
    self.rejects = rejects
    self.differences = differences
  }

  package var isWell: Bool { fault == nil && rejected == 0 && differences.isEmpty }

  /// For people.
  package var lines: [String] {
    if isWell {
      return ["All is well: with the route of inbox \(inbox), \(counted) would be sent, none rejected."]
    }
    var lines: [String] = []
    if let fault {
      lines.append("With the route of inbox \(inbox) the file would be rejected as a whole:")
      lines.append("  \(fault)")
    } else {
      let rejected = self.rejected == 0 ? "none" : String(self.rejected)
      lines.append("With the route of inbox \(inbox), \(rejected) of \(counted) would be rejected.")
      lines += rejects.map { "  \($0)" }
    }
    if !differences.isEmpty {
      lines.append("The route and the file disagree:")
      lines += differences.map { "  - \($0)" }
    }
    return lines.map(\.onOneLine)
  }

  private var counted: String { Core.counted(items, "item") }

  /// For programs.
  package var json: JSONValue {
    JSONValue([
      "name": .string(inbox), "isWell": .bool(isWell), "items": JSONValue(items), "rejected": JSONValue(rejected),
      "fault": JSONValue(fault), "rejects": .array(rejects.map(JSONValue.string)),
      "differences": .array(differences.map(JSONValue.string)),
    ])
  }
}
