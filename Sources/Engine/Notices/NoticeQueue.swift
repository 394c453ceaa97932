package import Core

/// Decides which of one receiver's waiting notices is sent next, when, and what an answer leads to.
///
/// A value without clock and network. Notices are sent one at a time, in the order in which they were queued. After a
/// failure the receiver is tried again with backoff, beginning with the same notice. One notice must not hold up all
/// others for days, though: if the receiver answers but rejects a notice again and again, that one is put aside and
/// waits by itself, together with later ones of the same file, and the next one is sent. So the notices of one file
/// always arrive in order.
package struct NoticeQueue: Sendable {
  /// A waiting notice, without what it says.
  package struct Entry: Sendable, Equatable {
    /// Its number in the outbox, which also is its place in the order.
    package var row: Int64
    /// What it is about: a file, or where there is none an inbox or target.
    package var subject: String
    package var queuedAt: QueueTime

    package init(row: Int64, subject: String, queuedAt: QueueTime) {
      self.row = row
      self.subject = subject
      self.queuedAt = queuedAt
    }
  }

  package enum Action: Sendable, Equatable {
    /// Send it, then report with `ended`.
    case send(row: Int64)
    /// These are too old: remove them from the outbox, and report them.
    case giveUp(rows: [Int64])
  }

  package enum Outcome: Sendable, Equatable {
    case delivered
    /// The receiver could not be reached, or says that it serves nobody now, or not with these credentials.
    case unavailable(isAnswered: Bool, retryAfter: Duration?)
    /// It answered, and the reason may be in this notice.
    case refused
  }

  private struct Waiting {
    var entry: Entry
    var refusals = 0
    var firstRefusedAt: QueueTime?
    /// Set once it is put aside.
    var due: QueueTime?
    var wasTried = false
  }

  private let backoff: Backoff
  private let maxAge: Duration
  /// Whether each notice is tried once only.
  private let triesOnce: Bool
  /// In order.
  private var waiting: [Waiting] = []
  private var underWay: Int64?
  /// Failures in a row, whatever notice they hit.
  private var failures = 0
  private var silences = 0
  /// Nothing is sent before.
  private var nextTry: QueueTime?

  /// How often, and over what time, a notice is rejected before it is put aside.
  package static let mostRefusals = 5
  package static let refusedFor = Duration.seconds(300)
  /// With `triesOnce`: after so many failures in a row without an answer, the rest is left.
  package static let mostSilences = 3

  /// - Parameter maxAge: from when it was queued; then a notice is given up.
  package init(backoff: Backoff, maxAge: Duration, triesOnce: Bool = false) {
    self.backoff = backoff
    self.maxAge = maxAge
    self.triesOnce = triesOnce
  }

  package var count: Int { waiting.count }
  package var isSending: Bool { underWay != nil }
  /// The last entry that was added; nil if there was none.
  package private(set) var lastRow: Int64?

  /// Notices that were queued after all that are here, in order.
  package mutating func add(_ entries: [Entry]) {
    for entry in entries where entry.row > lastRow ?? .min {
      waiting.append(Waiting(entry: entry))
      lastRow = entry.row
    }
  }

  /// Everything that waits may be sent now; the waits start again with the next failure.
  package mutating func tryNow(at now: QueueTime) {
    (failures, nextTry) = (0, nil)
    for index in waiting.indices where waiting[index].due != nil { waiting[index].due = now }
  }

  package mutating func nextAction(at now: QueueTime) -> Action? {
    guard underWay == nil else { return nil }
    let old = waiting.prefix { now - $0.entry.queuedAt >= maxAge }.map(\.entry.row)
    if !old.isEmpty {
      waiting.removeFirst(old.count)
      return .giveUp(rows: old)
    }
    if triesOnce, silences >= Self.mostSilences { return nil }
    if let nextTry, nextTry > now, !triesOnce { return nil }
    guard let index = next(at: now) else { return nil }
    underWay = waiting[index].entry.row
    waiting[index].wasTried = true
    return .send(row: waiting[index].entry.row)
  }

  /// The first one that may go: later ones of the same file wait for one that was put aside.
  private func next(at now: QueueTime) -> Int? {
    var blocked: Set<String> = []
    for (index, notice) in waiting.enumerated() where !blocked.contains(notice.entry.subject) {
      let mayGo = triesOnce ? !notice.wasTried : notice.due ?? now <= now
      if mayGo { return index }
      blocked.insert(notice.entry.subject)
    }
    return nil
  }

  /// What became of the notice that was sent.
  ///
  /// - Parameter jitter: drawn from 0 to 1.
  package mutating func ended(_ row: Int64, _ outcome: Outcome, at now: QueueTime, jitter: Double) {
    guard underWay == row else { return }
    underWay = nil
    guard let index = waiting.firstIndex(where: { $0.entry.row == row }) else { return }
    var asked: Duration?
    switch outcome {
    case .delivered:
      waiting.remove(at: index)
      (failures, silences, nextTry) = (0, 0, nil)
      return
    case .unavailable(let isAnswered, let retryAfter):
      silences = isAnswered ? 0 : silences + 1
      asked = retryAfter
    case .refused:
      silences = 0
      waiting[index].refusals += 1
      let first = waiting[index].firstRefusedAt ?? now
      waiting[index].firstRefusedAt = first
      let refusals = waiting[index].refusals
      if refusals >= Self.mostRefusals, now - first >= Self.refusedFor {
        // Longer than the wait below, so that it is another's turn.
        waiting[index].due = now + max(backoff.ceiling(failures: refusals), .seconds(30)) * 2
        failures = 0
      }
    }
    failures = min(failures + 1, 1000)
    // At least half the ceiling: a receiver that is down should not be asked many times a second.
    let wait = backoff.delay(failures: failures, jitter: 0.5 + jitter / 2)
    nextTry = now + max(wait, asked ?? .zero)
  }

  /// When `nextAction` may have something that it has not now; nil if only a new notice or an answer can change that.
  package func wakeTime(after now: QueueTime) -> QueueTime? {
    guard underWay == nil, let first = waiting.first else { return nil }
    let expiry = first.entry.queuedAt + maxAge
    if triesOnce { return expiry }
    let soonest = next(at: now) != nil ? now : waiting.compactMap(\.due).min() ?? now
    return min(expiry, max(soonest, nextTry ?? soonest))
  }
}
