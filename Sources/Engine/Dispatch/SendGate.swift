package import Calendar
package import Core

/// Whether requests to a target may begin by the clock and by its operators: not while somebody paused it, nor outside
/// its window (`send`).
///
/// `DispatchState` knows one kind of pause. The gate says when there is one; it takes the wall clock's time as an
/// argument, which may be any: an answer is valid from the moment that it was worked out for until the window changes;
/// for an earlier time, after a step of the clock, it is worked out again.
package struct SendGate: Sendable {
  package enum State: Sendable, Equatable {
    case open
    /// Until an operator resumes it. This comes before the window, since it has no known end.
    case paused
    /// Outside its window, which opens at that time; nil if that is more than 15 days away.
    case closed(until: Timestamp?)
  }

  /// Nil: requests may begin at any time.
  package let window: DailyWindow?
  package var isPaused: Bool
  private var known: (since: Timestamp, state: DailyWindow.State)?

  /// The longest time for which an answer is trusted: the clock may be set to another time.
  private static let patience = Duration.seconds(60)

  package init(window: DailyWindow?, isPaused: Bool = false) {
    self.window = window
    self.isPaused = isPaused
  }

  /// The state now.
  package mutating func state(at now: Timestamp) -> State {
    if isPaused { return .paused }
    guard let window else { return .open }
    if let known, known.since <= now, now < known.state.until ?? (known.since + Self.patience) {
      return Self.state(known.state)
    }
    let state = window.state(at: now)
    known = (now, state)
    return Self.state(state)
  }

  /// How long to wait before the next look: at most a minute; nil if time alone changes nothing.
  package mutating func nextLook(at now: Timestamp) -> Duration? {
    guard window != nil, !isPaused else { return nil }
    _ = state(at: now)
    guard let until = known?.state.until else { return Self.patience }
    return min(Self.patience, max(.milliseconds(1), until - now))
  }

  private static func state(_ window: DailyWindow.State) -> State {
    window.isOpen ? .open : .closed(until: window.until)
  }
}

extension SendGate {
  /// Why nothing is sent; for example: `outside its send window (20:00 to 06:00, mon-fri, Europe/Dublin)`.
  package static func reason(for window: DailyWindow) -> String { "outside its send window (\(window))" }
}
