package import Core

/// A batch in line, without its bytes.
package struct WaitingBatch: Sendable, Equatable {
  package var name: BatchName
  /// Its number of items.
  package var count: Int
  /// Size of the whole body.
  package var bytes: Int
  /// The keys of its items without repeats; items without a key of their own have that of their inbox.
  package var itemKeys: [KeyHash]
  /// Requests sent with its items, including one in flight.
  package var attempts: Int
  /// Attempts whose outcome is unknown, including one in flight.
  package var unanswered: Int
  package var retryState: RetryState
  /// Answers that did not name its items.
  package var misses: Int

  package init(
    name: BatchName, count: Int, bytes: Int, itemKeys: [KeyHash], attempts: Int = 0, unanswered: Int = 0,
    retryState: RetryState = RetryState(), misses: Int = 0
  ) {
    self.name = name
    self.count = count
    self.bytes = bytes
    self.itemKeys = itemKeys
    self.attempts = attempts
    self.unanswered = unanswered
    self.retryState = retryState
    self.misses = misses
  }
}

/// What earlier attempts mean for the next one.
package struct RetryState: Sendable, Equatable {
  /// When the batch may be sent again.
  package var due = QueueTime(milliseconds: 0)
  /// Failures in a row; sets the backoff.
  package var failures = 0
  /// Failures blamed on the batch, since other batches succeeded in between, or since its request was rejected.
  package var blames = 0
  /// When its last attempt failed; nil if none did.
  package var failedAt: QueueTime?
  /// Whether it caused the target to go on hold.
  package var beganHold = false

  package init() {}

  /// Blames from which on a batch shares no request with others.
  static let blamesToTravelAlone = 2

  var travelsAlone: Bool { blames >= Self.blamesToTravelAlone }
}

/// What the line knows about the file that a batch belongs to.
package struct LineFile: Sendable, Equatable {
  /// Its place among the files of the line, by which its batches are named: its own id or, if it was released after its
  /// claim, an id that was given out then and names nothing else.
  package var id: FileID
  /// Its own id, as in its receipt, in `work/` and in the log.
  package var file: FileID
  package var inbox: String
  /// As it was dropped; bytes.
  package var name: [UInt8]
  package var successMode: SuccessMode
  package var ordering: Ordering
  /// When it was claimed; its age counts from here.
  package var claimedAt: QueueTime
  /// Whether an operator cancelled it.
  package var isCancelled: Bool
  /// Whether settlements keep its accepted items, for the results file.
  package var listsAccepted: Bool

  package init(
    id: FileID, file: FileID? = nil, inbox: String, name: [UInt8], successMode: SuccessMode, ordering: Ordering,
    claimedAt: QueueTime, isCancelled: Bool = false, listsAccepted: Bool = false
  ) {
    self.id = id
    self.file = file ?? id
    self.inbox = inbox
    self.name = name
    self.successMode = successMode
    self.ordering = ordering
    self.claimedAt = claimedAt
    self.isCancelled = isCancelled
    self.listsAccepted = listsAccepted
  }

  /// The keys that order the delivery of these items: no batch with one of them may be sent before this one has
  /// settled.
  package func orderKeys(of itemKeys: [KeyHash]) -> [KeyHash] {
    switch ordering {
    case .none: return []
    case .key: return itemKeys
    case .file:
      // The whole inbox is in order, and each key is in order with the target's other inboxes.
      let whole = KeyHash(inbox: inbox)
      return itemKeys.contains(whole) ? itemKeys : itemKeys + [whole]
    }
  }
}

/// Batches read from the outbox, in the requested order.
package struct LinePage: Sendable, Equatable {
  package var batches: [WaitingBatch]
  /// The files of these batches.
  package var files: [FileID: LineFile]
  /// Batches whose rows can't be decoded: the outbox is damaged there. They are not in `batches`.
  package var damaged: [BatchName]
  /// Whether nothing comes after them.
  package var isEnd: Bool

  package init(
    batches: [WaitingBatch] = [], files: [FileID: LineFile] = [:], damaged: [BatchName] = [], isEnd: Bool = true
  ) {
    self.batches = batches
    self.files = files
    self.damaged = damaged
    self.isEnd = isEnd
  }
}

/// What is known about one answered request.
package struct RequestFacts: Sendable, Equatable {
  package var status: Int?
  package var requestID: String?
  package var sentAt: Timestamp
  /// The URL it was sent to.
  package var url: String?
  package var answeredAt: Timestamp?

  package init(
    status: Int?, requestID: String?, sentAt: Timestamp, url: String? = nil, answeredAt: Timestamp? = nil
  ) {
    self.status = status
    self.requestID = requestID
    self.sentAt = sentAt
    self.url = url
    self.answeredAt = answeredAt
  }
}

/// What to write down about a batch of which some or all items have settled.
package struct Settlement: Sendable, Equatable {
  package var accepted: Int
  /// Part of `accepted`.
  package var unchanged: Int
  package var rejects: [Reject]
  /// The items that have not settled; they are sent again, or for the first time.
  package var rest: Batch?
  package var restCause = RestCause.unnamed
  /// The numbers of the items that settled, in order.
  package var ranges: [ClosedRange<Int>]
  /// The accepted items, if the file lists them.
  package var acceptedItems = AcceptedItems()

  package init(
    accepted: Int, unchanged: Int, rejects: [Reject], rest: Batch? = nil, ranges: [ClosedRange<Int>] = []
  ) {
    self.accepted = accepted
    self.unchanged = unchanged
    self.rejects = rejects
    self.rest = rest
    self.ranges = ranges
  }

  /// Why items have not settled with the others of their batch.
  package enum RestCause: Sendable, Equatable {
    /// The answer did not name them.
    case unnamed
    /// The answer was cut off, and may have named them: their outcome is unknown and does not count against them.
    case cutOff
    /// There was no request: the others were rejected before it.
    case unsent

    /// How many misses are added to the batch.
    package var misses: Int { self == .unnamed ? 1 : 0 }
    /// How many unanswered requests are added to the batch.
    package var unanswered: Int { self == .cutOff ? 1 : 0 }

    package var reason: String {
      switch self {
      case .unnamed, .cutOff: "the answer did not name these items"
      case .unsent: "other items of the batch were rejected before it was sent"
      }
    }
  }
}

/// What is written down about one batch after an attempt, or instead of one.
package enum BatchChange: Sendable, Equatable {
  /// Items have settled. Without a request (`request` is nil), they are rejected without an answer.
  case settle(Settlement)
  /// Parts take its place, in order. Each has `retryState`, and inherits the earlier attempts whose outcome is unknown.
  ///
  /// - `isOpen`: whether it is unknown what the last request applied.
  case split([Batch], RetryState, why: String, isOpen: Bool)
  /// It waits.
  ///
  /// - `isOpen`: whether it is unknown what the last request applied.
  case postpone(RetryState, why: String, isOpen: Bool)
  /// Nothing went out: the attempt does not count.
  case takeBack(RetryState, why: String?)
}

/// What a change left in the batch's place.
package struct ChangeResult: Sendable, Equatable {
  /// Its parts, in order, or the batch itself if it waits; empty if all its items have settled or there was no such
  /// batch.
  package var batches: [WaitingBatch]
  /// Whether no batch of the file is left.
  package var isFileComplete: Bool

  package init(batches: [WaitingBatch], isFileComplete: Bool) {
    self.batches = batches
    self.isFileComplete = isFileComplete
  }
}
