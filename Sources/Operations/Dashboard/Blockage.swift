internal import Core
internal import JSONText

/// Something that keeps files or items from moving: what, why, since when, and what to do about it.
struct Blockage: Sendable, Equatable {
  enum Weight: String, Sendable {
    /// Nothing will move until somebody acts.
    case bad
    /// It may continue by itself, or it is intended.
    case waiting
    /// Worth knowing, but not a fault.
    case note
  }

  var weight: Weight
  /// For example: `lusid is on hold`.
  var title: String
  var reason: String
  /// Names of the files concerned, the first ones.
  var files: [String] = []
  var fileCount = 0
  /// Items that wait because of it.
  var items = 0
  /// When the oldest waiting file was claimed; for files that stay, since when.
  var oldestAt: Timestamp?
  /// When it is retried.
  var nextAt: Timestamp?
  /// What to do, human-readable.
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
