internal import Core
internal import Synchronization

/// Wakes one waiting loop: however often it is raised, it ends one wait, or the next one if no one waits.
package final class Wakeup: Sendable {
  private struct State {
    var isRaised = false
    var waiter: CheckedContinuation<Void, Never>?
    /// Lets a late alarm recognize that its wait is over.
    var wait = 0
  }

  private let state = Mutex(State())

  package init() {}

  package func raise() { end(wait: nil) }

  /// Returns when the signal is raised, or after `limit`.
  package func wait(atMost limit: Duration) async {
    let wait = state.withLock { state in
      state.wait += 1
      return state.wait
    }
    // A separate alarm, since a continuation can't be awaited with a time limit; it does nothing if the wait has ended.
    let alarm = Task {
      try await Task.sleep(for: limit)
      end(wait: wait)
    }
    await withCheckedContinuation { continuation in
      let isRaised = state.withLock { state in
        if state.isRaised {
          state.isRaised = false
          return true
        }
        state.waiter = continuation
        return false
      }
      if isRaised { continuation.resume() }
    }
    alarm.cancel()
  }

  private func end(wait: Int?) {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      if let wait, wait != state.wait { return nil }
      guard let waiter = state.waiter else {
        // Only a raise is remembered; an alarm from before the wait began would end it at once.
        state.isRaised = true
        return nil
      }
      state.waiter = nil
      return waiter
    }
    waiter?.resume()
  }
}
