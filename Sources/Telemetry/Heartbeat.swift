internal import Core
internal import Synchronization

/// Whether the pipeline moves: each of its loops reports every few seconds, busy or idle.
///
/// A loop that waits for a slow API still turns; one that hangs in a call, or waits forever, does not. The watchdog and
/// `/healthz` check this.
package final class Heartbeat: Sendable {
  /// How long a loop may wait before it has to turn once, even with nothing to do.
  package static let beat = Duration.seconds(5)

  /// A loop that has not turned for this long is hanging: 30 s, or half of the watchdog timeout of systemd if that is
  /// less.
  package let limit: Duration
  private let last = Mutex<[String: ContinuousClock.Instant]>([:])
  private let testHang: TestHang?

  package init(environment: [String: String] = [:]) {
    let watchdog = Notifications.watchdogInterval(environment: environment) ?? .seconds(60)
    limit = max(Self.beat * 2, min(watchdog / 2, .seconds(30)))
    testHang = TestHang(environment: environment)
  }

  package func beat(_ loop: String) {
    testHang?.hangIfNamed(loop)
    last.withLock { $0[loop] = .now }
  }

  package func ended(_ loop: String) { _ = last.withLock { $0.removeValue(forKey: loop) } }

  /// The loops that have not ended, and how long ago each turned.
  package var turning: [String] {
    let now = ContinuousClock.now
    return last.withLock { last in
      last.sorted { $0.key < $1.key }.map { "\($0.key) (\(($0.value.duration(to: now)).milliseconds / 1000) s ago)" }
    }
  }

  /// The loops that have not turned for longer than allowed; empty while everything moves.
  package var hanging: [String] {
    let now = ContinuousClock.now
    return last.withLock { last in last.filter { $0.value + limit < now }.keys.sorted() }
  }
}
