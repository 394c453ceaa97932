internal import Delivery
internal import Inbox
internal import Logging
internal import Outbox
internal import Receipts
internal import Sender
internal import Settings
internal import Synchronization

/// Everything that one configuration asks for, wired: inboxes, lanes and whoever writes results.
///
///     Watcher ─look▶ Intake ─batches▶ Outbox ─line▶ Lane ─request▶ Sender ─▶ API
///                                        ▲            │ verdicts
///                                        └────────────┘
///                                     Outbox ─finished files▶ Finisher ─▶ receipts, rejects, archive
actor Pipeline {
  let settings: Settings
  let outbox: Outbox
  private let logger: Logger
  private let lanes: [String: Lane]
  private let intakes: [String: Intake]
  private let finisher: Finisher
  private let ageWatch: AgeWatch
  private let connections: [Connections]
  private let order = PublicationOrder()
  private let stopFlag: StopFlag

  /// How long requests under way are awaited when the daemon stops.
  private static let patience = Duration.seconds(7)

  /// Makes the folders, and finds what an earlier run left in `work/`.
  ///
  /// - Throws: `InboxError` for folders that can't be used, `SendError` for certificates that can't, `OutboxError`.
  init(
    settings: Settings, outbox: Outbox, instruments: Instruments, logger: Logger
  ) async throws {
    self.settings = settings
    self.outbox = outbox
    self.logger = logger
    let stopFlag = StopFlag()
    let finisher = Finisher(
      settings: settings, outbox: outbox, instruments: instruments, stopFlag: stopFlag, logger: logger)
    let pausedTargets = try await outbox.paused(.target)
    let pausedInboxes = try await outbox.paused(.inbox)
    let originals = Originals(spool: settings.spool)
    var lanes: [String: Lane] = [:]
    var connections: [Connections] = []
    for target in settings.targets {
      let pool = try Connections(ConnectionTerms(target))
      connections.append(pool)
      lanes[target.name] = Lane(
        target: target, api: target.makeAPI(), outbox: outbox, originals: originals, connections: pool,
        retry: settings.retry, logger: logger,
        instruments: instruments, isPaused: pausedTargets.contains(target.name), onSettled: { finisher.signal.raise() })
    }
    let underWay = try await outbox.filesUnderWay()
    let around = Intake.Surroundings(
      settings: settings, outbox: outbox, order: order,
      claims: Claims(outbox: outbox, settings: settings, newest: underWay.newest),
      instruments: instruments, stopFlag: stopFlag,
      onPublished: { [lanes] targets, file in for target in targets { await lanes[target]?.published(file) } },
      onFinishing: { finisher.signal.raise() })
    var intakes: [String: Intake] = [:]
    for inbox in settings.inboxes {
      let folders = InboxFolders(spool: settings.spool, inbox: inbox.name)
      try folders.prepare()
      var logger = logger
      logger[metadataKey: "inbox"] = "\(inbox.name)"
      let intake = Intake(
        inbox, folders: folders, around: around, isPaused: pausedInboxes.contains(inbox.name), logger: logger)
      await intake.takeOver(try await Self.unread(in: folders, outbox: outbox, known: underWay.ids, logger: logger))
      intakes[inbox.name] = intake
    }
    self.finisher = finisher
    ageWatch = AgeWatch(
      outbox: outbox, maxAge: settings.retry.maxAge, troubles: instruments.troubles, logger: logger)
    self.lanes = lanes
    self.intakes = intakes
    self.connections = connections
    self.stopFlag = stopFlag
  }

  /// Files that were claimed and never published. One that is done is put away: only its last rename was missing.
  ///
  /// History tells that it is done, or, where the outbox is a fresh one, its receipt.
  private static func unread(
    in folders: InboxFolders, outbox: Outbox, known: Set<FileID>, logger: Logger
  ) async throws -> [WorkFile] {
    var unread: [WorkFile] = []
    for file in try folders.workFiles() where !known.contains(file.id) {
      let names = ResultNames(dropped: file.dropped, id: file.id)
      let receipt = (try? InboxFolders.contents(of: names.receipt, in: folders.receipts)).flatMap {
        try? Receipt(json: $0)
      }
      let status = try await outbox.finishedStatus(file.id)
      guard receipt != nil || status != nil else {
        if outbox.isNew {
          logger.warning(
            "the outbox is new: a claimed file is read from its beginning, and what was sent of it before is sent again",
            metadata: ["file": "\(file.id)", "name": "\(file.dropped.display)"])
        }
        unread.append(file)
        continue
      }
      logger.notice("a finished file was still in work/", metadata: ["file": "\(file.id)"])
      if receipt?.error == nil {
        try folders.archive(file, as: names.archive)
      } else {
        try folders.setAside(file, as: names.unusable)
      }
    }
    return unread
  }

  /// Works until `stop()`; returns when everything under way has ended, with the results of what is done written.
  func run() async {
    async let results: Void = finisher.run()
    // Cancelled when this returns.
    async let _: Void = ageWatch.run()
    await withDiscardingTaskGroup { group in
      for lane in lanes.values { group.addTask { await lane.run() } }
      for intake in intakes.values { group.addTask { await intake.run() } }
    }
    await finisher.stop()
    await results
    for pool in connections { pool.close() }
  }

  /// Claims nothing more, begins no request, and waits some seconds for the answers under way.
  func stop() async {
    stopFlag.raise()
    await order.end()
    for intake in intakes.values { await intake.stop() }
    for lane in lanes.values { await lane.stop() }
    let connections = connections
    // Outlives this call on purpose: it ends requests that nobody answers, and harms none that have ended.
    Task {
      try await Task.sleep(for: Self.patience)
      for pool in connections { pool.close() }
    }
  }

  // MARK: - How it stands

  /// Whether nothing is in the inboxes that will be claimed, and nothing is queued.
  func isWorkedOff() async throws -> Bool {
    for intake in intakes.values {
      let rest = await intake.rest
      if !rest.hasLooked || rest.unread > 0 || rest.arriving > 0 { return false }
    }
    return try await outbox.isEmpty()
  }

  /// Files that were claimed and not read.
  func unreadFiles() async -> Int {
    var count = 0
    for intake in intakes.values { count += await intake.rest.unread }
    return count
  }

  func counts() async -> Finisher.FinishedCounts { await finisher.finished }

  // MARK: - What an operator asks for

  func carryOut(_ order: Order) async -> OrderResult {
    do {
      switch order {
      case .retry(let file, let target): return try await retry(file: file, target: target)
      case .cancel(let file): return try await cancel(file)
      case .pause(let name): return try await setPaused(name, true)
      case .resume(let name): return try await setPaused(name, false)
      }
    } catch {
      return OrderResult(isDone: false, message: "\(error)")
    }
  }

  private func retry(file: FileID?, target: String?) async throws -> OrderResult {
    if let target, lanes[target] == nil {
      return OrderResult(isDone: false, message: "no target is called \"\(target)\"; there are \(names(lanes))")
    }
    var target = target
    if let file {
      guard let record = try await outbox.file(file) else { return try await unknown(file) }
      target = record.facts.target
    }
    let count = try await outbox.makeDue(file: file, target: target, at: .now)
    var wasHeld = false
    for (name, lane) in lanes where target == nil || name == target {
      if case .held = await lane.state { wasHeld = true }
      await lane.tryNow(file: file)
    }
    let batches = counted(count, "waiting batch", "waiting batches")
    let paused = try await outbox.paused(.target).filter { target == nil || $0 == target }.sorted()
    let but = paused.isEmpty ? "" : "; but \(paused.joined(separator: ", ")) is paused until `upsertd resume`"
    // What was mended is most often a secret, and secrets are read with the configuration.
    let hint = wasHeld ? "; a corrected configuration or secret counts after a reload (`systemctl reload upsertd`)" : ""
    return OrderResult(isDone: true, message: "\(batches) will be tried now; holds are released\(hint)\(but)")
  }

  private func cancel(_ file: FileID) async throws -> OrderResult {
    guard let record = try await outbox.file(file) else { return try await unknown(file) }
    switch record.state {
    case .reading:
      return OrderResult(isDone: false, message: "file \(file) is still being read; try again in a moment")
    case .finishing:
      return OrderResult(isDone: false, message: "file \(file) is done already; its receipt is being written")
    case .queued:
      guard let target = record.facts.target, let lane = lanes[target] else {
        return OrderResult(
          isDone: false,
          message:
            "file \(file) waits for target \"\(record.facts.target ?? "")\", which the configuration no longer has")
      }
      let count = try await lane.cancel(file)
      return OrderResult(isDone: true, message: "\(count) items of file \(file) are cancelled")
    }
  }

  private func unknown(_ file: FileID) async throws -> OrderResult {
    if let status = try await outbox.finishedStatus(file) {
      return OrderResult(isDone: false, message: "file \(file) is done already (\(status)); see its receipt")
    }
    return OrderResult(isDone: false, message: "no file \(file) is queued; `upsertd status` lists what there is")
  }

  private func setPaused(_ name: String, _ isPaused: Bool) async throws -> OrderResult {
    guard lanes[name] != nil || intakes[name] != nil else {
      return OrderResult(
        isDone: false,
        message: "no inbox or target is called \"\(name)\"; inboxes: \(names(intakes)); targets: \(names(lanes))")
    }
    var what: [String] = []
    if let intake = intakes[name] {
      try await outbox.setPaused(.inbox, name, isPaused)
      await intake.setPaused(isPaused)
      what.append("inbox \(name)")
    }
    if let lane = lanes[name] {
      try await outbox.setPaused(.target, name, isPaused)
      await lane.setPaused(isPaused)
      what.append("target \(name)")
    }
    let effect = isPaused ? "paused; it stays so after a restart, until `upsertd resume \(name)`" : "going again"
    return OrderResult(isDone: true, message: "\(what.joined(separator: " and ")): \(effect)")
  }

  private func names(_ parts: [String: some Any]) -> String { parts.keys.sorted().joined(separator: ", ") }

  /// Writes the results of what is done, for a command that works without a daemon.
  func finishOnce() async {
    await finisher.stop()
    await finisher.run()
  }
}

/// Tells readers of large files that the daemon wants to stop.
final class StopFlag: Sendable {
  private let raised = Mutex<ContinuousClock.Instant?>(nil)

  var isRaised: Bool { raised.withLock { $0 != nil } }

  /// Whether it has been raised for so long.
  func isRaised(for time: Duration) -> Bool { raised.withLock { $0.map { $0 + time < .now } ?? false } }

  func raise() { raised.withLock { $0 = $0 ?? .now } }
}

extension ConnectionTerms {
  init(_ target: Target) {
    self.init(
      concurrency: target.concurrency, caFile: target.caFile, clientCert: target.clientCert,
      clientKey: target.clientKey,
      proxy: target.proxy.map {
        Proxy(address: $0.address, username: $0.username, password: $0.password?.value)
      }, userAgent: "upsertd/\(Version.text)")
  }
}
