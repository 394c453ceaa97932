package import Core

/// Decides when people are notified that a target is on hold or can't be reached, and that this is over.
///
/// A value without a clock. Each hold is reported once, when it has lasted five minutes, or four if the target can't be
/// reached; a shorter one is not reported. A hold that a restart or an operator's `retry` interrupts is still the same
/// hold if nothing was delivered in between.
package struct HoldWatch: Sendable, Equatable {
  package struct Hold: Sendable, Equatable {
    package var since: QueueTime
    package var isReported: Bool

    package init(since: QueueTime, isReported: Bool) {
      self.since = since
      self.isReported = isReported
    }
  }

  /// What to write to the outbox; then `wrote`.
  package enum Action: Sendable, Equatable {
    /// A hold began.
    case begin(Hold)
    /// It is time to report it.
    case report(Hold, reason: Hindrance)
    /// It is over; this has to be reported if the hold was.
    case end(Hold)
  }

  /// How long a hold lasts before it is reported.
  package static let patience = Duration.seconds(300)
  /// The same where nothing reaches the server: then people know of it within five minutes.
  package static let patienceIfUnreachable = Duration.seconds(240)
  /// How long nothing must have gone wrong, if nothing was delivered either, before a hold counts as over.
  package static let calm = Duration.seconds(60)

  private var hold: Hold?
  private var calmSince: QueueTime?
  /// When the target was last seen paused: until then nothing could have ended the hold.
  private var pausedAt: QueueTime?

  /// - Parameter hold: what the outbox has from an earlier run.
  package init(_ hold: Hold? = nil) { self.hold = hold }

  /// - Parameters:
  ///   - isPaused: whether nothing is sent anyway: then a hold can't end, and is no alarm.
  ///   - lastSuccess: when the target last accepted something.
  package mutating func next(
    _ state: Pace.State, isPaused: Bool, lastSuccess: QueueTime?, at now: QueueTime
  ) -> Action? {
    if isPaused { pausedAt = now }
    if let reason = state.outage {
      calmSince = nil
      guard let hold else { return .begin(Hold(since: now, isReported: false)) }
      let lasted = now - max(hold.since, pausedAt ?? hold.since)
      let patience = reason.isUnreachable ? Self.patienceIfUnreachable : Self.patience
      return !hold.isReported && lasted >= patience ? .report(hold, reason: reason) : nil
    }
    guard let hold else { return nil }
    if let lastSuccess, lastSuccess >= hold.since { return .end(hold) }
    guard !isPaused else {
      calmSince = nil
      return nil
    }
    let since = calmSince ?? now
    calmSince = since
    return now - since >= Self.calm ? .end(hold) : nil
  }

  package mutating func wrote(_ action: Action) {
    switch action {
    case .begin(let begun): hold = begun
    case .report(let reported, _): hold = Hold(since: reported.since, isReported: true)
    case .end: (hold, calmSince) = (nil, nil)
    }
  }
}

/// Something that people or programs outside want to know: a file is done, one is missing, a target is on hold.
///
/// It is queued in the same commit as what it reports, once for each receiver that asked for its event, and is sent at
/// least once, always with the same id.
package struct Notice: Hashable, Sendable {
  package typealias Event = NoticeEvent

  /// The same for the same occurrence, even when it is reported again after a crash; letters, digits and `-`.
  package let id: String
  package let event: Event
  /// When it happened, by the wall clock.
  package let at: Timestamp
  package let inbox: String?
  package let target: String?
  package let file: FileID?
  /// A sentence for people, on one line: names, numbers and reasons, and nothing of an item's content.
  package let message: String
  /// The receipt without its batches, as JSON; nil where there is none.
  package let receipt: String?

  /// - Parameters:
  ///   - occurrence: distinguishes this occurrence from others of the same event, inbox, target and file: the day of a
  ///     missing file, the time at which a hold began. It becomes part of the id.
  ///   - message: put on one line, and cut in the middle beyond 2,000 characters.
  package init(
    _ event: Event, at time: Timestamp, inbox: String? = nil, target: String? = nil, file: FileID? = nil,
    occurrence: String = "", message: String, receipt: String? = nil
  ) {
    self.event = event
    at = time
    self.inbox = inbox
    self.target = target
    self.file = file
    self.message = message.onOneLine.cutInTheMiddle(to: 2000)
    self.receipt = receipt
    var hash = KeyHash()
    for part in [inbox ?? "", target ?? "", occurrence] {
      hash.combine(part.utf8)
      hash.separate()
    }
    let number = String(hash.value, radix: 16)
    let digits = String(repeating: "0", count: 16 - number.count) + number
    id = "\(event.rawValue)-" + (file.map { "\($0)-" } ?? "") + digits
  }
}
