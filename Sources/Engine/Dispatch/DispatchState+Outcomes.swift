package import Core

/// The outcome of a request, and what it leads to.
extension DispatchState {
  /// How a request ended.
  package enum Outcome: Sendable, Equatable {
    /// The answer says what became of the items; if not of all of them, the outbox makes a batch of the rest.
    ///
    /// - `isSuccess`: whether it is a 2xx.
    case settled(isSuccess: Bool)
    /// The answer rejects the request for something in it, without saying for what.
    ///
    /// - `isOpen`: a 2xx that does not say what was applied.
    case split(why: String, isOpen: Bool)
    /// The answer asks for a retry.
    ///
    /// - `slowing`: whether the whole target slows down, by `retryAfter` if given.
    /// - `isBlamed`: whether the request's content may be the cause (5xx, 408, an unreadable 2xx), not only its timing.
    case retry(why: String, slowing: Bool, retryAfter: Duration?, isOpen: Bool, isBlamed: Bool)
    /// The target can't be used as configured: 3xx, 4xx.
    case hold(why: Hindrance)
    /// 401: the token is rejected.
    ///
    /// - `isRenewable`: whether a new token may help; false if this one has just replaced a rejected one.
    case unauthorized(why: Hindrance, isRenewable: Bool)
    /// A kept connection ended before an answer began: servers close them when they were idle, perhaps at this very moment.
    case lost(why: Hindrance)
    /// No complete answer: timeout, dropped connection.
    case unanswered(why: Hindrance)
    /// The server can't be reached: nothing went out.
    case notSent(why: Hindrance)
    /// Certificates or settings do not allow a connection: nothing went out.
    case unusable(why: Hindrance)
    /// There is no token: nothing went out.
    case noToken(why: Hindrance, isRefusal: Bool, retryAfter: Duration?)
    /// The claimed file with the bytes of these is gone or can't be read: nothing went out.
    case missing([BatchName: String])
    /// The bytes of some items of these differ from what was checked: nothing went out.
    case changed(Set<BatchName>)
    /// These can't be read from the outbox; nothing was leased.
    case damaged(Set<BatchName>, why: String)
    /// The outbox has these in another state than expected; nothing was leased.
    case stale
    /// The outbox could not be written; nothing was leased.
    case notLeased
    /// The daemon stops: it is unknown whether the API received the request, so the attempt stays counted.
    case abandoned
  }

  /// What to write down about one batch.
  package enum MemberChange: Sendable, Equatable {
    /// Its items settle as the answer says.
    case settle
    /// Its items whose bytes differ from what was checked are rejected; the rest goes on in its place.
    case rejectChanged
    /// Its halves take its place.
    case halve(RetryState, why: String, isOpen: Bool)
    case postpone(RetryState, why: String, isOpen: Bool)
    case takeBack(RetryState, why: String?)
    /// There is nothing to write.
    case none
  }

  private static func isLost(_ outcome: Outcome) -> Bool { if case .lost = outcome { true } else { false } }

  /// Failures that are blamed on a batch before it is halved.
  static let mostBlames = 5

  /// A request has ended.
  ///
  /// - Parameter jitter: drawn from 0 to 1.
  /// - Returns: what to write down about its batches, in their order; then call `wrote`, even if there is nothing to
  ///   write.
  package mutating func ended(
    _ id: RequestID, _ outcome: Outcome, at now: QueueTime, jitter: Double
  ) -> [MemberChange] {
    guard let request = requests[id] else { return [] }
    let changes = decide(outcome, request, now, jitter)
    requests[id]?.changes = changes
    if case .stale = outcome { startOver() }
    return changes
  }

  private mutating func decide(
    _ outcome: Outcome, _ request: Request, _ now: QueueTime, _ jitter: Double
  ) -> [MemberChange] {
    let members = request.members.compactMap { line[$0]?.batch }
    if outcome != .notLeased { (leaseFailures, leaseAgainAt) = (0, nil) }
    let names = members.map(\.name)
    defer { if !Self.isLost(outcome) { lostBefore.subtract(names) } }
    switch outcome {
    case .settled(let isSuccess):
      if isSuccess { lastSuccessAt = now }
      pace.succeeded(at: now)
      isTrusting = true
      return members.map { _ in .settle }
    case .split(let why, let isOpen):
      if isOpen { lastSuccessAt = now }
      pace.succeeded(at: now)
      isTrusting = true
      guard members.count == 1, let only = members.first else { return part(members, why: why, isOpen: isOpen, now) }
      var retryState = RetryState()
      retryState.blames = only.retryState.blames
      return [.halve(retryState, why: why, isOpen: isOpen)]
    case .retry(let why, let slowing, let retryAfter, let isOpen, let isBlamed):
      if slowing {
        slow(Hindrance(why), retryAfter, request, now, jitter)
      } else {
        suspectIfTrusting(members)
        probeFailed(Hindrance(why), request, now, jitter)
      }
      return fail(members, why, isOpen: isOpen, isBlamed: isBlamed, retryAfter, now, jitter)
    case .lost(let why) where lostBefore.isDisjoint(with: names):
      // Some may be gone for other reasons.
      if lostBefore.count > 1000 { lostBefore = [] }
      lostBefore.formUnion(names)
      // At once, but in its turn: it may have been cancelled, or the target paused, meanwhile.
      return members.map { batch in
        var retryState = batch.retryState
        retryState.due = now
        return .postpone(retryState, why: why.reason, isOpen: true)
      }
    case .lost(let why), .unanswered(let why):
      pace.stumbled(at: now)
      suspectIfTrusting(members)
      probeFailed(why, request, now, jitter)
      return fail(members, why.reason, isOpen: true, isBlamed: true, nil, now, jitter)
    case .hold(let why):
      return hold(members, request, why, now, jitter)
    case .unauthorized(let why, let isRenewable):
      if !isRenewable { hold(why, request, now, jitter) }
      return members.map { .postpone($0.retryState, why: why.reason, isOpen: false) }
    case .notSent(let why):
      // No batch can reach the server: the whole target waits, so that a long queue does not keep trying.
      slow(why, nil, request, now, 0.5 + jitter / 2)
      return members.map { .takeBack($0.retryState, why: why.reason) }
    case .unusable(let why):
      hold(why, request, now, jitter)
      return members.map { .takeBack($0.retryState, why: why.reason) }
    case .noToken(let why, let isRefusal, let retryAfter):
      if isRefusal { hold(why, request, now, jitter) } else { slow(why, retryAfter, request, now, 0.5 + jitter / 2) }
      return members.map { _ in .none }
    case .missing(let reasons):
      // The other batches are sent without these.
      return members.map { batch in
        guard let why = reasons[batch.name] else { return .takeBack(batch.retryState, why: nil) }
        var retryState = batch.retryState
        retryState.failures += 1
        retryState.failedAt = now
        retryState.due = now + options.backoff.ceiling(failures: retryState.failures)
        return .takeBack(retryState, why: why)
      }
    case .changed(let names):
      return members.map { names.contains($0.name) ? .rejectChanged : .takeBack($0.retryState, why: nil) }
    case .damaged(let names, let why):
      hold(Hindrance(why), request, now, jitter)
      for name in names {
        putAside(name, until: now + options.backoff.max)
        // It must not share a request with the others again.
        line.limitJoining(of: name, to: 1)
      }
      return members.map { _ in .none }
    case .notLeased:
      // No batch can be leased now. A wait that is only in memory would be lost on a restart.
      leaseFailures += 1
      leaseAgainAt = now + min(.seconds(5), options.backoff.ceiling(failures: leaseFailures))
      return members.map { _ in .none }
    case .stale, .abandoned:
      return members.map { _ in .none }
    }
  }

  /// The decisions about a request are written down: `results` has what is left of each batch, in their order; nil if
  /// nothing was to be written.
  package mutating func wrote(_ id: RequestID, _ results: [ChangeResult?], at now: QueueTime) {
    guard let request = requests.removeValue(forKey: id) else { return }
    waitsForWrite = false
    var needsNewLine = false
    for (index, name) in request.members.enumerated() {
      touch(name)
      underWay.remove(name)
      guard let entry = line[name] else { continue }
      switch index < results.count ? results[index] : nil {
      case nil:
        let batch = putAsides.removeValue(forKey: name)
        line.putBack(batch ?? entry.batch, isWritten: batch == nil, at: now)
      case let result?:
        let batches = result.batches.map { request.withMadeDue($0) }
        if batches.count == 1, batches[0].name == name {
          line.putBack(batches[0], at: now)
        } else {
          for part in batches { touch(part.name) }
          needsNewLine = line.replace(name, by: batches, at: now) || needsNewLine
        }
      }
    }
    withdrawLeavings(of: Set(request.members.map(\.file)), at: now)
    line.spillIfFull()
    if needsNewLine || line.needsReload { startOver() }
  }

  // MARK: - Handling failures

  private mutating func part(
    _ members: [WaitingBatch], why: String, isOpen: Bool, _ now: QueueTime
  ) -> [MemberChange] {
    suspect(members)
    return members.map { batch in
      var retryState = batch.retryState
      retryState.due = now
      // Forgotten and read again, it travels alone. Otherwise it could spoil one request after the other.
      retryState.blames = max(retryState.blames, RetryState.blamesToTravelAlone)
      return .postpone(retryState, why: why, isOpen: isOpen)
    }
  }

  /// Retries with backoff; batches that failed together come back together.
  private mutating func fail(
    _ members: [WaitingBatch], _ why: String, isOpen: Bool, isBlamed: Bool, _ retryAfter: Duration?, _ now: QueueTime,
    _ jitter: Double
  ) -> [MemberChange] {
    let isHeld = pace.isHeld
    return members.map { batch in
      var retryState = batch.retryState
      if isBlamed, let halved = halving(batch, &retryState, why, isOpen: isOpen, now) { return halved }
      // While a target is on hold, an attempt counts only against the items' age.
      if !isHeld { retryState.failures += 1 }
      retryState.failedAt = now
      retryState.due =
        now + max(options.backoff.delay(failures: max(1, retryState.failures), jitter: jitter), retryAfter ?? .zero)
      return .postpone(retryState, why: why, isOpen: isOpen)
    }
  }

  /// Counts a failure that may be the batch's own fault, and divides it once there are too many.
  private func halving(
    _ batch: WaitingBatch, _ retryState: inout RetryState, _ why: String, isOpen: Bool, _ now: QueueTime
  ) -> MemberChange? {
    let wasDivided = retryState.blames >= Self.mostBlames
    let othersWent = lastSuccessAt.map { success in retryState.failedAt.map { $0 < success } ?? true } ?? false
    if retryState.failedAt == nil || othersWent { retryState.blames = min(Self.mostBlames, retryState.blames + 1) }
    guard retryState.blames >= Self.mostBlames, wasDivided || othersWent, batch.count > 1,
      line.files[batch.name.file]?.successMode == .partial
    else { return nil }
    var parts = retryState
    parts.due = now
    parts.failedAt = now
    return .halve(parts, why: why, isOpen: isOpen)
  }

  /// 3xx, 4xx: the whole target waits, unless it is known to accept other batches.
  private mutating func hold(
    _ members: [WaitingBatch], _ request: Request, _ why: Hindrance, _ now: QueueTime, _ jitter: Double
  ) -> [MemberChange] {
    let wasHeld = pace.isHeld
    // A batch that began a hold waits alone if another batch's success ended that hold.
    let isOwnFault =
      !wasHeld && !members.isEmpty
      && members.allSatisfy { batch in
        // Its failures count from the start of the hold: there are none before the hold has ended.
        batch.retryState.beganHold
          && (batch.retryState.failures > 0
            || lastSuccessAt.map { success in batch.retryState.failedAt.map { $0 < success } ?? false } ?? false)
      }
    // One of them may be rejected for its content, and the others would learn nothing if sent with it.
    if members.count > 1 { suspect(members) }
    if !isOwnFault { hold(why, request, now, jitter) }
    return members.map { batch in
      var retryState = batch.retryState
      if !isOwnFault, !wasHeld {
        retryState.beganHold = true
        retryState.failures = 0
      }
      if let halved = halving(batch, &retryState, why.reason, isOpen: false, now) { return halved }
      retryState.failedAt = now
      retryState.due = now
      if isOwnFault {
        retryState.failures += 1
        retryState.due = now + options.backoff.delay(failures: retryState.failures, jitter: 0.5 + jitter / 2)
      }
      return .postpone(retryState, why: why.reason, isOpen: false)
    }
  }

  /// Begins a hold, or extends it if this request was its probe.
  private mutating func hold(_ why: Hindrance, _ request: Request, _ now: QueueTime, _ jitter: Double) {
    if case .held = pace.state, !request.isProbe { return }
    pace.hold(why, at: now, jitter: jitter)
  }

  private mutating func slow(
    _ why: Hindrance, _ retryAfter: Duration?, _ request: Request, _ now: QueueTime, _ jitter: Double
  ) {
    if case .held = pace.state {
      pace.stumbled(at: now)
      return hold(why, request, now, jitter)
    }
    pace.slow(why, retryAfter: retryAfter, at: now, jitter: jitter)
  }

  private mutating func probeFailed(_ why: Hindrance, _ request: Request, _ now: QueueTime, _ jitter: Double) {
    if case .held = pace.state, request.isProbe { pace.hold(why, at: now, jitter: jitter) }
  }

  // MARK: - Requests of several batches

  /// One of these spoiled their request: each may share the next one with an eighth of them, so that it is soon alone.
  private mutating func suspect(_ members: [WaitingBatch]) {
    for batch in members { line.limitJoining(of: batch.name, to: max(1, members.count / 8)) }
  }

  /// The same, unless the API seems to fail whatever it is sent. Batches that always fail together are separated in the
  /// end.
  private mutating func suspectIfTrusting(_ members: [WaitingBatch]) {
    let isOld = members.contains { $0.retryState.failures >= Self.mostBlames }
    if members.count > 1, isTrusting || isOld { suspect(members) }
    isTrusting = false
  }

  private mutating func putAside(_ name: BatchName, until due: QueueTime) {
    guard var batch = line[name]?.batch else { return }
    batch.retryState.due = due
    putAsides[name] = batch
  }
}

extension DispatchState.Request {
  /// The batch as the outbox has it, if an operator made it due after it was written.
  fileprivate func withMadeDue(_ batch: WaitingBatch) -> WaitingBatch {
    var batch = batch
    for (file, due) in madeDue where file == nil || file == batch.name.file {
      batch.retryState.due = min(batch.retryState.due, due)
    }
    return batch
  }
}
