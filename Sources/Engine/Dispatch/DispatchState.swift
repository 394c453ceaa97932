package import Core

/// The dispatch settings of one target.
package struct DispatchOptions: Sendable, Equatable {
  package var concurrency = 4
  package var maxRequestsPerSecond: Double?
  package var backoff = Backoff(initial: .seconds(1), max: .seconds(300))
  /// A file's items are rejected once this much time has passed since its claim.
  package var maxAge = Duration.seconds(5 * 86_400)
  package var maxItems = 500
  package var maxBytes = 4 << 20
  /// How long a batch that is not full waits for others to share its request; nil if each batch gets its own request.
  package var linger: Duration?
  /// Whether two items with the same key must not share a request. If false, they may, in their order.
  package var keepsKeysApart = true

  package init() {}
}

/// Decides what is sent next from one target's line, when it is sent, and what an answer leads to.
///
/// A value without clock, task, file or network. The driver reports events to it, takes `nextAction` until there is
/// none, carries the actions out, and comes back at `wakeTime` at the latest. Nothing is assumed about how long an
/// action takes, nor about what happens meanwhile. The one assumption: nobody else changes the target's batches in the
/// outbox.
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
/// | in flight | `ended`, which returns what to write down, then `wrote` |
/// | withdrawn | its items are rejected (`DispatchState+Withdrawing`) |
///
/// `DispatchState+Choosing` decides, and reports, why a batch does not go now; `DispatchState+Outcomes` decides what an
/// outcome leads to.
package struct DispatchState: Sendable {
  package struct RequestID: Hashable, Sendable {
    var number: Int
  }

  package enum Action: Sendable, Equatable {
    /// Read from the outbox, and reply with `read` or `readFailed`.
    case read(Read)
    /// Lease these batches, and send them as one request; then `ended`.
    case send(RequestPlan)
    /// Reject the next batches of a file, except those in flight; then `withdrew` or `withdrawFailed`.
    case withdraw(Withdrawal)
    /// Nothing is left of a withdrawn file.
    case withdrawn(FileID)
    /// Log the target's new state, and store it for `status`.
    case note(Pace.State)
  }

  package enum Read: Sendable, Equatable {
    case line(after: BatchName?, limit: Int)
    case late(FileID, after: String?, limit: Int)
    case named([BatchName])
    case postponed(after: (due: QueueTime, name: BatchName)?, limit: Int)
    case oldestFile(after: FileID?)
    /// The last published file that holds keys.
    case files

    package static func == (a: Read, b: Read) -> Bool {
      switch (a, b) {
      case (.line(let a, let m), .line(let b, let n)): a == b && m == n
      case (.late(let f, let a, let m), .late(let g, let b, let n)): f == g && a == b && m == n
      case (.named(let a), .named(let b)): a == b
      case (.postponed(let a, let m), .postponed(let b, let n)): a?.due == b?.due && a?.name == b?.name && m == n
      case (.oldestFile(let a), .oldestFile(let b)): a == b
      case (.files, .files): true
      default: false
      }
    }
  }

  /// The result of a read.
  package enum Found: Sendable {
    case page(LinePage)
    case oldestFile(LineFile?)
    case files(TargetFiles)
  }

  /// One request to send.
  package struct RequestPlan: Sendable, Equatable {
    package var id: RequestID
    /// In line order; usually one.
    package var batches: [WaitingBatch]
    /// The file of each batch, in the same order.
    package var files: [LineFile]
    /// When the batches may be sent again if the daemon does not survive the request.
    package var dueAfterCrash: QueueTime
  }

  struct Request {
    var members: [BatchName]
    /// Whether it probes if a hold is over.
    var isProbe: Bool
    /// Whether one of its batches failed before.
    var isRetry: Bool
    var changes: [MemberChange] = []
    /// What an operator made due while the changes were being written.
    var madeDue: [(file: FileID?, due: QueueTime)] = []
  }

  package let options: DispatchOptions
  var pace: Pace
  var line: Line
  var requests: [RequestID: Request] = [:]
  /// Batches that must wait although nothing is written down about them.
  var putAsides: [BatchName: WaitingBatch] = [:]
  /// No lease before this time, since the outbox could not be written.
  var leaseAgainAt: QueueTime?
  var leaseFailures = 0
  /// Batches in flight, until they are put back.
  var underWay: Set<BatchName> = []
  private var lastRequest = 0
  package internal(set) var isPaused: Bool
  private(set) var isStopping = false

  // Reading: one at a time.
  private var outstanding: Read?
  private var readFailures = 0
  private var readAgainAt: QueueTime?
  /// When to try again to write the index outside memory.
  private var spillAgainAt: QueueTime?
  /// Batches that changed since the current read began: what it says about them is out of date.
  private var touched: Set<BatchName> = []
  /// Files published since the current read began.
  private var publishedMeanwhile: [(file: FileID, holdsKeys: Bool)] = []
  /// The last file that holds keys and is known to be published; all such files before it are published too.
  private var announced = FileID.first
  private var areFilesKnown = false
  /// Since the current read began, the line was restarted, or an operator made batches due.
  private var isOutdated = false
  /// A page contained parts of a batch in flight that are not reported yet: nothing is read until a request is written
  /// down.
  var waitsForWrite = false
  /// The size of the next page of the line.
  private var pageSize: Int
  /// The last read was of batches set aside; the next one looks for batches that may go at once.
  private var hasTakenBack = false
  /// The places whose names the current read asks for.
  private var placesAsked: [Place] = []

  // Withdrawing.
  var withdrawals: [Withdrawn] = []
  var isWithdrawing = false
  var endedWithdrawals: [FileID] = []
  var lookForOldAt: QueueTime?
  /// Files that are too old and of which everything that can be rejected has been: the rest can't be read.
  var givenUp: Set<FileID> = []
  /// The last file that was rejected for its age. If it is found again, it is given up.
  var lastExpired: FileID?
  /// The last given-up file that the search for old files has passed.
  private var lookBehind: FileID?

  // Choosing.
  /// Retries that may go while first attempts wait.
  var retryCredit = 0
  /// Whether the API accepted the last request, or rejected it for its content. If so, a failure is blamed on the
  /// request's content, not on the API.
  var isTrusting = true
  /// When the API last answered 2xx.
  package internal(set) var lastSuccessAt: QueueTime?
  /// Batches whose last request was lost with a kept connection: the next such loss counts as a failure.
  var lostBefore: Set<BatchName> = []
  private var noted: Pace.State?
  /// Not noted again before this time, since the outbox could not be written.
  private var noteAgainAt: QueueTime?

  /// - Parameter runs: where keys go that do not fit in memory.
  /// - Parameter usesTinyLimits: whether memory limits are tiny, so that small worlds reach them.
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

  // MARK: - Events

  /// A file of this target was published; `holdsKeys` unless its inbox has no order.
  package mutating func published(_ file: FileID, holdsKeys: Bool, at now: QueueTime) {
    if outstanding != nil { publishedMeanwhile.append((file, holdsKeys)) }
    if line.published(file, holdsKeys: holdsKeys) { startOver() }
    if holdsKeys { announced = max(announced, file) }
    let soon = now + min(.seconds(10), max(.milliseconds(10), options.maxAge / 20))
    lookForOldAt = min(lookForOldAt ?? soon, soon)
  }

  package mutating func setPaused(_ isPaused: Bool) { self.isPaused = isPaused }

  /// An operator's order: try waiting batches now, and end a hold.
  ///
  /// - Parameter due: the due time that the outbox now has for them (`DispatchStore.makeDue`). Writes and reads in
  ///   progress between that call and this one may have happened before or after it. A later time from them must not be
  ///   believed, or the batch is looked for behind its place.
  package mutating func tryNow(file: FileID? = nil, due: QueueTime) {
    pace.release()
    line.makeDue(file: file, at: due)
    isOutdated = outstanding != nil
    for id in requests.keys where requests[id]?.changes.isEmpty == false { requests[id]?.madeDue.append((file, due)) }
  }

  /// From now on nothing is read or sent.
  package mutating func stop() { isStopping = true }

  /// Reads the line from its beginning, because something changed its content in the outbox.
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
    case (.files, .files(let files)):
      areFilesKnown = true
      announced = max(announced, files.newestOrdered ?? .first)
      for file in files.cancelled { withdraw(file, .cancelled) }
    case (_, .page(let page)):
      guard !isOutdated else { return line.stopTakingBack() }
      take(page, read, touched, now)
      // The page may have been read before they were there, and the line scanned past them.
      for (file, holdsKeys) in published where line.published(file, holdsKeys: holdsKeys) { startOver() }
    default: break
    }
  }

  private mutating func take(
    _ page: LinePage, _ read: Read, _ touched: Set<BatchName>, _ now: QueueTime
  ) {
    for file in page.files.values.sorted(by: { $0.id < $1.id }) where file.isCancelled { withdraw(file.id, .cancelled) }
    // Until the result is reported, it is not known what has just replaced a request's batch.
    if page.batches.contains(where: { !underWay.contains($0.name) && underWay.containsOrigin(of: $0.name) }) {
      waitsForWrite = true
      return line.stopTakingBack()
    }
    let before = line.fresh.count
    switch read {
    case .line(_, let limit):
      // A batch replaced meanwhile must not come back, and its parts must not be skipped.
      if !touched.isEmpty, page.batches.contains(where: { touched.contains($0.name) }) { return }
      line.append(announcedPart(of: page), at: now)
      // Pages grow while they hold few batches that may go.
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
    case .oldestFile, .files: break
    }
    if line.needsReload { startOver() }
  }

  /// The part of the page before the first file that holds keys and is not yet announced as published.
  ///
  /// Such files are published, and announced, in the order of their ids. Files that hold no keys are already published
  /// when they are read, so the scan may be past a file that is published only now. Until that file is announced,
  /// nothing published with it or later may overtake it.
  private func announcedPart(of page: LinePage) -> LinePage {
    guard
      let end = page.batches.firstIndex(where: { batch in
        batch.name.file > announced && page.files[batch.name.file]?.ordering != Ordering.none
      })
    else { return page }
    var part = page
    let name = page.batches[end].name
    part.batches.removeSubrange(end...)
    // Damaged batches of that file, too: the scan must not get into it.
    part.damaged.removeAll { $0.file >= name.file }
    part.isEnd = true
    return part
  }

  /// The requested read failed.
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

  // MARK: - Actions

  /// A state was not noted, because the outbox can't be written.
  package mutating func noteFailed(at now: QueueTime) {
    noted = nil
    noteAgainAt = now + min(.seconds(5), options.backoff.ceiling(failures: 1))
  }

  /// What to do next; nil if there is nothing to do until something happens or `wakeTime` comes.
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
    return nextRequestPlan(at: now).map(Action.send)
  }

  /// When to ask for the next action if nothing happens before; nil if only an event helps.
  package func wakeTime(after now: QueueTime) -> QueueTime? {
    guard !isStopping else { return nil }
    return [
      outstanding == nil ? readAgainAt : nil, outstanding == nil ? lookForOldAt : nil, withdrawAgainAt,
      timeOfNextRequest(after: now), line.setAsideAfter?.due, noteAgainAt, line.isFull ? spillAgainAt : nil,
    ].compactMap { $0 }.filter { $0 > now }.min()
  }

  /// The current state of the target.
  package var state: Pace.State { pace.state }

  /// Whether the target's pace permits another request.
  package func permission(at now: QueueTime) -> Pace.Permission {
    pace.permission(at: now, underWay: requests.count)
  }

  /// Requests that were begun and are not yet written down.
  package var requestCount: Int { requests.count }

  /// How many entries and keys are in memory; for tests.
  package var size: (entries: Int, keys: Int) { (line.entries.count, line.keyCount) }

  // MARK: - Reading

  private static let smallestPage = 64
  private static let largestPage = 2000
  /// About how many keys a page may hold.
  private static let pageKeys = 20_000

  private mutating func nextRead(at now: QueueTime) -> Read? {
    guard outstanding == nil, !isStopping, !waitsForWrite else { return nil }
    if let again = readAgainAt {
      guard again <= now else { return nil }
      readAgainAt = nil
    }
    spillIfDue(at: now)
    if !areFilesKnown { return .files }
    if let due = lookForOldAt, due <= now { return .oldestFile(after: lookBehind) }
    // Some batches set aside may be due before all those in memory. If many batches always fail, that is always so.
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

  /// Tries from time to time to write the index that keeps the line from being read on: it may be that nothing else
  /// happens, since no batch is known that may go.
  private mutating func spillIfDue(at now: QueueTime) {
    guard line.isFull, spillAgainAt ?? now <= now else { return }
    line.spillIfFull()
    spillAgainAt = line.isFull ? now + .seconds(1) : nil
  }

  /// Whether there is something to read that may contain batches that may go.
  private var mayLook: Bool {
    (!line.freed.isEmpty || !line.late.isEmpty || !line.isAtEnd && !line.isFull) && wantsPage
  }

  /// Whether more batches that may go should be looked for.
  private var wantsPage: Bool {
    guard options.linger != nil else { return line.fresh.count < 2 * options.concurrency }
    // Many small files fit into one request.
    let (wanted, isOver) = options.maxItems.multipliedReportingOverflow(by: 2 * options.concurrency)
    guard line.fresh.count < 2000 else { return false }
    return isOver || line.fresh.count < 2 * options.concurrency
      || line.fresh.reduce(0) { $0 + (line[$1]?.batch.count ?? 0) } < wanted
  }

  /// Whether there may be first attempts that are not known yet.
  var isLooking: Bool { !line.isAtEnd || !line.freed.isEmpty || !line.late.isEmpty }

  mutating func nextRequestID() -> RequestID {
    lastRequest += 1
    return RequestID(number: lastRequest)
  }
}

extension Set<BatchName> {
  /// Whether the set holds the batch, or one of which it is a part.
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
