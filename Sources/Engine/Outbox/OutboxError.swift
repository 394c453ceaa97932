/// The outbox can't be used, or not as requested.
package struct OutboxError: Error, Equatable, CustomStringConvertible {
  package enum Code: Sendable {
    /// Written by a newer program.
    case newer
    /// Written by an older program, and not yet upgraded by the daemon.
    case older
    /// Not a database, or one whose content contradicts itself.
    case damaged
    /// No such file, a read-only folder.
    case unusable
    /// This user has no permission.
    case refused
    /// A full or failing disk, or a database that can't be reached: it may pass.
    case failing
  }

  package var code: Code
  package var path: String
  package var reason: String

  package init(_ code: Code, path: String, reason: String) {
    self.code = code
    self.path = path
    self.reason = reason
  }

  package var mayPass: Bool { code == .failing }

  package var description: String {
    let advice = code == .damaged ? "; `upsertd doctor` reports what can be saved and how to continue" : ""
    return "outbox \"\(path)\": \(reason)\(advice)"
  }
}
