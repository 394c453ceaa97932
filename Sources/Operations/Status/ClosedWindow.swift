package import Core
internal import Engine
package import Settings

/// A target whose send window is closed: a pause with a known end.
package struct ClosedWindow: Sendable, Equatable {
  /// For example: `outside its send window (20:00 to 06:00, Europe/Dublin)`.
  package var reason: String
  /// When the window opens; nil if not within 15 days.
  package var until: Timestamp?
}

extension Target {
  /// Nil while requests may begin.
  package func closedWindow(at now: Timestamp) -> ClosedWindow? {
    guard let send else { return nil }
    var gate = SendGate(window: send)
    guard case .closed(let until) = gate.state(at: now) else { return nil }
    return ClosedWindow(reason: SendGate.reason(for: send), until: until)
  }
}

extension Settings {
  /// The closed windows by their targets' names.
  package func closedWindows(at now: Timestamp) -> [String: ClosedWindow] {
    Dictionary(
      targets.compactMap { target in target.closedWindow(at: now).map { (target.name, $0) } }, uniquingKeysWith: { $1 })
  }
}
