internal import Delivery
internal import JSONText

/// Something that keeps files or items from moving: what, why, since when, and what to do about it.
struct Standstill: Sendable, Equatable {
  enum Weight: String, Sendable {
    /// Nothing will move until somebody does something.
    case bad
    /// It may go on by itself, or somebody wants it so.
    case waiting
    /// Worth knowing, and no fault.
    case note
  }

  var weight: Weight
  /// What: `lusid is on hold`.
  var title: String
  var reason: String
  /// Names of the files it is about, the first ones.
  var files: [String] = []
  var fileCount = 0
  /// Items that wait because of it.
  var items = 0
  /// When the oldest of what waits was claimed; of files that stay, since when.
  var oldestAt: Timestamp?
  /// When it is tried again.
  var nextAt: Timestamp?
  /// What to do, for people.
  var advice: String
  /// The command that does it.
  var command: String?

  static let mostFiles = 10

  var json: JSONValue {
    JSONValue([
      "weight": JSONValue(weight.rawValue), "title": JSONValue(title), "reason": JSONValue(reason),
      "files": .array(files.map { .string($0) }), "fileCount": JSONValue(fileCount), "items": JSONValue(items),
      "oldestAt": JSONValue(oldestAt?.description), "nextAt": JSONValue(nextAt?.description),
      "advice": JSONValue(advice),
      "command": JSONValue(command),
    ])
  }
}
