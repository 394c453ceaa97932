package import Core

/// Everything decided about a simulated world before it begins: what is dropped, how the API behaves, what goes wrong,
/// and when.
///
/// Times are milliseconds since the world began. The same plan always gives the same world; a plan made smaller is
/// still a plan.
package struct WorldPlan: Sendable, Equatable, Codable {
  /// For values drawn during the run, by purpose: see `Dice`.
  package var seed: UInt64
  /// Whether the real outbox on a disk is used.
  package var usesSQLite = false
  /// Whether dispatch keeps so little in memory that a small world reaches all its limits.
  package var usesTinyLimits = false
  package var retryInitial: Int64 = 1000
  package var retryMax: Int64 = 8000
  package var maxAge: Int64 = 432_000_000
  /// The longest time that each half of an outbox call takes.
  package var storeDelay: Int64 = 0
  package var targets: [TargetPlan] = []
  package var inboxes: [InboxPlan] = []
  package var files: [FilePlan] = []
  package var rules: [Rule] = []
  /// What happens to the first requests of the world, one after the other, overriding the rules.
  package var answers: [Rule.Effect] = []
  package var events: [PlannedEvent] = []
  /// From this time on no rule applies and no fault begins.
  package var calmAt: Int64 = 0
  /// Whether items that the API can't take become good once it is calm; otherwise they end by their age.
  package var healsWhenCalm = true

  package init(seed: UInt64) { self.seed = seed }
}

package struct TargetPlan: Sendable, Equatable, Codable {
  /// LUSID: two items with the same key never share a request.
  package var keepsKeysApart = true
  package var concurrency = 1
  package var maxRequestsPerSecond: Double?
  package var maxItems = 4
  package var linger: Int64?
  package var timeout: Int64 = 3000

  package init() {}
}

package struct InboxPlan: Sendable, Equatable, Codable {
  package var target: Int
  package var ordering = Ordering.key
  package var successMode = SuccessMode.partial
  /// Whether items have keys of their own; otherwise the whole inbox is in order.
  package var isKeyed = true

  package init(target: Int) { self.target = target }
}

package struct FilePlan: Sendable, Equatable, Codable {
  package enum Reading: Sendable, Equatable, Codable {
    case fine
    /// The disk fails once.
    case failsOnce
    /// It can't be read before this time.
    case unreadable(until: Int64)
    /// The whole file is unusable.
    case malformed
  }

  package var inbox: Int
  package var droppedAt: Int64
  package var items: [ItemPlan]
  /// How long reading it takes.
  package var readTime: Int64 = 5
  package var reading = Reading.fine

  package init(inbox: Int, droppedAt: Int64, items: [ItemPlan]) {
    self.inbox = inbox
    self.droppedAt = droppedAt
    self.items = items
  }
}

package struct ItemPlan: Sendable, Equatable, Codable {
  /// How the API treats the item, whatever else happens.
  package enum Nature: String, Sendable, CaseIterable, Codable {
    case good
    /// Rejected when it is read.
    case invalid
    /// A batch with it is answered 400.
    case bad
    /// A batch with it is answered 413.
    case large
    /// The answer rejects only this item.
    case rejected
    /// The answer says that it was left unchanged.
    case unchanged
    /// A batch with it is answered 500.
    case failing
    /// The connection is cut before anything is applied.
    case cutting
    /// Everything is applied, and the connection is cut before the answer.
    case cuttingLate
    /// A batch with it is answered 403.
    case forbidden
    /// The answer does not name it: it was not processed (LUSID).
    case unnamed
    /// The answer to it can't be told apart from that to another item (Liquid).
    case ambiguous
  }

  package var key: Int
  package var nature = Nature.good

  package init(key: Int, nature: Nature = .good) {
    self.key = key
    self.nature = nature
  }
}

/// How an API treats requests for a while.
package struct Rule: Sendable, Equatable, Codable {
  package enum Effect: Sendable, Equatable, Codable {
    /// As the items' natures determine.
    case plain
    /// Nothing is applied.
    case status(Int, retryAfter: Int64?)
    case noConnection
    case badCertificate
    case noToken(isRefusal: Bool)
    /// The connection is cut, before or after everything was applied.
    case cut(applies: Bool)
    /// No answer; everything is applied this long after the request was sent, or never.
    case silent(appliesAfter: Int64?)
    /// An unreadable 2xx, although the first half, or all, is applied.
    case garbled(appliesAll: Bool)
    /// A kept connection ended before an answer began, after everything was applied, or nothing.
    case lost(applies: Bool)
    case slow(Int64)
  }

  package var target: Int
  package var from: Int64
  package var to: Int64
  /// Applies to one request in this many.
  package var oneIn = 1
  package var effect: Effect

  package init(target: Int, from: Int64, to: Int64, oneIn: Int = 1, effect: Effect) {
    self.target = target
    self.from = from
    self.to = to
    self.oneIn = oneIn
    self.effect = effect
  }
}

/// Something that happens to the daemon, or that an operator does.
package struct PlannedEvent: Sendable, Equatable, Codable {
  package enum When: Sendable, Equatable, Codable {
    case at(Int64)
    /// After this many steps of the world: between any two actions.
    case step(Int)
  }

  package enum What: Sendable, Equatable, Codable {
    /// The process is killed, and starts again after this time.
    case crash(downFor: Int64)
    /// The machine loses power and up to this many of the last commits; then it boots, with its wall clock off by
    /// `step`.
    case powerCut(commits: Int, downFor: Int64, step: Int64)
    /// SIGTERM.
    case stop(downFor: Int64)
    case setWallClock(by: Int64)
    case failReads(Int)
    case failWrites(Int)
    case fillDisk(lasts: Int64)
    /// The storage that dispatch keeps outside memory can't be written.
    case failKeyRuns(lasts: Int64)
    case cancel(file: Int)
    case retryFile(Int)
    case retryTarget(Int)
    case retryAll
    case pause(target: Int, lasts: Int64)
    case reload(Reload)
    /// A claimed file can't be read when it is sent.
    case hideOriginal(file: Int, lasts: Int64)
    /// A claimed file's bytes change.
    case changeOriginal(file: Int)
    /// The row of one of the file's batches can't be decoded any more, until the end.
    case damage(file: Int)
  }

  package enum Reload: Sendable, Equatable, Codable {
    case same
    case concurrency(target: Int, Int)
    case remove(target: Int)
    case restore(target: Int)
    case route(inbox: Int, target: Int)
    case ordering(inbox: Int, Ordering)
  }

  package var when: When
  package var what: What

  package init(_ when: When, _ what: What) {
    self.when = when
    self.what = what
  }
}
