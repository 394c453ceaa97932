internal import Delivery

/// Why no file is claimed, whatever its own state is.
struct Obstacle: Sendable, Equatable, CustomStringConvertible {
  enum Kind: String, Sendable {
    case queueFull
    case diskFull
    case paused
  }

  var kind: Kind
  /// For people, with the numbers and the settings that they are held against.
  var description: String

  static func queueFull(bytes: Int, limit: Int) -> Obstacle {
    Obstacle(
      kind: .queueFull, description: "the queue is full: \(bytes) bytes wait, queue.max_bytes is \(limit)")
  }

  static func diskFull(free: UInt64, wanted: Int) -> Obstacle {
    Obstacle(
      kind: .diskFull, description: "the disk is full: \(free) bytes are free, queue.min_free_disk is \(wanted)")
  }

  static let paused = Obstacle(kind: .paused, description: "the inbox is paused by an operator")
}
