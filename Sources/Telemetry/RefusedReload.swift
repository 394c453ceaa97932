package import Core
internal import Synchronization

/// Whether the configuration that the daemon has in effect is older than the one that it was last asked to read.
package final class RefusedReload: Sendable {
  package struct Refusal: Sendable, Equatable {
    package var at: Timestamp
    /// Why the new configuration can't be used; one line.
    package var reason: String
  }

  private let state = Mutex<Refusal?>(nil)

  package init() {}

  /// Nil if the last reload was used, or there was none.
  package var last: Refusal? { state.withLock { $0 } }

  package func refused(_ reason: String, at time: Timestamp) {
    state.withLock { $0 = Refusal(at: time, reason: reason.onOneLine) }
  }

  package func used() { state.withLock { $0 = nil } }
}
