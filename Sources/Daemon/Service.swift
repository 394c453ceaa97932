internal import APIs
internal import CLinux
internal import Core
internal import Engine
internal import Glibc
package import Logging
package import Operations
internal import Outbox
internal import Results
internal import Runtime
package import Settings
internal import Spool
internal import Synchronization
internal import Telemetry

/// The daemon: takes the state's lock, opens the outbox, and runs a pipeline until it is told to stop.
///
/// SIGTERM and SIGINT stop it (`ProcessSignals`). SIGHUP makes it read its configuration again: once the old pipeline
/// has come to rest, a new one takes over, on the same outbox and under the same lock.
package actor Service {
  /// How a run ended.
  package struct Outcome: Sendable {
    package var rejectedItems: Int
    package var unusableFiles: Int
    /// Items that are still queued, or in files that are still being read.
    package var queuedItems: Int
    package var waitingFiles: Int
    /// For people.
    package var summary = RunSummary()
  }

  package enum Mode: Sendable {
    case untilStopped
    /// Until nothing is in the inboxes and nothing is queued, or until the deadline has passed.
    case once(deadline: Duration?)
  }

  private let environment: [String: String]
  private let makeLogger: @Sendable (Settings.Log) -> Logger
  private let notifications: Notifications
  let instruments: Instruments
  let outbox: Outbox
  private let clock: DaemonClock
  private let lock: StateLock
  private(set) var settings: Settings
  private(set) var logger: Logger
  private var pipeline: Pipeline
  private var isStopping = false
  private var isReloading = false
  /// Requested while a reload was under way, which may have read an older configuration.
  private var isReloadDue = false
  private let signals: ProcessSignals?
  /// What is being done, for reporting what hangs.
  private let stage = Stage()
  private var earlier = ResultPublisher.FinishedCounts()
  /// Whether this run has an admin address, and what serves it.
  private var servesAdmin = false
  var admin: AdminServer?
  var adminRun: Task<Void, Never>?
  let startedAt = Timestamp.now
  let flow: FlowHistory
  private let progress: (@Sendable (RunProgress.Sample) -> Void)?
  private let began = ContinuousClock.now

  /// - Parameter signals: nil if the process's signals are not the service's.
  ///   `progress`: called twice a second with the current state.
  package init(
    settings: Settings, environment: [String: String], makeLogger: @escaping @Sendable (Settings.Log) -> Logger,
    signals: ProcessSignals? = nil, progress: (@Sendable (RunProgress.Sample) -> Void)? = nil
  ) async throws {
    self.settings = settings
    self.environment = environment
    self.makeLogger = makeLogger
    self.signals = signals
    self.progress = progress
    logger = makeLogger(settings.log)
    notifications = Notifications(environment: environment)
    instruments = Instruments(environment: environment)
    (lock, outbox) = try StateFolder.take(settings)
    clock = DaemonClock(from: try await outbox.clockMark())
    try await outbox.keep(clock.mark)
    flow = FlowHistory(from: .now, counts: FlowCounts())
    pipeline = try await Pipeline(
      settings: settings, outbox: outbox, clock: clock, instruments: instruments, logger: logger)
  }

  package func run(_ mode: Mode) async throws -> Outcome {
    watchSignals(mode)
    raiseOpenFileLimit()
    let control = try ControlSocket(state: settings.state)
    await control.open(
      logger: logger,
      answeringFrom: ControlSocket.Source(
        instruments: instruments, settings: { [weak self] in await self?.settings },
        carryOut: { [weak self] order, by in
          await self?.carryOut(order, by: by) ?? OrderResult(isDone: false, message: "the daemon is stopping")
        }))
    servesAdmin = !isOnce(mode)
    if servesAdmin { await serveAdmin() }
    logger.notice(
      "upsertd \(Version.text) is ready",
      metadata: ["inboxes": .number(settings.inboxes.count), "targets": .number(settings.targets.count)])
    notifications.send("READY=1", "STATUS=ready")
    // Ends with the pipelines, which are awaited below.
    let watching = Task { await watch(mode) }
    stage.name = "the pipeline"
    await runPipelines(once: isOnce(mode))
    stage.name = "the control socket and the admin address"
    watching.cancel()
    await watching.value
    notifications.send("STOPPING=1")
    await control.close()
    await endAdmin()
    stage.name = "the outbox"
    let queue = try await outbox.queue()
    let counts = await pipeline.counts()
    // A file may have been dropped and claimed at the very moment when everything was done.
    let unread = await pipeline.unreadFiles() + (isWorkDone ? await leftFiles() : 0)
    var outcome = Outcome(
      rejectedItems: earlier.rejectedItems + counts.rejectedItems,
      unusableFiles: earlier.unusableFiles + counts.unusableFiles, queuedItems: queue.items,
      waitingFiles: queue.files + (isWorkDone ? unread : 1))
    outcome.summary.took = began.duration(to: .now)
    outcome.summary.items = earlier.items + counts.items
    outcome.summary.rejectedItems = outcome.rejectedItems
    outcome.summary.unusableFiles = outcome.unusableFiles
    outcome.summary.queuedItems = outcome.queuedItems
    outcome.summary.isSomethingLeft = outcome.queuedItems > 0 || outcome.waitingFiles > 0
    outcome.summary.parts = RunSummary.parts(settings, instruments.metrics)
    // The next run continues from here; if the disk does not take it, from the previous mark.
    try? await outbox.keep(clock.mark)
    try outbox.close()
    logger.notice("upsertd has stopped", metadata: ["queued": .number(queue.items)])
    return outcome
  }

  private var isWorkDone = false

  private func isOnce(_ mode: Mode) -> Bool {
    if case .once = mode { true } else { false }
  }

  private func runPipelines(once: Bool) async {
    while true {
      await pipeline.run(once: once)
      guard isReloading, !isStopping else { return }
      await replacePipeline()
    }
  }

  // MARK: - Stopping and reloading

  package func stop() async {
    // A run that is done may still be sending notices.
    guard !isStopping else { return await pipeline.stopNotifying() }
    isStopping = true
    notifications.send("STOPPING=1", "STATUS=stopping")
    await pipeline.stop(isWorkDone: isWorkDone)
  }

  /// If the new configuration is invalid, that is logged and the old one stays.
  package func reload() async {
    guard !isStopping else { return }
    guard !isReloading else {
      isReloadDue = true
      return
    }
    notifications.send("RELOADING=1", "MONOTONIC_USEC=\(Self.monotonicMicroseconds())")
    do {
      let new = try Settings.load(path: settings.path, environment: environment)
      guard new.state == settings.state else {
        throw StartError(description: "`state` can't change while upsertd is running; restart upsertd")
      }
      if new.spool != settings.spool {
        // A small file has no row before it is published.
        let unread = await pipeline.unreadFiles()
        guard try await outbox.isEmpty(), unread == 0 else {
          throw StartError(
            description: "`spool` can't change while files are under way; reload once they are done")
        }
      }
      for inbox in new.inboxes {
        try InboxFolders(spool: new.spool, inbox: inbox.name, listsAccepted: inbox.listsAccepted).prepare()
      }
      next = new
      isReloading = true
      await pipeline.stop()
    } catch {
      refused(error)
      instruments.metrics.reloaded(isUsed: false)
      notifications.send("READY=1", "STATUS=\(Self.refusal)")
    }
  }

  private static let refusal = "the new configuration can't be used; the old one stays in effect"

  /// The new configuration can't be used, for all of these reasons.
  private func refused(_ error: any Error) {
    // One line, whatever their number.
    let reason = (error as? SettingsFaults)?.faults.map(\.description).joined(separator: "; ") ?? "\(error)"
    logger.error("\(Self.refusal)", metadata: ["reason": "\(reason)"])
    instruments.refusedReload.refused(reason, at: .now)
  }

  private var next: Settings?

  private func replacePipeline() async {
    let counts = await pipeline.counts()
    earlier.rejectedItems += counts.rejectedItems
    earlier.unusableFiles += counts.unusableFiles
    earlier.items += counts.items
    earlier.files += counts.files
    let old = settings
    var isRefused = false
    for candidate in [next, old].compactMap({ $0 }) {
      do {
        let logger = makeLogger(candidate.log)
        pipeline = try await Pipeline(
          settings: candidate, outbox: outbox, clock: clock, instruments: instruments, logger: logger)
        settings = candidate
        self.logger = logger
        instruments.metrics.reloaded(isUsed: candidate == next)
        if candidate == next { instruments.refusedReload.used() }
        // What was refused is in the log already, and that the old one stays in effect.
        if !isRefused {
          logger.notice("configuration reloaded", metadata: ["changed": .stringConvertible(candidate != old)])
        }
        break
      } catch {
        isRefused = true
        refused(error)
      }
    }
    if servesAdmin { await serveAdmin() }
    next = nil
    isReloading = false
    if isStopping { await pipeline.stop() }
    notifications.send("READY=1", "STATUS=ready")
    if isReloadDue {
      isReloadDue = false
      await reload()
    }
  }

  private func carryOut(_ order: Order, by: Caller) async -> OrderResult { await pipeline.carryOut(order, by: by) }

  private func watchSignals(_ mode: Mode) {
    guard let signals else { return }
    signals.setLastResort(status: isOnce(mode) ? 75 : 0) { [instruments, logger, stage] in
      logger.critical(
        "upsertd did not stop in time and is being terminated; the next start continues from the outbox",
        metadata: ["hangs": "\(stage.name)", "loops": "\(instruments.heartbeat.turning.joined(separator: ", "))"])
    }
    signals.deliver { [weak self] wish in
      // A signal has no task to belong to.
      Task { wish == .reload ? await self?.reload() : await self?.stop() }
    }
  }

  /// Each connection and each file being read takes a descriptor, and the usual limit of 1,024 is meant for programs
  /// with `select`.
  private func raiseOpenFileLimit() {
    var before: UInt = 0
    let now = clinux_raise_open_files(Self.mostOpenFiles, &before)
    let metadata: Logger.Metadata = ["from": .number(Int(clamping: before)), "to": .number(Int(clamping: now))]
    if now != before { logger.info("open file limit raised", metadata: metadata) }
    if now < Self.fewestOpenFiles {
      logger.warning(
        "the open file limit is low: raise LimitNOFILE= or `ulimit -n`", metadata: ["limit": .number(Int(now))])
    }
  }

  private static let mostOpenFiles: UInt = 65_536
  private static let fewestOpenFiles: UInt = 256

  /// How many files of an inbox are named at the end of `run --once`.
  private static let mostNamed = 20

  /// Files that stay in an inbox though they should have been claimed: for `run --once`, whose exit status reflects
  /// them.
  private func leftFiles() async -> Int {
    do {
      var left = 0
      for inbox in try await report().inboxes where !inbox.isPaused {
        left += inbox.leftFiles
        // Those without their marker do not count: they were not dropped yet.
        for file in (inbox.filesToAwait + inbox.filesWithoutMarker).prefix(Self.mostNamed) {
          logger.warning(
            "file stays in the inbox",
            metadata: ["inbox": "\(inbox.name)", "name": "\(file.name)", "reason": "\(file.reason)"])
        }
        if inbox.filesWithoutMarkerCount > Self.mostNamed {
          logger.warning(
            "files are waiting for their marker files",
            metadata: ["inbox": "\(inbox.name)", "files": .number(inbox.filesWithoutMarkerCount)])
        }
      }
      if left > 0 {
        logger.warning("files are left in the inboxes; see `upsertd status`", metadata: ["files": .number(left)])
      }
      return left
    } catch {
      logger.warning("can't determine whether files are left in the inboxes", metadata: ["reason": "\(error)"])
      return 1
    }
  }

  // MARK: - Watching

  /// Feeds systemd's watchdog, reports progress, and ends a run that has finished all its work.
  private func watch(_ mode: Mode) async {
    let watchdog = Notifications.watchdogInterval(environment: environment).map { $0 / 3 }
    let began = ContinuousClock.now
    var fed = began
    var reportedAt = began
    var marked = began
    while !isStopping {
      let pause: Duration = isOnce(mode) ? .milliseconds(25) : min(watchdog ?? .seconds(5), .seconds(5))
      do { try await Task.sleep(for: pause) } catch { return }
      let now = ContinuousClock.now
      if let watchdog, now >= fed + watchdog {
        fed = now
        let hanging = instruments.heartbeat.hanging
        if hanging.isEmpty {
          notifications.send("WATCHDOG=1")
        } else {
          let loops = hanging.joined(separator: ", ")
          notifications.send("STATUS=stuck: \(loops)")
          logger.critical("the pipeline is stuck", metadata: ["loops": "\(loops)"])
        }
      }
      do {
        // At least once a minute, with some retries: see `QueueClock`.
        if now >= marked + .seconds(20) {
          try await outbox.keep(clock.mark)
          marked = now
        }
        if now >= reportedAt + (isOnce(mode) ? .milliseconds(500) : .seconds(5)) {
          reportedAt = now
          // A run that soon ends has no use for it, and would ask twice a second.
          if !isOnce(mode) { clinux_return_free_memory() }
          try await reportProgress()
        }
        if servesAdmin { try await noteFlow() }
        guard case .once(let deadline) = mode else { continue }
        instruments.activeFailures.end("can't read the outbox", in: "status", logger: logger)
        if try await pipeline.isWorkDone() {
          isWorkDone = true
          try await pipeline.reportRemaining()
          await stop()
          return await limitNotifying(deadline.map { began + $0 })
        }
        if let deadline, now >= began + deadline { return await stop() }
      } catch {
        instruments.activeFailures.begin("can't read the outbox", in: "status", error, logger: logger)
      }
    }
  }

  /// Notices may wait for slow receivers; the task is cancelled once they are sent.
  private func limitNotifying(_ deadline: ContinuousClock.Instant?) async {
    guard let deadline, (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
    await pipeline.stopNotifying()
  }

  private func reportProgress() async throws {
    if let progress {
      let doneFiles = earlier.files + (await pipeline.counts()).files
      progress(
        try await RunProgress.Sample(
          at: began.duration(to: .now), doneFiles: doneFiles, settings: settings, outbox: outbox,
          instruments: instruments))
    }
    guard environment["NOTIFY_SOCKET"] != nil else { return }
    let report = try await StatusReport(settings: settings, outbox: outbox, instruments: instruments)
    let refused = instruments.refusedReload.last == nil ? "" : "\(Self.refusal); "
    if instruments.heartbeat.hanging.isEmpty { notifications.send("STATUS=\(refused)\(report.line)") }
  }

  func report() async throws -> StatusReport {
    try await StatusReport(settings: settings, outbox: outbox, instruments: instruments)
  }

  private static func monotonicMicroseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }
}

/// What the service is doing, readable from any thread.
private final class Stage: Sendable {
  private let current = Mutex("the start")

  var name: String {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }
}
