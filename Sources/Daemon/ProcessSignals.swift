internal import CLinux
internal import Core
internal import Dispatch
internal import Glibc
internal import Synchronization

/// SIGTERM, SIGINT and SIGHUP for `upsertd run`: from the very start none is lost, and a stop always completes.
///
/// They are kept (`clinux_keep_signals`) for a thread that does nothing else, so it can't hang with anything else. If
/// the process has not ended by itself in time (a read on a dead mount, a commit on a failing disk), this thread ends
/// it. The outbox survives that as it survives a power failure.
package final class ProcessSignals: Sendable {
  package enum Wish: Sendable { case stop, reload }

  /// A process has one set of signals. Watched from the first use on.
  package static let shared = ProcessSignals()

  /// How long a stop may take: SIGTERM ends within 10 s.
  private static let patience = Duration.seconds(9)

  private struct State {
    var isStopWished = false
    var isReloadWished = false
    var receiver: (@Sendable (Wish) -> Void)?
    var lastStatus: Int32 = 0
    /// Logs what hangs.
    var logHang: @Sendable () -> Void = {}
  }

  private let state = Mutex(State())

  private init() {
    // Writing to a peer that has left is an error like any other.
    signal(SIGPIPE, SIG_IGN)
    _ = clinux_keep_signals()
    DispatchQueue(label: "upsertd.signals", qos: .userInteractive).async { self.watch() }
  }

  /// Delivers requests, including those that came before this call.
  func deliver(to receiver: @escaping @Sendable (Wish) -> Void) {
    let wishes = state.withLock { state in
      state.receiver = receiver
      return (isStop: state.isStopWished, isReload: state.isReloadWished)
    }
    if wishes.isReload { receiver(.reload) }
    if wishes.isStop { receiver(.stop) }
  }

  /// If a stop takes too long, `logHang` is called, and the process ends with `status`.
  func setLastResort(status: Int32, _ logHang: @escaping @Sendable () -> Void) {
    state.withLock { state in
      state.lastStatus = status
      state.logHang = logHang
    }
  }

  /// Never returns.
  private func watch() {
    var deadline: ContinuousClock.Instant?
    while true {
      let number = clinux_next_signal(deadline.map { Int(max(0, ($0 - .now).milliseconds + 1)) } ?? -1)
      if let deadline, deadline <= .now { endNow() }
      switch number {
      case SIGHUP: deliver(.reload)
      case SIGTERM, SIGINT:
        if deadline == nil { deadline = .now + Self.patience }
        deliver(.stop)
      default: break
      }
    }
  }

  private func deliver(_ wish: Wish) {
    let receiver = state.withLock { state in
      switch wish {
      case .stop: state.isStopWished = true
      case .reload: state.isReloadWished = state.receiver == nil
      }
      return state.receiver
    }
    receiver?(wish)
  }

  private func endNow() -> Never {
    let (logHang, status) = state.withLock { ($0.logHang, $0.lastStatus) }
    let said = DispatchSemaphore(value: 0)
    // Logging may hang as well: on a full pipe, or on a lock held by whatever hangs.
    DispatchQueue(label: "upsertd.last-resort").async {
      logHang()
      said.signal()
    }
    _ = said.wait(timeout: .now() + .milliseconds(300))
    _exit(status)
  }
}
