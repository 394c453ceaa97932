/// Why a time zone, a time, some days or a window can't be used. The operator has to fix it.
package struct CalendarError: Error, Equatable {
  package enum Code: Sendable {
    /// No time zone has this name.
    case unknownZone
    /// This machine has no time zones at all.
    case noZones
    /// The zone's file can't be read.
    case unreadableZone
    /// The zone's file is not a time zone file, or is damaged.
    case damagedZone
    /// A value that makes no sense as written.
    case invalid
  }

  package var code: Code
  /// What kind of value it is: `time zone`.
  package var subject: String
  package var value: String
  /// Continues a sentence that begins with the value: `is unknown: did you mean "Europe/Dublin"?`.
  package var reason: String

  init(_ code: Code, _ subject: String, _ value: String, _ reason: String) {
    self.code = code
    self.subject = subject
    self.value = value
    self.reason = reason
  }
}

extension CalendarError: CustomStringConvertible {
  package var description: String { "\(subject) \"\(value)\" \(reason)" }
}
