package import Delivery

/// What one target's dispatch is configured to do.
package struct DispatchOptions: Sendable, Equatable {
  package var concurrency = 4
  package var maxRequestsPerSecond: Double?
  package var backoff = Backoff(initial: .seconds(1), max: .seconds(300))
  /// How long after its claim a file's items are given up.
  package var maxAge = Duration.seconds(5 * 86_400)
  package var maxItems = 500
  package var maxBytes = 4 << 20
  /// How long a batch that is not full waits for others to share its request; nil where each travels alone.
  package var linger: Duration?
  /// Whether two items with the same key must not share a request; otherwise they may, in their order.
  package var keepsKeysApart = true

  package init() {}
}

/// Decides what of one target's line is sent next, when, and what an answer leads to.
///
/// A value without clock, task, file or network. Whoever drives it tells it what happened, takes `nextAction` until there is none, carries the
/// actions out, and comes back at `wakeTime` at the latest. Nothing is assumed of how long an action takes, nor of what happens
/// meanwhile; but one thing is: nobody else changes the target's batches in the outbox.
///
///                      published, time, orders of operators
///                                     ▼
///     outbox ─page▶ Line ─▶ what may go ─▶ Pace ─▶ send ─▶ outcome ─▶ changes ─▶ outbox ─results▶ Line
///
/// # The states of a batch
///
/// | state | left by |
/// | --- | --- |
/// | not scanned, passed over, blocked | a place before it in line leaves (`Line`) |
/// | fresh, waiting | `nextAction` sends it, once the target's pace permits |
/// | under way | `ended`, which says what to write down, then `wrote` |
/// | withdrawn | its items are rejected (`DispatchState+Withdrawing`) |
///
/// Why a batch does not go now is decided, and said, in `DispatchState+Choosing`; what an outcome leads to, in `DispatchState+Outcomes`.
package struct DispatchState: Sendable {
  package struct RequestID: Hashable, Sendable {
    var number: Int
  }

  package enum Action: Sendable, Equatable {
    /// Read from the outbox, and answer with `read` or `readFailed`.
    case read(Read)
    /// Lease these batches, and send them as one request; then `ended`.
    case send(Shipment)
    /// Reject the next batches of a file, but for those under way; then `withdrew` or `withdrawFailed`.
    case withdraw(Withdrawal)
    /// Nothing of a withdrawn file is left.
    case withdrawn(FileID)
    /// Tell people, and whoever looks, that the target does something else.
    case note(Pace.State)
  }

  package enum Read: Sendable, Equatable {
    case line(after: BatchName?, limit: Int)
    case late(FileID, after: String?, limit: Int)
    case named([BatchName])
    case postponed(after: (due: QueueTime, name: BatchName)?, limit: Int)
    case oldestFile(after: FileID?)
    /// The last file that holds keys.
    case newestFile

    package static func == (a: Read, b: Read) -> Bool {
      switch (a, b) {
      case (.line(let a, let m), .line(let b, let n)): a == b && m == n
      case (.late(let f, let a, let m), .late(let g, let b, let n)): f == g && a == b && m == n
      case (.named(let a), .named(let b)): a == b
      case (.postponed(let a, let m), .postponed(let b, let n)): a?.due == b?.due && a?.name == b?.name && m == n
      case (.oldestFile(let a), .oldestFile(let b)): a == b
      case (.newestFile, .newestFile): true
      default: false
      }
    }
  }

  /// What was read.
  package enum Found: Sendable {
    case page(LinePage)
    case oldestFile(LineFile?)
    case newestFile(FileID?)
  }

  /// One request to be made.
  package struct Shipment: Sendable, Equatable {
    package var id: RequestID
    /// In line; mostly one.
    package var batches: [WaitingBatch]
    /// Of each batch, in the same order.
    package var files: [LineFile]
    /// When they may be sent again if the daemon does not survive the request.
    package var dueAfterCrash: QueueTime
  }

  struct Request {
    var members: [BatchName]
    /// Whether it finds out if a hold is over.
    var isProbe: Bool
    /// Whether a batch of it failed before.
    var isRetry: Bool
    var changes: [MemberChange] = []
    /// What an operator made due while the changes were being written.
    var madeDue: [(file: FileID?, due: QueueTime)] = []
  }

  package let options: DispatchOptions
  var pace: Pace
  var line: Line
  var requests: [RequestID: Request] = [:]
  /// Batches that are to wait though nothing is written down of it.
  var putAsides: [BatchName: WaitingBatch] = [:]
  /// Not before, since the outbox could not be written.
  var leaseAgainAt: QueueTime?
  var leaseFailures = 0
  /// Until they are put back.
  var underWay: Set<BatchName> = []
  private var lastRequest = 0
  var isPaused: Bool
  private(set) var isStopping = false

  // Reading: one at a time.
  private var outstanding: Read?
  private var readFailures = 0
  private var readAgainAt: QueueTime?
  /// Batches that changed since the read under way began: what it says of them is out of date.
  private var touched: Set<BatchName> = []
  /// What was published since the read under way began.
  private var publishedMeanwhile: [(file: FileID, holdsKeys: Bool)] = []
  /// The last file that holds keys and is known to be published; all such files before it are published, too.
  private var announced = FileID.first
  private var isNewestKnown = false
  /// The line was begun anew since the read under way began, or an operator has made batches due.
  private var isOutdated = false
  /// What a page had is not told yet: nothing is read before a request is written down.
  var waitsForWrite = false
  /// Of the next page of the line.
  private var pageSize: Int
  /// What was set aside was read last: next, what may go at once is looked for.
  private var hasTakenBack = false
  /// Whose names the read under way asks for.
  private var placesAsked: [Place] = []

  // Withdrawing.
  var withdrawals: [Withdrawn] = []
  var isWithdrawing = false
  var endedWithdrawals: [FileID] = []
  var lookForOldAt: QueueTime?
  /// Files that are too old, and of which all is rejected that can be: what is left can't be read.
  var givenUp: Set<FileID> = []
  /// The last file that was rejected for its age. Found again, it is given up.
  var lastExpired: FileID?
  /// The last given up file that the look for old files has met.
  private var lookBehind: FileID?

  // Choosing.
  /// Retries that may go while first attempts wait.
  var retryCredit = 0
  /// Whether the API took the last request, or refused it for what was in it: a failure is then put down to what is in the request, and
  /// not to the API.
  var isTrusting = true
  /// When the API last answered 2xx.
  var lastSuccessAt: QueueTime?
  private var noted: Pace.State?
  /// Not before, since the outbox could not be written.
  private var noteAgainAt: QueueTime?

  /// - Parameter runs: where keys go that memory has no room for.
  /// - Parameter usesTinyLimits: of memory, so that small worlds meet them.
  package init(
    options: DispatchOptions, isPaused: Bool = false, runs: any KeyRunStorage, at now: QueueTime,
    usesTinyLimits: Bool = false
  ) {
    self.options = options
    self.isPaused = isPaused
    pace = Pace(
      concurrency: options.concurrency, maxRequestsPerSecond: options.maxRequestsPerSecond, backoff: options.backoff)
    line = Line(limits: usesTinyLimits ? .tiny : Line.Limits(), runs: runs)
    pageSize = Self.smallestPage
    lookForOldAt = now
  }

  // MARK: - What happens

  /// A file of this target was published; `holdsKeys` unless its inbox has no order.
  package mutating func published(_ file: FileID, holdsKeys: Bool, at now: QueueTime) {
    if outstanding != nil { publishedMeanwhile.append((file, holdsKeys)) }
    if line.published(file, holdsKeys: holdsKeys) { startOver() }
    if holdsKeys { announced = max(announced, file) }
    let soon = now + min(.seconds(10), max(.milliseconds(10), options.maxAge / 20))
    lookForOldAt = min(lookForOldAt ?? soon, soon)
  }

  package mutating func setPaused(_ isPaused: Bool) { self.isPaused = isPaused }

  /// An operator says: try now what waits, and end a hold.
  ///
  /// - Parameter due: what the outbox has as their time by now (`DispatchStore.makeDue`). What is under way between it and here was
  ///   written, or read, before or after: a later time must not be believed, or the batch is looked for behind its place.
  package mutating func tryNow(file: FileID? = nil, due: QueueTime) {
    pace.release()
    line.makeDue(file: file, at: due)
    isOutdated = outstanding != nil
    for id in requests.keys where requests[id]?.changes.isEmpty == false { requests[id]?.madeDue.append((file, due)) }
  }

  /// Nothing more is read or sent.
  package mutating func stop() { isStopping = true }

  /// Reads the line from its beginning: something has changed what the outbox says of it.
  package mutating func startOver() {
    line.startOver()
    isOutdated = outstanding != nil
  }

  /// Answers `Action.read`.
  package mutating func read(_ found: Found, at now: QueueTime) {
    guard let read = outstanding else { return }
    let (touched, published, isOutdated) = (touched, publishedMeanwhile, isOutdated)
    endRead()
    readFailures = 0
    switch (read, found) {
    case (.oldestFile, .oldestFile(let file)):
      (lookForOldAt, lookBehind) = (nil, nil)
      guard let file else {
        // Something may have been published since.
        if !published.isEmpty { lookForOldAt = now }
        return
      }
      if file.id == lastExpired, !isWithdrawing(file.id) { givenUp.insert(file.id) }
      if givenUp.contains(file.id) {
        (lookForOldAt, lookBehind) = (now, file.id)
      } else if now - file.claimedAt >= options.maxAge {
        withdraw(file.id, .expired)
      } else {
        lookForOldAt = file.claimedAt + options.maxAge
      }
    case (.newestFile, .newestFile(let file)):
      isNewestKnown = true
      announced = max(announced, file ?? .first)
    case (_, .page(let page)):
      guard !isOutdated else { return line.stopTakingBack() }
      take(page, read, touched, now)
      // The page may have been read before they were there, and the line scanned beyond them.
      for (file, holdsKeys) in published where line.published(file, holdsKeys: holdsKeys) { startOver() }
    default: break
    }
  }

  private mutating func take(
    _ page: LinePage, _ read: Read, _ touched: Set<BatchName>, _ now: QueueTime
  ) {
    for file in page.files.values.sorted(by: { $0.id < $1.id }) where file.isCancelled { withdraw(file.id, .cancelled) }
    // What a request has just been replaced by is not known before that is told.
    if page.batches.contains(where: { !underWay.contains($0.name) && underWay.containsOrigin(of: $0.name) }) {
      waitsForWrite = true
      return line.stopTakingBack()
    }
    let before = line.fresh.count
    switch read {
    case .line(_, let limit):
      // What was replaced meanwhile must not come back, nor its parts be passed by.
      if !touched.isEmpty, page.batches.contains(where: { touched.contains($0.name) }) { return }
      line.append(announcedPart(of: page), at: now)
      // Pages grow while they hold little that may go.
      let keys = page.batches.reduce(1) { $0 + $1.itemKeys.count }
      let largest = max(Self.smallestPage, Self.pageKeys * max(1, page.batches.count) / keys)
      pageSize = min(Self.largestPage, largest, (line.fresh.count - before) * 2 < limit ? limit * 2 : Self.smallestPage)
    case .late(let file, _, _):
      if page.batches.contains(where: { touched.contains($0.name) }) { return }
      line.takeLate(page, of: file, isEnd: page.isEnd, at: now)
    case .named:
      line.takeFreed(page, of: placesAsked, touched: touched, at: now)
    case .postponed:
      line.takeBack(page, isEnd: page.isEnd, touched: touched, at: now)
    case .oldestFile, .newestFile: break
    }
    if line.isWorn { startOver() }
  }

  /// The page up to the first file that holds keys and was not said to be published yet.
  ///
  /// Such files are published in the order of their ids, and said to be in that order. Files that hold no keys are published when they are read,
  /// so the scan may be behind a file that is published only now: before it is said to be, nothing that was published with it, or later, may
  /// overtake it.
  private func announcedPart(of page: LinePage) -> LinePage {
    guard
      let end = page.batches.firstIndex(where: { batch in
        batch.name.file > announced && page.files[batch.name.file]?.ordering != Ordering.none
      })
    else { return page }
    var part = page
    let name = page.batches[end].name
    part.batches.removeSubrange(end...)
    part.damaged.removeAll { $0 > name }
    part.isEnd = true
    return part
  }

  /// What was to be read can't be read now.
  package mutating func readFailed(at now: QueueTime) {
    endRead()
    line.stopTakingBack()
    readFailures += 1
    readAgainAt = now + min(.seconds(5), options.backoff.ceiling(failures: readFailures))
  }

  private mutating func endRead() {
    outstanding = nil
    touched = []
    (publishedMeanwhile, isOutdated) = ([], false)
  }

  mutating func touch(_ name: BatchName) { if outstanding != nil { touched.insert(name) } }

  // MARK: - What is to be done

  /// A state was not noted: the outbox can't be written.
  package mutating func noteFailed(at now: QueueTime) {
    noted = nil
    noteAgainAt = now + min(.seconds(5), options.backoff.ceiling(failures: 1))
  }

  /// What is to be done next; nil where nothing is, before something happens or `wakeTime` comes.
  package mutating func nextAction(at now: QueueTime) -> Action? {
    if pace.state != noted, noteAgainAt ?? now <= now {
      (noted, noteAgainAt) = (pace.state, nil)
      return .note(pace.state)
    }
    if let file = endedWithdrawals.popLast() { return .withdrawn(file) }
    if let withdrawal = nextWithdrawal(at: now) { return .withdraw(withdrawal) }
    if let read = nextRead(at: now) {
      outstanding = read
      return .read(read)
    }
    return nextShipment(at: now).map(Action.send)
  }

  /// When to ask for the next action, if nothing happens before; nil where only an event helps.
  package func wakeTime(after now: QueueTime) -> QueueTime? {
    guard !isStopping else { return nil }
    return [
      outstanding == nil ? readAgainAt : nil, outstanding == nil ? lookForOldAt : nil, withdrawAgainAt,
      timeOfNextShipment(after: now), line.setAsideAfter?.due, noteAgainAt,
    ].compactMap { $0 }.filter { $0 > now }.min()
  }

  /// What the target is doing.
  package var state: Pace.State { pace.state }

  /// Whether the target's pace permits another request.
  package func permission(at now: QueueTime) -> Pace.Permission {
    pace.permission(at: now, underWay: requests.count)
  }

  /// Requests that were begun and are not written down.
  package var requestCount: Int { requests.count }

  /// What it holds in memory, for tests: entries, and keys.
  package var size: (entries: Int, keys: Int) { (line.entries.count, line.keyCount) }

  // MARK: - Reading

  private static let smallestPage = 64
  private static let largestPage = 2000
  /// How many keys a page may hold, about.
  private static let pageKeys = 20_000

  private mutating func nextRead(at now: QueueTime) -> Read? {
    guard outstanding == nil, !isStopping, !waitsForWrite else { return nil }
    if let again = readAgainAt {
      guard again <= now else { return nil }
      readAgainAt = nil
    }
    if !isNewestKnown { return .newestFile }
    if let due = lookForOldAt, due <= now { return .oldestFile(after: lookBehind) }
    // Some of what was set aside may be due before all that is in memory. Where much always fails, that is so all the time.
    if let mark = line.setAsideAfter, mark.due <= now, !hasTakenBack || !mayLook, line.makeRoom(forDueAt: mark.due) {
      hasTakenBack = true
      line.beginTakingBack()
      return .postponed(after: (mark.due, mark.name), limit: line.roomForDue)
    }
    guard mayLook else { return nil }
    hasTakenBack = false
    if !line.freed.isEmpty {
      placesAsked = Array(line.freed.elements.prefix(100))
      return .named(placesAsked.compactMap { line.name(of: $0) })
    }
    if let late = line.late.first { return .late(late.file, after: late.after, limit: Self.smallestPage) }
    return .line(after: line.scanned, limit: pageSize)
  }

  /// Whether there is something to read in which batches that may go are looked for.
  private var mayLook: Bool {
    (!line.freed.isEmpty || !line.late.isEmpty || !line.isAtEnd && !line.isFull) && isHungry
  }

  /// Whether more batches that may go should be looked for.
  private var isHungry: Bool {
    guard options.linger != nil else { return line.fresh.count < 2 * options.concurrency }
    // Of small files many fit one request.
    let (wanted, isOver) = options.maxItems.multipliedReportingOverflow(by: 2 * options.concurrency)
    guard line.fresh.count < 2000 else { return false }
    return isOver || line.fresh.count < 2 * options.concurrency
      || line.fresh.reduce(0) { $0 + (line[$1]?.batch.count ?? 0) } < wanted
  }

  /// Whether first attempts may be found that are not known yet.
  var isLooking: Bool { !line.isAtEnd || !line.freed.isEmpty || !line.late.isEmpty }

  mutating func nextRequestID() -> RequestID {
    lastRequest += 1
    return RequestID(number: lastRequest)
  }
}

extension Set<BatchName> {
  /// Whether it holds the batch, or one of which it is a part.
  func containsOrigin(of name: BatchName) -> Bool {
    guard !isEmpty else { return false }
    var name = name
    while name.position.utf8.count >= 8 {
      if contains(name) { return true }
      name.position.removeLast()
    }
    return false
  }
}
