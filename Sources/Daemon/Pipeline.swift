internal import APIs
internal import Core
internal import Dispatching
internal import Engine
internal import HTTPClient
internal import Intake
internal import Logging
internal import Notifying
internal import Operations
internal import Outbox
internal import Results
internal import Runtime
internal import Settings
internal import Spool
internal import Synchronization
internal import Telemetry

/// Everything that one configuration asks for, wired together: inboxes, dispatchers and the results writers.
///
///     Watcher ─scan▶ Intake ─files▶ Publisher ─batches▶ Outbox ─line▶ TargetDispatcher ─request▶ HTTPClient ─▶ API
///                                                         ▲                 │ changes
///                                                         └─────────────────┘
///                                                      Outbox ─finished files▶ ResultPublisher ─▶ receipts, rejects, archive
actor Pipeline {
  let settings: Settings
  let outbox: Outbox
  private let clock: DaemonClock
  private let logger: Logger
  /// Of the configured targets.
  private let dispatchers: [String: TargetDispatcher]
  /// For targets that files wait for but the configuration no longer has.
  private let missing: [String: TargetDispatcher]
  private let intakes: [String: Intake]
  private let publisher: Publisher
  private let finisher: ResultPublisher
  private let ageWatch: AgeWatch
  private let notifier: Notifier
  private let expectationWatch: ExpectationWatch
  private let connections: [HTTPClient]
  private let sending: SendingLedger
  private let stopFlag: StopFlag
  private var isRunning = false

  /// How long the daemon waits for requests in flight when it stops.
  private static let patience = Duration.seconds(7)

  /// Creates the folders, and finds what an earlier run left in `work/`.
  ///
  /// - Throws: `InboxError` for unusable folders, `SendError` for unusable certificates, `OutboxError`, and
  ///   `StartError` if files wait for a target whose `api` has changed.
  init(
    settings: Settings, outbox: Outbox, clock: DaemonClock, instruments: Instruments, logger: Logger
  ) async throws {
    self.settings = settings
    self.outbox = outbox
    self.clock = clock
    self.logger = logger
    let stopFlag = StopFlag()
    let key = try outbox.sourceKey()
    let finisher = ResultPublisher(
      settings: settings, outbox: outbox, key: key, instruments: instruments, stopFlag: stopFlag, logger: logger)
    let onSettled: @Sendable () -> Void = { finisher.wake() }
    try await Self.checkAPIs(settings, outbox)
    let bodies = BodyLoader(spool: settings.spool, key: key)
    try await Rekeying(settings: settings, outbox: outbox, bodies: bodies, logger: logger).run()
    let pausedTargets = try await outbox.paused(.target)
    let pausedInboxes = try await outbox.paused(.inbox)
    let shared = TargetDispatcher.Shared(
      outbox: outbox, holds: outbox, bodies: bodies, retry: settings.retry, stateFolder: settings.state,
      clock: clock, instruments: instruments, logger: logger, onSettled: onSettled)
    var dispatchers: [String: TargetDispatcher] = [:]
    var connections: [HTTPClient] = []
    for target in settings.targets {
      let pool = try HTTPClient(ConnectionOptions(target))
      connections.append(pool)
      dispatchers[target.name] = TargetDispatcher(
        target: target, api: target.makeAPI(), routeAPIs: RouteAPIs(target, settings: settings), shared: shared,
        connections: pool,
        isPaused: pausedTargets.contains(target.name))
    }
    var missing: [String: TargetDispatcher] = [:]
    for name in try await outbox.awaitedTargets() where dispatchers[name] == nil {
      missing[name] = TargetDispatcher(missing: name, shared: shared)
    }
    let underWay = try await outbox.filesUnderWay()
    let alarmLog = AlarmLog(settings.inboxes, metrics: instruments.metrics, logger: logger)
    let publisher = Publisher(
      store: outbox, tracker: instruments.unread,
      expectations: Expectations(settings.inboxes.map { ($0.name, $0.expect) }, from: try await outbox.expected()),
      onPublished: { [dispatchers] files in for file in files { dispatchers[file.target]?.published(file) } },
      onFinishing: onSettled, onAlarms: { alarmLog.report($0) })
    if let newest = underWay.newest { await publisher.skip(past: newest) }
    let context = Intake.Context(
      settings: settings, outbox: outbox, store: outbox, key: key, publisher: publisher,
      admission: AdmissionControl(outbox: outbox, settings: settings), instruments: instruments, stopFlag: stopFlag,
      now: { clock.now })
    let rows = try await outbox.unreadFiles()
    var intakes: [String: Intake] = [:]
    for inbox in settings.inboxes {
      let folders = InboxFolders(
        spool: settings.spool, inbox: inbox.name, listsAccepted: inbox.listsAccepted)
      try folders.prepare()
      var logger = logger
      logger[metadataKey: "inbox"] = "\(inbox.name)"
      let intake = Intake(
        inbox, folders: folders, context: context, isPaused: pausedInboxes.contains(inbox.name), logger: logger)
      try await intake.takeOver(known: underWay.ids, rows: rows)
      intakes[inbox.name] = intake
    }
    self.publisher = publisher
    let notifier = try Notifier(
      settings: settings, outbox: outbox, clock: clock, instruments: instruments, logger: logger)
    // Last: if this configuration can't be used after all, the queues and holds that it no longer names must not be
    // lost.
    try await notifier.register()
    try await outbox.forgetHolds(except: Set(settings.targets.map(\.name)))
    self.notifier = notifier
    self.finisher = finisher
    ageWatch = AgeWatch(
      outbox: outbox, clock: clock, maxAge: settings.retry.maxAge,
      intendedWaits: { Set(settings.closedWindows(at: .now).keys) }, activeFailures: instruments.activeFailures,
      logger: logger)
    sending = instruments.sending
    expectationWatch = ExpectationWatch(
      publisher: publisher, activeFailures: instruments.activeFailures, logger: logger)
    self.dispatchers = dispatchers
    self.missing = missing
    self.intakes = intakes
    self.connections = connections
    self.stopFlag = stopFlag
  }

  /// Bodies made for one API are never sent to another.
  private static func checkAPIs(_ settings: Settings, _ outbox: Outbox) async throws {
    for (name, apis) in try await outbox.queuedAPIs().sorted(by: { $0.key < $1.key }) {
      guard let target = settings.target(named: name), let other = apis.first(where: { $0 != target.api }) else {
        continue
      }
      throw StartError(
        description: """
          targets.\(name).api is \(target.api.rawValue), but files queued for \(other.rawValue) are still waiting: \
          change it back until they are done or cancelled, or give the new target another name
          """)
    }
  }

  /// Works until `stop()`; returns when everything in flight has ended and the results of finished files are written.
  ///
  /// - Parameter once: whether the run ends by itself once all work is done: then each notice is tried only once.
  func run(once: Bool) async {
    isRunning = true
    async let results: Void = finisher.run()
    // Cancelled when this returns.
    async let _: Void = ageWatch.run()
    async let notices: Void = notifier.run(triesOnce: once)
    async let _: Void = expectationWatch.run()
    await withDiscardingTaskGroup { group in
      for dispatcher in all { group.addTask { await dispatcher.run() } }
      for intake in intakes.values { group.addTask { await intake.run() } }
    }
    await finisher.stop()
    await results
    for pool in connections { pool.close() }
    // The last files' notices are tried, too, unless the daemon was told to stop.
    await notifier.end()
    await notices
  }

  /// Stops sending notices; those that are not sent stay queued.
  func stopNotifying() async { await notifier.stop() }

  private var all: [TargetDispatcher] { Array(dispatchers.values) + Array(missing.values) }

  /// Claims nothing more, starts no requests, and waits a few seconds for the answers in flight.
  ///
  /// - Parameter isWorkDone: whether there is time to send notices.
  func stop(isWorkDone: Bool = false) async {
    if !isWorkDone { await notifier.stop() }
    stopFlag.raise()
    for intake in intakes.values { await intake.stop() }
    for dispatcher in all { await dispatcher.stop() }
    let connections = connections
    // Deliberately outlives this call: it ends requests that no one answers, and harms none that have ended.
    Task {
      try await Task.sleep(for: Self.patience)
      for pool in connections { pool.close() }
    }
  }

  // MARK: - State

  /// Whether the inboxes hold nothing that will be claimed, and the queue holds only what a person or the clock must
  /// release: files for targets that are paused, outside their send window or no longer in the configuration. Files
  /// that have waited too long are still waited for: they expire. So are answers.
  func isWorkDone() async throws -> Bool {
    for intake in intakes.values {
      let rest = await intake.rest
      if !rest.hasLooked || rest.unread > 0 || rest.arriving > 0 { return false }
    }
    if try await outbox.isEmpty() { return true }
    // What is left may wait only for a person or the clock.
    guard sending.all.isEmpty else { return false }
    let blocked = try await outbox.paused(.target).union(missing.keys).union(settings.closedWindows(at: .now).keys)
    return try await outbox.onlyWaits(for: blocked, claimedAfter: clock.now - settings.retry.maxAge)
  }

  /// Logs the targets for which files stay queued until somebody acts.
  func reportRemaining() async throws {
    for file in try await outbox.unreleasedFiles() {
      logger.warning(
        "file is waiting for its release",
        metadata: [
          "inbox": "\(file.inbox)", "file": "\(file.id)", "name": "\(FileName(bytes: file.name)?.display ?? "")",
          "items": .number(file.counts.items - file.counts.rejected),
        ])
    }
    let paused = try await outbox.paused(.target)
    let closed = settings.closedWindows(at: .now)
    for target in try await outbox.awaitedTargets().sorted() {
      if missing[target] != nil {
        logger.warning(
          "files are waiting for a target that is no longer in the configuration", metadata: ["target": "\(target)"])
      } else if paused.contains(target) {
        logger.warning("files are waiting for a paused target", metadata: ["target": "\(target)"])
      } else if let window = closed[target] {
        logger.warning(
          "files are waiting for a target outside its send window",
          metadata: [
            "target": "\(target)", "reason": "\(window.reason)", "until": "\(window.until?.description ?? "")",
          ])
      }
    }
  }

  /// Files that were claimed and not read.
  func unreadFiles() async -> Int {
    var count = 0
    for intake in intakes.values { count += await intake.rest.unread }
    return count
  }

  func counts() async -> ResultPublisher.FinishedCounts { await finisher.finished }

  // MARK: - Operator orders

  /// - Parameter by: who asks, for the receipts of the files concerned.
  func carryOut(_ order: Order, by: Caller) async -> OrderResult {
    do {
      switch order {
      case .retry(let file, let target): return try await retry(file: file, target: target, by: by.person)
      case .retryNotices: return try await retryNotices()
      case .cancel(let file): return try await cancel(file, by: by.person)
      case .pause(let name): return try await setPaused(name, true)
      case .resume(let name): return try await setPaused(name, false)
      case .release(let file): return try await release(file, by: by)
      case .replay(let file, let rejects): return try await replay(file, rejects: rejects, by: by.person)
      }
    } catch {
      return OrderResult(isDone: false, message: "\(error)")
    }
  }

  private func retry(file: FileID?, target: String?, by: String) async throws -> OrderResult {
    if let target, dispatchers[target] == nil {
      return OrderResult(isDone: false, message: "unknown target \"\(target)\"; configured: \(names(dispatchers))")
    }
    var outcome = RetryOutcome(isDaemon: isRunning)
    // A file's own target; none until it has been read.
    var targets = target.map { [$0] } ?? dispatchers.keys.sorted()
    var readers = target == nil ? Array(intakes.values) : []
    var place: FileID?
    if let file {
      guard let record = try await outbox.file(file) else { return try await unknown(file) }
      try await outbox.keep(FileOrder(at: .now, order: "retry", by: by), for: file)
      place = record.place
      targets = [record.facts.target].compactMap { $0 }
      readers = record.state == .reading ? [intakes[record.inbox]].compactMap { $0 } : []
      outcome.missing = targets.first { dispatchers[$0] == nil }
    }
    let due = clock.now
    outcome.waiting = try await outbox.makeDue(file: file, target: target, at: due)
    var waiting: [String: Int] = [:]
    if file == nil {
      waiting = try await outbox.backlogs().mapValues(\.batches)
    } else if let name = targets.first {
      waiting = [name: outcome.waiting]
    }
    for name in targets {
      guard let (state, inFlight) = await dispatchers[name]?.tryNow(file: place, due: due) else { continue }
      outcome.inFlight += inFlight
      waiting[name]? -= inFlight
      switch state {
      case .delivering: break
      case .slowed: outcome.slowed.append(name)
      case .held(let reason, _): outcome.held.append((name, reason.remedy))
      }
    }
    for intake in readers { outcome.unread += await intake.tryNow(file) }
    outcome.paused = try await outbox.paused(.target).intersection(targets).sorted()
    outcome.pausedBatches = outcome.paused.reduce(0) { $0 + max(0, waiting[$1] ?? 0) }
    let closed = settings.closedWindows(at: .now)
    outcome.closed = targets.compactMap { name in
      outcome.paused.contains(name) ? nil : closed[name].map { (name, $0.until, max(0, waiting[name] ?? 0)) }
    }
    return OrderResult(isDone: true, message: outcome.message)
  }

  private func retryNotices() async throws -> OrderResult {
    await notifier.tryNow()
    let waiting = try await outbox.receivers().filter { $0.waiting > 0 }.map { ($0.name, $0.waiting) }
    return OrderResult(isDone: true, message: NoticesOutcome(isDaemon: isRunning, waiting: waiting).message)
  }

  private func cancel(_ file: FileID, by: String) async throws -> OrderResult {
    let isUnread = OrderResult(isDone: true, message: "file \(file) is cancelled; nothing of it was sent")
    if try await outbox.file(file) == nil {
      // A small file has no row before it is published.
      for intake in intakes.values where try await intake.cancel(file) { return isUnread }
    }
    guard let record = try await outbox.file(file) else { return try await unknown(file) }
    try await outbox.keep(FileOrder(at: .now, order: "cancel", by: by), for: file)
    if record.state == .reading {
      // It may be published at this very moment.
      if let intake = intakes[record.inbox], try await intake.cancel(file) { return isUnread }
    }
    guard try await outbox.cancel(file) else {
      if try await outbox.file(file) == nil { return try await unknown(file) }
      return OrderResult(isDone: false, message: "file \(file) is already done; its receipt is being written")
    }
    let queued = try await outbox.file(file)
    let (target, place) = (queued?.facts.target ?? "", queued?.place ?? file)
    guard let dispatcher = dispatchers[target] ?? missing[target] else {
      return OrderResult(isDone: true, message: "file \(file) is done")
    }
    let count = isRunning ? await dispatcher.cancel(place) : await dispatcher.cancelWithoutSending(place)
    let outcome = CancelOutcome(file: file, cancelled: count, inFlight: dispatcher.itemsInFlight(of: file))
    return OrderResult(isDone: true, message: outcome.message)
  }

  private func release(_ file: FileID, by: Caller) async throws -> OrderResult {
    guard let record = try await outbox.file(file) else { return try await unknown(file) }
    guard record.waitsForRelease, let target = record.facts.target else {
      let state =
        record.line != nil
        ? "was released already" : record.state == .reading ? "is not read yet" : "does not wait for a release"
      return OrderResult(isDone: false, message: "file \(file) \(state)")
    }
    if let refusal = by.refusal(toReleaseFileOf: record.owners) {
      logger.warning("release refused", metadata: ["file": "\(file)", "by": "\(by.person)", "reason": "\(refusal)"])
      return OrderResult(isDone: false, message: "file \(file) is not released: \(refusal)")
    }
    let order = FileOrder(at: .now, order: "release", by: by.person)
    let (outbox, now) = (outbox, clock.now)
    let isReleased = try await publisher.release(
      file, target: target, isOrdered: record.facts.ordering != .none
    ) { (line: FileID) async throws(OutboxError) -> Bool in
      try await outbox.release(file, as: line, order: order, at: now)
    }
    guard isReleased else { return OrderResult(isDone: false, message: "file \(file) does not wait for a release") }
    logger.notice("file is released", metadata: ["file": "\(file)", "by": "\(by.person)"])
    let count = record.counts.items - record.counts.rejected
    let end = isRunning ? "" : "; it is sent as soon as the daemon runs"
    return OrderResult(isDone: true, message: "released \(counted(count, "item")) of file \(file)\(end)")
  }

  private func replay(_ file: FileID, rejects: Bool, by: String) async throws -> OrderResult {
    guard let finished = try await outbox.finished(file) else {
      let state = try await outbox.file(file) == nil ? "is not known here" : "is not done yet"
      return OrderResult(isDone: false, message: "file \(file) \(state); see `upsertd receipts`")
    }
    guard let intake = intakes[finished.inbox] else {
      return OrderResult(
        isDone: false, message: "file \(file) is of inbox \(finished.inbox), which is no longer in the configuration")
    }
    do {
      let (id, name) = try await intake.replay(finished, rejects: rejects, by: by)
      let end = isRunning ? "" : ", which is read as soon as the daemon runs"
      return OrderResult(isDone: true, message: "\(name) is dropped again in \(finished.inbox), as file \(id)\(end)")
    } catch is ReadingStopped {
      return OrderResult(isDone: false, message: "the daemon is stopping, or reads its configuration again: try again")
    }
  }

  private func unknown(_ file: FileID) async throws -> OrderResult {
    if let status = try await outbox.finishedStatus(file) {
      return OrderResult(isDone: false, message: "file \(file) is already done (\(status)); see its receipt")
    }
    return OrderResult(isDone: false, message: "file \(file) is not queued; see `upsertd status`")
  }

  private func setPaused(_ name: String, _ isPaused: Bool) async throws -> OrderResult {
    guard dispatchers[name] != nil || intakes[name] != nil else {
      return OrderResult(
        isDone: false,
        message: "unknown inbox or target \"\(name)\"; inboxes: \(names(intakes)); targets: \(names(dispatchers))")
    }
    var outcome = PauseOutcome(name: name, isPaused: isPaused)
    if let intake = intakes[name] {
      outcome.add("inbox", wasPaused: try await outbox.paused(.inbox).contains(name))
      try await outbox.setPaused(.inbox, name, isPaused)
      await intake.setPaused(isPaused)
    }
    if let dispatcher = dispatchers[name] {
      outcome.add("target", wasPaused: try await outbox.paused(.target).contains(name))
      try await outbox.setPaused(.target, name, isPaused)
      await dispatcher.setPaused(isPaused)
      outcome.closed = settings.target(named: name)?.closedWindow(at: .now).map { (name, $0.until) }
    }
    return OrderResult(isDone: true, message: outcome.message)
  }

  private func names(_ parts: [String: some Any]) -> String { parts.keys.sorted().joined(separator: ", ") }

  /// Writes the results of finished files, for a command that works without a daemon.
  func finishOnce() async {
    await finisher.stop()
    await finisher.run()
  }
}
