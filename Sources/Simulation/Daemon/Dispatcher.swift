internal import Core
internal import Engine

/// Drives one target's `DispatchState`: carries out its actions, and reports the results to it.
final class Dispatcher {
  unowned let daemon: Daemon
  let target: Int
  private(set) var state: DispatchState
  private var isStopped = false
  private var hasEnded = false
  /// Calls to the outbox in progress.
  private var calls = 0
  private var wakesAt: QueueTime?
  /// All times at which the state will be asked again.
  private var wakeTimes: Set<QueueTime> = []
  /// Whether the token was fetched since the API last accepted one.
  private var hasNewToken = false
  /// Requests by their number in the world, to identify them when they end.
  private var underWay: [DispatchState.RequestID: Int] = [:]
  /// When each file was reported as published.
  private(set) var toldAt: [FileID: Int64] = [:]

  init(daemon: Daemon, target: Int) {
    self.daemon = daemon
    self.target = target
    state = DispatchState(
      options: daemon.world.configuration.targets[target].options, isPaused: daemon.isPaused(target),
      runs: KeyRunDisk(isFailing: daemon.world.keyRunsFail), at: daemon.time,
      usesTinyLimits: daemon.world.plan.usesTinyLimits)
  }

  private var world: World { daemon.world }
  private var name: String { "t\(target)" }

  // MARK: - Events

  func published(_ file: SimulatedFile) {
    toldAt[file.id] = world.now
    state.published(file.id, holdsKeys: file.ordering != .none, at: daemon.time)
    pump()
  }

  func setPaused(_ isPaused: Bool) {
    state.setPaused(isPaused)
    pump()
  }

  func cancel(_ file: FileID) {
    state.cancel(file)
    pump()
  }

  func tryNow(file: FileID?, due: QueueTime) {
    world.log("\(name): try now")
    state.tryNow(file: file, due: due)
    pump()
  }

  func stop() {
    guard !isStopped else { return }
    isStopped = true
    state.stop()
    pump()
  }

  /// Requests in flight are no longer waited for.
  func abandon() {
    for (id, number) in underWay.sorted(by: { $0.value < $1.value }) {
      world.checker.ended(number, isOpen: true)
      _ = state.ended(id, .abandoned, at: daemon.time, jitter: 0)
    }
  }

  var isStopping: Bool { isStopped }
  var isQuiet: Bool { isStopped && calls == 0 && state.requestCount == 0 }

  var report: String {
    let size = state.size
    return "\(name) \(state.state), \(state.requestCount) requests, \(size.entries) batches in memory, "
      + "wakes at \(wakesAt.map { "\($0.milliseconds - daemon.time.milliseconds)" } ?? "no time")"
  }

  // MARK: - Actions

  /// Takes every action that is due, and makes sure that the state is asked again in time.
  func pump() {
    guard daemon.isAlive, !hasEnded else { return }
    var actions = 0
    while let action = state.nextAction(at: daemon.time) {
      actions += 1
      if actions > 5000 { return world.fail(.spinning, "\(name): \(actions) actions at once, the last \(action)") }
      perform(action)
    }
    if isQuiet {
      hasEnded = true
      return daemon.ended(self)
    }
    if let wake = state.wakeTime(after: daemon.time) {
      if wake <= daemon.time { return world.fail(.spinning, "\(name) wants to wake at once, and then does nothing") }
      // Asking earlier than needed does no harm.
      if wakesAt.map({ wake < $0 || $0 <= daemon.time }) ?? true {
        wakesAt = wake
        // Often it is the time when a file becomes too old, days away.
        guard wakeTimes.insert(wake).inserted else { return world.look(at: self) }
        daemon.after((wake - daemon.time).milliseconds) { [self] _ in
          wakeTimes.remove(wake)
          pump()
        }
      }
    }
    world.look(at: self)
  }

  private func perform(_ action: DispatchState.Action) {
    switch action {
    case .read(let read): self.read(read)
    case .send(let requestPlan): send(requestPlan)
    case .withdraw(let withdrawal): withdraw(withdrawal)
    case .withdrawn(let file): world.log("\(name): nothing is left of f\(world.checker.number(of: file))")
    case .note(let pace): world.log("\(name): \(pace)")
    }
  }

  /// Makes a call to the outbox, with half of its time before it and half after; `body` returns what to do with the
  /// result.
  private func call(_ salt: UInt64, _ body: @escaping () async -> (() -> Void)) {
    calls += 1
    daemon.after(world.storeTime(salt)) { [self] daemon in
      let then = await body()
      daemon.after(world.storeTime(salt + 1)) { [self] _ in
        calls -= 1
        then()
        pump()
      }
    }
  }

  private func read(_ read: DispatchState.Read) {
    world.log("\(name) reads \(world.text(read))")
    call(10) { [self] in
      do throws(OutboxError) {
        let store = try world.disk.read(at: world.now)
        let found: DispatchState.Found
        switch read {
        case .line(let after, let limit): found = .page(try await store.line(for: name, after: after, limit: limit))
        case .late(let file, let after, let limit):
          found = .page(try await store.batches(of: file, after: after, limit: limit))
        case .named(let names): found = .page(try await store.batches(names))
        case .postponed(let after, let limit):
          found = .page(try await store.postponed(for: name, after: after, limit: limit))
        case .oldestFile(let last): found = .oldestFile(try await store.oldestFile(for: name, after: last))
        case .files: found = .files(try await store.files(for: name))
        }
        return { [self] in
          world.log("\(name) has read \(world.text(found))")
          state.read(found, at: daemon.time)
        }
      } catch {
        daemon.check(error)
        return { [self] in state.readFailed(at: daemon.time) }
      }
    }
  }

  // MARK: - Rejecting without a request

  private func withdraw(_ withdrawal: DispatchState.Withdrawal) {
    call(20) { [self] in
      do throws(OutboxError) {
        let store = try world.disk.read(at: world.now)
        let page = try await store.batches(of: withdrawal.file, after: withdrawal.after, limit: 4)
        guard let file = page.files[withdrawal.file] else {
          return { [self] in state.withdrewNothing(of: withdrawal.file, at: daemon.time) }
        }
        let code: RejectCode = withdrawal.cause == .expired ? .expired : .cancelled
        let batches = page.batches.filter { !withdrawal.spares($0.name) }
        var changes: [(name: BatchName, change: BatchChange)] = []
        var settled: [ItemID] = []
        for batch in batches {
          guard let content = try await store.content(of: batch.name) else { continue }
          changes.append((batch.name, .settle(Settlement(rejecting: content.batch.items, code))))
          settled += content.batch.items.map {
            ItemID(file: world.checker.number(of: batch.name.file), number: $0.number)
          }
        }
        if !changes.isEmpty {
          if code == .expired { world.checker.checkExpiry(of: world.checker.number(of: withdrawal.file), world) }
          let results = try await world.disk.write(at: world.now).apply(changes, request: nil)
          world.log("\(name): \(code.rawValue) \(settled)")
          world.checker.settled(settled)
          if results.contains(where: \.isFileComplete) { daemon.results.lookSoon() }
        }
        let last = page.isEnd ? nil : page.batches.last?.name.position
        return { [self] in state.withdrew(batches, of: file, upTo: last, at: daemon.time) }
      } catch {
        daemon.check(error)
        return { [self] in state.withdrawFailed(withdrawal.file, at: daemon.time) }
      }
    }
  }

  // MARK: - Sending

  private func send(_ requestPlan: DispatchState.RequestPlan) {
    var identity = KeyHash()
    for batch in requestPlan.batches {
      identity.combine("\(world.checker.number(of: batch.name.file))/\(batch.name.position)/\(batch.attempts) ".utf8)
    }
    let attempt = Attempt(requestPlan: requestPlan, identity: identity.value, step: world.steps)
    // A token is fetched before anything is counted.
    if case .noToken(let isRefusal) = world.apis[target].effect(at: world.now, identity.value) {
      return daemon.after(5) { [self] _ in
        take(.noToken(why: "no token", isRefusal: isRefusal, retryAfter: nil), attempt)
      }
    }
    call(30) { [self] in
      do throws(OutboxError) {
        let leased = try await world.disk.write(at: world.now).lease(
          requestPlan.batches.map { ($0.name, $0.attempts) }, dueAfterCrash: requestPlan.dueAfterCrash)
        switch leased {
        case .leased(let contents): return { [self] in send(contents, attempt) }
        case .stale: return { [self] in take(.stale, attempt) }
        case .damaged(let names): return { [self] in take(.damaged(Set(names), why: "damaged"), attempt) }
        }
      } catch {
        daemon.check(error)
        return { [self] in take(.notLeased, attempt) }
      }
    }
  }

  private func send(_ contents: [QueuedBatch], _ attempt: Attempt) {
    var attempt = attempt
    var missing: [BatchName: String] = [:]
    var changed: Set<BatchName> = []
    for (batch, content) in zip(attempt.requestPlan.batches, contents) {
      guard let whole = content.whole, let items = ItemID.items(of: whole.body),
        items.map(\.number) == whole.items.map(\.number)
      else { return world.fail(.contradiction, "the body of \(world.text(batch.name)) does not hold its items") }
      let file = world.checker.number(of: batch.name.file)
      if world.folders.hiddenUntil[file] ?? 0 > world.now { missing[batch.name] = "no such file" }
      if world.folders.changed.contains(file) { changed.insert(batch.name) }
      attempt.contents.append(whole)
      attempt.items.append(items)
    }
    if !changed.isEmpty || !missing.isEmpty {
      world.hadTurn(isRetry: attempt.requestPlan.batches.allSatisfy(\.isRetry), at: target)
      return take(changed.isEmpty ? .missing(missing) : .changed(changed), attempt)
    }
    let items = attempt.items.flatMap { $0 }
    let timeout = world.configuration.targets[target].timeout
    attempt.sentAt = daemon.wall
    let course = world.apis[target].course(
      of: items, successMode: attempt.requestPlan.files[0].successMode, sentAt: world.now, identity: attempt.identity,
      timeout: timeout, number: world.requestCount + 1)
    switch course.ending {
    case .noConnection, .badCertificate:
      return daemon.after(course.endsAt - world.now) { [self, attempt] _ in answered(course, attempt) }
    default: break
    }
    let members = zip(attempt.requestPlan.batches, attempt.items).map {
      Checker.Member(name: $0.name, items: $1, isRetry: $0.isRetry, step: attempt.step)
    }
    let number = world.send(items, to: target, course, members)
    attempt.number = number
    underWay[attempt.requestPlan.id] = number
    world.log("\(name): request \(number) with \(items)")
    daemon.after(course.endsAt - world.now) { [self, attempt] _ in answered(course, attempt) }
  }

  private func answered(_ course: SimulatedAPI.Course, _ attempt: Attempt) {
    guard !hasEnded else { return }
    underWay[attempt.requestPlan.id] = nil
    let isPartial = attempt.requestPlan.files[0].successMode == .partial
    let count = attempt.items.reduce(0) { $0 + $1.count }
    world.log("\(name): request \(attempt.number) ends: \(course.ending)")
    var verdicts: [ItemVerdict] = []
    let outcome: DispatchState.Outcome
    switch course.ending {
    case .items(let all):
      verdicts = all
      hasNewToken = false
      outcome = .settled(isSuccess: true)
    case .refused(let status) where isPartial && count > 1: outcome = .split(why: "answered \(status)", isOpen: false)
    case .refused(let status):
      verdicts = Array(repeating: .rejected(status == 413 ? .tooLarge : .badRequest, "\(status)"), count: count)
      outcome = .settled(isSuccess: false)
    case .ambiguous: outcome = .split(why: "an echo fits several items", isOpen: true)
    case .status(let status, let retryAfter):
      let wait = retryAfter.flatMap { $0 > 0 ? Duration.milliseconds($0) : nil }
      switch status {
      case 429, 503:
        outcome = .retry(
          why: "answered \(status)", slowing: true, retryAfter: wait, isOpen: false, isBlamed: status == 503)
      case 408, 500...599:
        outcome = .retry(why: "answered \(status)", slowing: false, retryAfter: wait, isOpen: false, isBlamed: true)
      case 401:
        // A token that was just fetched is not fetched again.
        outcome = .unauthorized(why: "answered 401", isRenewable: !hasNewToken)
        hasNewToken = true
      default: outcome = .hold(why: "answered \(status)")
      }
    case .garbled:
      outcome = .retry(why: "can't be read", slowing: false, retryAfter: nil, isOpen: true, isBlamed: true)
    case .cut: outcome = .unanswered(why: "the connection was cut")
    case .lost: outcome = .lost(why: "the connection was closed")
    case .timedOut: outcome = .unanswered(why: "timed out")
    case .noConnection: outcome = .notSent(why: "connection refused")
    case .badCertificate: outcome = .unusable(why: "certificate")
    }
    world.checker.ended(attempt.number, isOpen: outcome.isOpen)
    take(outcome, attempt, verdicts)
  }

  /// Reports the outcome to the state, and writes down what it decides.
  private func take(_ outcome: DispatchState.Outcome, _ attempt: Attempt, _ verdicts: [ItemVerdict] = []) {
    guard !hasEnded else { return }
    let settlements = attempt.settlements(verdicts)
    let id = attempt.requestPlan.id
    let jitter = world.dice.fraction(.jitter, attempt.identity)
    let decided = state.ended(id, outcome, at: daemon.time, jitter: jitter)
    world.checker.took(outcome, state.state, at: daemon.time, self, world)
    var changes: [(name: BatchName, change: BatchChange)] = []
    var places: [Int] = []
    for (place, change) in decided.enumerated() {
      for change in attempt.changes(change, place, settlements) {
        changes.append((attempt.requestPlan.batches[place].name, change))
        places.append(place)
      }
    }
    guard !changes.isEmpty else {
      state.wrote(id, decided.map { _ in nil }, at: daemon.time)
      return pump()
    }
    write(changes, places, attempt, outcome)
    pump()
  }

  private func write(
    _ changes: [(name: BatchName, change: BatchChange)], _ places: [Int], _ attempt: Attempt,
    _ outcome: DispatchState.Outcome
  ) {
    call(40) { [self] in
      do throws(OutboxError) {
        let request =
          outcome.isAnswer
          ? RequestFacts(
            status: 200, requestID: "r\(attempt.number)", sentAt: attempt.sentAt, url: "https://t\(target)") : nil
        let results = try await world.disk.write(at: world.now).apply(changes, request: request)
        for (change, place) in zip(changes, places) {
          if case .settle(let settlement) = change.change {
            let settled = settlement.ranges.flatMap { Array($0) }
            world.checker.settled(attempt.items[place].filter { settled.contains($0.number) })
          }
        }
        if results.contains(where: \.isFileComplete) { daemon.results.lookSoon() }
        return { [self] in
          var all: [ChangeResult?] = attempt.requestPlan.batches.map { _ in nil }
          for (result, place) in zip(results, places) { all[place] = result }
          state.wrote(attempt.requestPlan.id, all, at: daemon.time)
        }
      } catch {
        daemon.check(error)
        world.log("\(name): what became of request \(attempt.number) can't be written: \(error)")
        return { [self] in
          daemon.after(500) { [self] _ in write(changes, places, attempt, outcome) }
        }
      }
    }
  }
}

extension WaitingBatch {
  fileprivate var isRetry: Bool { retryState.failures > 0 || retryState.failedAt != nil }
}
