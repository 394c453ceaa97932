package import APIs
package import Core
package import Engine
package import HTTPClient
package import Logging
package import Runtime
package import Settings
internal import Synchronization
package import Telemetry

/// Dispatches one target's batches.
///
/// `DispatchState` decides what is done and when; the dispatcher carries out its actions and reports the outcomes to
/// it. Nothing that the state said before an `await` is relied on after it.
package actor TargetDispatcher {
  let name: String
  private let outbox: any DispatchStore
  /// Nil if the configuration no longer has the target: its files can be cancelled or expire, and nothing is sent.
  private let runner: RequestRunner?
  private let withdrawer: Withdrawer
  private let meters: TargetMetrics
  private let clock: DaemonClock
  private let instruments: Instruments
  private let logger: Logger
  /// Tells the results writer that a file may have become complete.
  private let onSettled: @Sendable () -> Void
  private let signal = Wakeup()
  private let retryDelay: Duration
  private let loop: String

  /// Published files that have not been reported to the state yet.
  private let announced = Mutex<[PublishedFile]>([])
  private var state: DispatchState
  private var gate: SendGate
  private var log: DispatchLog
  private var isStopping = false
  /// Nil if nothing is sent anyway.
  private let holdNotifier: HoldNotifier?
  /// The requests in flight.
  private var plansInFlight: [DispatchState.RequestID: DispatchState.RequestPlan] = [:]
  /// The callers that wait until a file is cancelled, and how many of its items were.
  private var cancellations: [FileID: (items: Int, waiters: [CheckedContinuation<Int, Never>])] = [:]

  package init(
    target: Target, api: any TargetAPI, routeAPIs: RouteAPIs, shared: Shared, connections: HTTPClient, isPaused: Bool
  ) {
    let meters = TargetMetrics(target.name, shared.instruments.metrics)
    let tokens = TokenSource(
      auth: target.auth, api: APIs[target.api], connections: connections, timeout: target.timeout,
      count: { meters.askedForToken($0) })
    let runner = RequestRunner(
      target: target, api: api, routeAPIs: routeAPIs, outbox: shared.outbox, bodies: shared.bodies,
      connections: connections,
      tokens: tokens, meters: meters)
    var options = DispatchOptions()
    options.concurrency = target.concurrency
    options.maxRequestsPerSecond = target.maxRequestsPerSecond
    options.maxItems = target.batch.maxItems
    options.maxBytes = max(1, target.batch.maxBytes - api.framing.bytesBeyondQueued(items: target.batch.maxItems))
    options.linger = target.batch.linger
    options.keepsKeysApart = api.keepsKeysApart
    let gate = SendGate(window: target.send, isPaused: isPaused)
    self.init(target.name, runner, options, meters, shared, gate, routeAPIs)
  }

  /// For a target that the configuration no longer has.
  package init(missing name: String, shared: Shared) {
    self.init(
      name, nil, DispatchOptions(), TargetMetrics(name, shared.instruments.metrics), shared,
      SendGate(window: nil, isPaused: true), nil)
  }

  /// What all dispatchers share.
  package struct Shared: Sendable {
    var outbox: any DispatchStore
    var holds: any HoldStore
    var bodies: BodyLoader
    var retry: Settings.Retry
    /// For data that does not fit in memory.
    var stateFolder: String
    var clock: DaemonClock
    var instruments: Instruments
    var logger: Logger
    var onSettled: @Sendable () -> Void

    package init(
      outbox: any DispatchStore, holds: any HoldStore, bodies: BodyLoader, retry: Settings.Retry, stateFolder: String,
      clock: DaemonClock, instruments: Instruments, logger: Logger, onSettled: @escaping @Sendable () -> Void
    ) {
      self.outbox = outbox
      self.holds = holds
      self.bodies = bodies
      self.retry = retry
      self.stateFolder = stateFolder
      self.clock = clock
      self.instruments = instruments
      self.logger = logger
      self.onSettled = onSettled
    }
  }

  private init(
    _ name: String, _ runner: RequestRunner?, _ options: DispatchOptions, _ meters: TargetMetrics, _ shared: Shared,
    _ gate: SendGate, _ routeAPIs: RouteAPIs?
  ) {
    self.name = name
    self.runner = runner
    self.meters = meters
    outbox = shared.outbox
    holdNotifier = runner == nil ? nil : HoldNotifier(target: name, holds: shared.holds, clock: shared.clock)
    clock = shared.clock
    instruments = shared.instruments
    logger = shared.logger
    onSettled = shared.onSettled
    retryDelay = shared.retry.initial
    loop = "target \(name)"
    withdrawer = Withdrawer(
      outbox: shared.outbox, bodies: shared.bodies, routeAPIs: routeAPIs, maxAge: shared.retry.maxAge)
    var options = options
    options.backoff = Backoff(initial: shared.retry.initial, max: shared.retry.max)
    options.maxAge = shared.retry.maxAge
    self.gate = gate
    state = DispatchState(
      options: options, isPaused: true, runs: KeyRunFile(folder: shared.stateFolder), at: shared.clock.now)
    log = DispatchLog(target: name, logger: shared.logger, meters: meters, clock: shared.clock)
  }

  /// Dispatches until `stop()`; returns when the requests in flight have ended.
  package func run() async {
    await withDiscardingTaskGroup { tasks in
      while !isStopping {
        instruments.heartbeat.beat(loop)
        takeAnnounced()
        while let action = nextAction() { await carryOut(action, in: &tasks) }
        log.take(state.state, lastSuccess: state.lastSuccessAt)
        await watchHold()
        let now = clock.now
        let wake = state.wakeTime(after: now).map { $0 - now } ?? Heartbeat.beat
        let look = gate.nextLook(at: .now) ?? Heartbeat.beat
        await signal.wait(atMost: max(.milliseconds(1), min(wake, look, Heartbeat.beat)))
      }
    }
    instruments.heartbeat.ended(loop)
    instruments.activeFailures.forget(loop)
    for (items, waiters) in cancellations.values { for waiter in waiters { waiter.resume(returning: items) } }
    cancellations = [:]
  }

  private func nextAction() -> DispatchState.Action? {
    // Before each action: nothing is begun once the window has closed.
    let gate = gate.state(at: .now)
    log.take(gate)
    state.setPaused(gate != .open)
    return state.nextAction(at: clock.now)
  }

  private func carryOut(_ action: DispatchState.Action, in tasks: inout DiscardingTaskGroup) async {
    switch action {
    case .read(let read): tasks.addTask { await self.read(read) }
    case .send(let requestPlan):
      plansInFlight[requestPlan.id] = requestPlan
      instruments.sending.began(requestPlan.ownBatches)
      tasks.addTask { await self.send(requestPlan) }
    case .withdraw(let withdrawal): tasks.addTask { await self.withdraw(withdrawal) }
    case .withdrawn(let file):
      log.forget(file)
      reportCancelled(file)
    case .note(let state): await note(state)
    }
  }

  // MARK: - What others ask of the dispatcher

  /// A file of this target was published; call this in the order in which files are published.
  package nonisolated func published(_ file: PublishedFile) {
    announced.withLock { $0.append(file) }
    signal.raise()
  }

  private func takeAnnounced() {
    let files = announced.withLock { files in
      defer { files = [] }
      return files
    }
    for file in files { state.published(file.id, holdsKeys: file.isOrdered, at: clock.now) }
  }

  package func setPaused(_ isPaused: Bool) {
    guard runner != nil else { return }
    gate.isPaused = isPaused
    signal.raise()
  }

  /// An operator's order to try waiting batches now and to end a hold. The outbox has already been updated.
  ///
  /// - Parameter file: by its place in the line.
  /// - Parameter due: the due time that the outbox now has for them.
  /// - Returns: what the target was doing, and how many batches, of the file or of all, are in flight.
  package func tryNow(file: FileID?, due: QueueTime) -> (state: Pace.State, batchesInFlight: Int) {
    let before = state.state
    state.tryNow(file: file, due: due)
    signal.raise()
    let inFlight = plansInFlight.values.lazy.map { requestPlan in
      requestPlan.batches.count { file == nil || $0.name.file == file }
    }
    return (before, inFlight.reduce(0, +))
  }

  /// How many of the items of a file, by its own id, requests carry right now.
  package nonisolated func itemsInFlight(of file: FileID) -> Int { instruments.sending.part(of: file).items }

  /// Rejects the file's items that are not part of an in-flight request; an in-flight request settles its items if the
  /// API answers it. The outbox has already been updated.
  ///
  /// - Parameter file: by its place in the line.
  /// - Returns: how many items were rejected, once nothing of the file is left except what is in flight.
  package func cancel(_ file: FileID) async -> Int {
    guard !isStopping else { return 0 }
    state.cancel(file)
    signal.raise()
    return await withCheckedContinuation { waiter in
      cancellations[file, default: (0, [])].waiters.append(waiter)
    }
  }

  /// The same if no dispatcher is running.
  package func cancelWithoutSending(_ file: FileID) async -> Int {
    gate.isPaused = true
    async let running: Void = run()
    let count = await cancel(file)
    stop()
    await running
    return count
  }

  private func reportCancelled(_ file: FileID) {
    guard let (items, waiters) = cancellations.removeValue(forKey: file) else { return }
    for waiter in waiters { waiter.resume(returning: items) }
  }

  /// Starts no further requests.
  package func stop() {
    isStopping = true
    state.stop()
    signal.raise()
  }

  /// What the target is doing, for `status`; paused takes precedence over everything else.
  var pace: Pace.State { state.state }

  // MARK: - Requests

  private func send(_ requestPlan: DispatchState.RequestPlan) async {
    defer {
      plansInFlight[requestPlan.id] = nil
      instruments.sending.ended(requestPlan.ownBatches)
    }
    guard let runner else { return }
    let report = await runner.run(requestPlan)
    logOutcome(report, requestPlan)
    let decided = state.ended(requestPlan.id, report.outcome, at: clock.now, jitter: .random(in: 0...1))
    let changes = runner.changes(decided, requestPlan, report)
    let results = await write(changes, requestPlan, report)
    logOutcome(decided, changes, results, requestPlan, report)
    state.wrote(requestPlan.id, results, at: clock.now)
    if results.contains(where: { $0?.isFileComplete == true }) { onSettled() }
    signal.raise()
  }

  /// Records what was decided; if the disk fails, retries until it works or the daemon stops: the API is not asked
  /// again for what it has already answered.
  private func write(
    _ changes: [[BatchChange]], _ requestPlan: DispatchState.RequestPlan, _ report: RequestRunner.Report
  ) async -> [ChangeResult?] {
    let all = zip(requestPlan.batches, changes).flatMap { batch, changes in
      changes.map { (name: batch.name, change: $0) }
    }
    guard !all.isEmpty else { return changes.map { _ in nil } }
    while true {
      do {
        let results = try await outbox.apply(all, request: report.facts)
        instruments.activeFailures.end(Self.writing, in: loop, logger: logger)
        // If a batch has two changes, the second describes what is left.
        var next = 0
        return changes.map { changes in
          next += changes.count
          return changes.isEmpty ? nil : results[next - 1]
        }
      } catch {
        instruments.activeFailures.begin(Self.writing, in: loop, error, logger: logger)
        if isStopping { return changes.map { _ in nil } }
        try? await Task.sleep(for: min(retryDelay, .seconds(1)))
      }
    }
  }

  private static let writing = "can't write to the outbox"
  private static let reading = "can't read the outbox"
  private static let damaged = "the outbox is damaged"

  private func read(_ read: DispatchState.Read) async {
    do {
      let found: DispatchState.Found =
        switch read {
        case .line(let after, let limit): .page(try await outbox.line(for: name, after: after, limit: limit))
        case .late(let file, let after, let limit):
          .page(try await outbox.batches(of: file, after: after, limit: limit))
        case .named(let names): .page(try await outbox.batches(names))
        case .postponed(let after, let limit):
          .page(try await outbox.postponed(for: name, after: after, limit: limit))
        case .oldestFile(let last): .oldestFile(try await outbox.oldestFile(for: name, after: last))
        case .files: .files(try await outbox.files(for: name))
        }
      instruments.activeFailures.end(Self.reading, in: loop, logger: logger)
      if case .page(let page) = found, let first = page.damaged.first {
        // It stays until somebody fixes the outbox, and holds up nothing else.
        let error = OutboxError(.damaged, path: "", reason: "batch \(first) can't be read")
        instruments.activeFailures.begin(Self.damaged, in: loop, error, logger: logger)
      }
      takeAnnounced()
      state.read(found, at: clock.now)
    } catch {
      instruments.activeFailures.begin(Self.reading, in: loop, error, logger: logger)
      state.readFailed(at: clock.now)
    }
    signal.raise()
  }

  /// Why the target delivers nothing now.
  private var obstacle: String? {
    if state.isPaused { return "the target is paused" }
    return switch state.state {
    case .delivering: nil
    case .slowed(let reason, _), .held(let reason, _): reason.reason
    }
  }

  private func withdraw(_ withdrawal: DispatchState.Withdrawal) async {
    do {
      let page = try await withdrawer.withdraw(withdrawal, obstacle: obstacle)
      instruments.activeFailures.end(Self.writing, in: loop, logger: logger)
      if page.items > 0 {
        cancellations[withdrawal.file]?.items += page.items
        meters.gaveUp(inbox: page.file?.inbox ?? "", rejected: page.items)
        if withdrawal.cause == .expired {
          logger.error(
            "items expired",
            metadata: [
              "target": "\(name)", "file": "\(page.file?.file ?? withdrawal.file)", "items": .number(page.items),
            ])
        }
      }
      if let file = page.file {
        state.withdrew(page.batches, of: file, upTo: page.position, at: clock.now)
      } else {
        state.withdrewNothing(of: withdrawal.file, at: clock.now)
      }
      if page.isFileComplete { onSettled() }
      if state.isRejected(withdrawal.file) { reportCancelled(withdrawal.file) }
    } catch {
      instruments.activeFailures.begin(Self.writing, in: loop, error, logger: logger)
      state.withdrawFailed(withdrawal.file, at: clock.now)
    }
    signal.raise()
  }

  // MARK: - Log and status

  /// Reports to the outbox, and so to every `status`, that the target's state has changed.
  private func note(_ state: Pace.State) async {
    log.take(state, lastSuccess: self.state.lastSuccessAt)
    do {
      switch state {
      case .delivering: try await outbox.note(target: name, state: .delivering, reason: nil, until: nil)
      case .slowed(let reason, let until):
        try await outbox.note(target: name, state: .slowed, reason: reason, until: until)
      case .held(let reason, let until):
        try await outbox.note(target: name, state: .held, reason: reason, until: until)
      }
    } catch {
      instruments.activeFailures.begin(Self.writing, in: loop, error, logger: logger)
      self.state.noteFailed(at: clock.now)
    }
  }

  /// Only the loop calls this.
  private func watchHold() async {
    do {
      try await holdNotifier?.look(
        at: state.state, isPaused: state.isPaused, lastSuccess: state.lastSuccessAt, now: clock.now)
    } catch {
      instruments.activeFailures.begin(Self.writing, in: loop, error, logger: logger)
    }
  }

  private func logOutcome(_ report: RequestRunner.Report, _ requestPlan: DispatchState.RequestPlan) {
    switch report.outcome {
    case .settled, .split, .abandoned, .stale: break
    case .retry: meters.sendsAgain(.answer)
    case .lost, .unanswered: meters.sendsAgain(.unanswered)
    case .hold: meters.sendsAgain(.hold)
    case .unauthorized(_, let isRenewable): if !isRenewable { meters.sendsAgain(.hold) }
    case .noToken(let why, _, _):
      meters.sendsAgain(.unsent)
      for (batch, file) in zip(requestPlan.batches, requestPlan.files) { log.delayed(batch, file, why: why.reason) }
    case .notSent, .unusable, .missing, .changed: meters.sendsAgain(.unsent)
    case .notLeased:
      guard let error = report.trouble else { return }
      instruments.activeFailures.begin(Self.writing, in: loop, error, logger: logger)
    case .damaged(let names, _):
      for (batch, file) in zip(requestPlan.batches, requestPlan.files) where names.contains(batch.name) {
        logger.critical(
          "the outbox is damaged",
          metadata: [
            "target": "\(name)", "inbox": "\(file.inbox)", "file": "\(file.file)", "batch": "\(batch.name.position)",
            "reason": "\(report.trouble?.description ?? "")",
          ])
      }
    }
  }

  private func logOutcome(
    _ decided: [DispatchState.MemberChange], _ changes: [[BatchChange]], _ results: [ChangeResult?],
    _ requestPlan: DispatchState.RequestPlan, _ report: RequestRunner.Report
  ) {
    for (index, batch) in requestPlan.batches.enumerated() where index < decided.count {
      let file = requestPlan.files[index]
      switch decided[index] {
      case .none: break
      case .settle:
        guard case .settle(let settlement)? = changes[index].first else { continue }
        log.sent(batch, file, settlement, status: report.facts?.status)
      case .rejectChanged:
        let count = report.changed[index].count
        meters.gaveUp(inbox: file.inbox, rejected: count)
        log.delayed(
          batch, file, why: "the claimed file was changed after it was checked; items no longer in it are rejected",
          level: .error)
      case .halve(_, let why, _): log.halved(batch, file, why: why)
      case .postpone(let retryState, let why, _):
        if case .split = report.outcome {
          log.parted(batch, file, why: why)
        } else if case .unauthorized(_, isRenewable: true) = report.outcome {
          // A new token is fetched, and no one waits.
        } else {
          log.delayed(batch, file, why: why, until: retryState.due > clock.now ? retryState.due : nil)
        }
      case .takeBack(let retryState, let why):
        guard let why else { continue }
        var level = Logger.Level.warning
        if case .missing = report.outcome { level = .error }
        log.delayed(batch, file, why: why, until: retryState.due > clock.now ? retryState.due : nil, level: level)
      }
      if index < results.count, results[index]?.isFileComplete == true { log.forget(file.id) }
    }
  }
}

extension DispatchState.RequestPlan {
  /// The batches under their files' own ids, as everybody outside dispatch knows them.
  fileprivate var ownBatches: [WaitingBatch] {
    zip(batches, files).map { batch, file in
      var batch = batch
      batch.name.file = file.file
      return batch
    }
  }
}
