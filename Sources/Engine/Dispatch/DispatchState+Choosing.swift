package import Core

/// Which batches go next, and why a batch does not go now.
///
/// A batch goes once all of these hold:
///
/// 1. the daemon is not stopping, and the target is not paused;
/// 2. its file is not withdrawn;
/// 3. it is known: the scan of the line has reached it;
/// 4. no batch before it in line holds one of its keys;
/// 5. it is due;
/// 6. the target's pace permits a request: it is not slowed down, and the rate and the requests in flight leave room;
///    on hold, one request at a time probes whether the hold is over;
/// 7. it is its turn: first attempts go in line order, others by due time. While a first attempt waits, retries get at
///    most every other request, and never the last connection;
/// 8. if batches share requests (`linger`): its request is full, or has waited long enough.
extension DispatchState {
  package enum Obstacle: Sendable, Equatable {
    case stopping
    case paused
    case withdrawn
    /// Does not exist, is not scanned yet, was passed over or set aside.
    case notInMemory
    case underWay
    case blocked(by: KeyHash)
    case notDue(until: QueueTime)
    case pace(until: QueueTime?)
    /// The outbox can't be written.
    case outbox(until: QueueTime)
    case turnOfOthers
  }

  /// Why a batch does not go now; nil if it is next.
  package func obstacle(to name: BatchName, at now: QueueTime) -> Obstacle? {
    if isStopping { return .stopping }
    if isPaused { return .paused }
    if line.withdrawn.contains(name.file) { return .withdrawn }
    guard let entry = line[name] else { return .notInMemory }
    switch entry.state {
    case .underWay: return .underWay
    case .blocked(let key): return .blocked(by: key)
    case .waiting where entry.batch.retryState.due > now: return .notDue(until: entry.batch.retryState.due)
    case .waiting, .fresh: break
    }
    if let again = leaseAgainAt, again > now { return .outbox(until: again) }
    if case .wait(let until) = pace.permission(at: now, underWay: requests.count) { return .pace(until: until) }
    var copy = self
    if let requestPlan = copy.nextRequestPlan(at: now), requestPlan.batches.contains(where: { $0.name == name }) {
      return nil
    }
    return .turnOfOthers
  }

  mutating func nextRequestPlan(at now: QueueTime) -> RequestPlan? {
    guard !isStopping, !isPaused, case .send(let names) = choice(at: now) else { return nil }
    return begin(names, at: now)
  }

  /// When the choice may change although nothing happens; nil if only an event helps.
  func timeOfNextRequest(after now: QueueTime) -> QueueTime? {
    guard !isPaused else { return nil }
    switch choice(at: now) {
    case .send: return now
    case .wait(let until): return until
    }
  }

  private enum Choice {
    case send([BatchName])
    case wait(until: QueueTime?)
  }

  private func choice(at now: QueueTime) -> Choice {
    if let again = leaseAgainAt, again > now { return .wait(until: again) }
    let retry = line.waiting.first
    let isRetryDue = retry.map { $0.due <= now } ?? false
    // A hold is probed with a batch that has not failed, if there is one.
    if let first = line.fresh.first, pace.isHeld || !isRetryDue || retryCredit <= 0 || !mayRetry {
      return chosen(first, isRetry: false, at: now)
    }
    if let retry, isRetryDue, line.fresh.isEmpty || mayRetry {
      // A batch that is not known yet may be a first attempt.
      if line.fresh.isEmpty, isLooking, !pace.isHeld, !mayRetry { return .wait(until: nil) }
      return chosen(retry.place, isRetry: true, at: now)
    }
    if let first = line.fresh.first { return chosen(first, isRetry: false, at: now) }
    return .wait(until: retry?.due)
  }

  /// Whether a retry would leave a connection for first attempts.
  private var mayRetry: Bool {
    let retries = requests.values.reduce(0) { $0 + ($1.isRetry ? 1 : 0) }
    return options.concurrency == 1 || retries + 1 < max(2, pace.allowance)
  }

  private func chosen(_ place: Place, isRetry: Bool, at now: QueueTime) -> Choice {
    // If trouble has reduced the allowed requests to few, retries in flight do not keep first attempts waiting.
    let isFullOfRetries = !isRetry && requests.count >= pace.allowance && requests.values.allSatisfy(\.isRetry)
    if case .wait(let until) = pace.permission(at: now, underWay: requests.count, extra: isFullOfRetries ? 1 : 0) {
      return .wait(until: until)
    }
    guard let entry = line[place] else { return .wait(until: nil) }
    // On hold a batch travels alone: the rejection of one says nothing about another.
    guard let linger = options.linger, !pace.isHeld, isJoinable(entry) else { return .send([entry.batch.name]) }
    let (joined, isFull) = joined(to: entry, at: now)
    let until = (joined.map(\.readySince).min() ?? now) + linger
    if isFull || until <= now || joined.isEmpty {
      return .send(joined.isEmpty ? [entry.batch.name] : joined.map(\.batch.name))
    }
    // A batch that waits for no company need not wait for those that do.
    if let other = line.candidates(at: now, withBlocked: false).first(where: { !isJoinable($0) }) {
      return .send([other.batch.name])
    }
    let due = line.waiting.elements.lazy.map(\.due).first { $0 > now }
    return .wait(until: min(until, due ?? until))
  }

  private mutating func begin(_ names: [BatchName], at now: QueueTime) -> RequestPlan {
    let entries = names.compactMap { line[$0] }
    let isRetry = entries.contains { $0.batch.retryState.failures > 0 || $0.batch.retryState.failedAt != nil }
    if isRetry {
      retryCredit = max(0, retryCredit - 1)
    } else {
      retryCredit = 1
    }
    let id = nextRequestID()
    requests[id] = Request(members: names, isProbe: pace.isHeld, isRetry: isRetry)
    pace.begin(at: now)
    for name in names {
      line.begin(name)
      underWay.insert(name)
    }
    let unanswered = entries.map(\.batch.unanswered).max() ?? 0
    return RequestPlan(
      id: id, batches: entries.map(\.batch), files: entries.compactMap { line.files[$0.batch.name.file] },
      dueAfterCrash: now + options.backoff.ceiling(failures: unanswered + 1))
  }

  // MARK: - Requests of several batches

  private func isJoinable(_ entry: Line.Entry) -> Bool {
    line.files[entry.batch.name.file]?.successMode == .partial && entry.batch.count < options.maxItems
      && entry.batch.bytes < options.maxBytes && entry.coalescingLimit > 1
  }

  /// The batch whose turn it is, with the first others in line that fit into one request; and whether more of them
  /// exist than fit.
  ///
  /// They are joined only for the request. In the outbox each stays separate, has its own attempts, and is settled by
  /// its own part of the answer.
  private func joined(to first: Line.Entry, at now: QueueTime) -> (entries: [Line.Entry], isFull: Bool) {
    var joined: [Line.Entry] = []
    var (items, bytes, most) = (0, 2, Int.max)
    var files: Set<FileID> = []
    var keys: Set<KeyHash> = []
    var places: Set<Place> = []
    let others = line.candidates(at: now, withBlocked: !options.keepsKeysApart)
    for entry in [first] + others.filter({ $0.batch.name != first.batch.name }) where isJoinable(entry) {
      let batch = entry.batch
      // A file's receipt counts requests, not parts of one; and a key that is not kept apart may occur in two files.
      guard !files.contains(batch.name.file), !options.keepsKeysApart || keys.isDisjoint(with: batch.itemKeys) else {
        continue
      }
      if case .blocked = entry.state {
        // It is sent behind everything that it waits for.
        guard batch.retryState.due <= now, line.isBlocked(entry, onlyBy: places) else { continue }
      }
      // Eight bytes per item for a longer request id, and the comma.
      let size = batch.bytes + 8 * batch.count
      guard items + batch.count <= options.maxItems, bytes + size <= options.maxBytes || joined.isEmpty,
        joined.count < min(most, entry.coalescingLimit)
      else { return (inLine(joined), true) }
      joined.append(entry)
      if let place = entry.place { places.insert(place) }
      items += batch.count
      bytes += size
      most = min(most, entry.coalescingLimit)
      files.insert(batch.name.file)
      if options.keepsKeysApart { keys.formUnion(batch.itemKeys) }
    }
    return (inLine(joined), items == options.maxItems)
  }

  private func inLine(_ entries: [Line.Entry]) -> [Line.Entry] {
    entries.sorted { $0.place ?? Place(value: 0) < $1.place ?? Place(value: 0) }
  }
}
