internal import Delivery
internal import Dispatch
internal import Inbox
internal import ItemFormat
internal import Logging
internal import Outbox
internal import Settings
internal import Synchronization

/// Takes the files of one inbox, one after the other: claims them, reads them, and makes their batches sendable.
actor Intake {
  /// What every inbox shares.
  struct Surroundings: Sendable {
    var settings: Settings
    var outbox: Outbox
    var order: PublicationOrder
    var claims: Claims
    var instruments: Instruments
    var stopFlag: StopFlag
    /// Something for these targets was published, up to this file.
    var onPublished: @Sendable (Set<String>, FileID) async -> Void
    /// A file's results can be written.
    var onFinishing: @Sendable () -> Void
  }

  /// What of an inbox is still to come.
  struct Rest: Sendable {
    /// Files that are being read, or wait in `work/` to be read again.
    var unread: Int
    /// Files that will be ready without anything else being dropped.
    var arriving: Int
    /// Whether a look has been taken and everything that it found was dealt with.
    var hasLooked: Bool
  }

  let inbox: Inbox
  let folders: InboxFolders
  let around: Surroundings
  let logger: Logger
  private let meters: InboxMeters
  private let watcher: Watcher
  let queue: DispatchQueue
  private var isPaused: Bool
  private var isStopping = false
  /// Claimed files that could not be read yet, with the time of the next try.
  var unread: [(file: WorkFile, due: Timestamp, failures: Int)] = []
  private var lastLook: Look?
  private var isBusy = false
  private var news: InboxNews

  init(_ inbox: Inbox, folders: InboxFolders, around: Surroundings, isPaused: Bool, logger: Logger) {
    self.inbox = inbox
    self.folders = folders
    self.around = around
    self.isPaused = isPaused
    self.logger = logger
    let targets = inbox.routes.flatMap { Destinations($0, settings: around.settings).targetNames }
    meters = InboxMeters(inbox.name, targets: Set(targets), around.instruments.metrics)
    news = InboxNews(inbox.name, ledger: around.instruments.ledger, logger: logger)
    queue = DispatchQueue(label: "read \(inbox.name)")
    let watch = around.settings.watch
    watcher = Watcher(
      folders: folders,
      terms: WatchTerms(
        pollInterval: watch.pollInterval, settle: watch.settle, ignore: { inbox.ignores($0) }, marker: inbox.marker))
  }

  var rest: Rest {
    Rest(
      unread: unread.count + (isBusy ? 1 : 0),
      arriving: isPaused
        ? 0 : (lastLook?.ready.count ?? 0) + (lastLook?.unclaimed.lazy.filter(\.isArriving).count ?? 0),
      hasLooked: lastLook != nil)
  }

  /// Takes over files that an earlier run claimed and did not publish; they come before everything that is still in the inbox.
  ///
  /// They take their places in the order of publication at once: another inbox may be quicker.
  func takeOver(_ files: [WorkFile]) async {
    unread = files.map { ($0, Timestamp(milliseconds: 0), 0) }
    for file in files { await around.order.enter(file.id, targets: targets(of: file.dropped)) }
  }

  /// The targets that a file of this name may be for.
  private func targets(of name: FileName) -> Set<String> {
    inbox.route(for: name.bytes).map { Destinations($0, settings: around.settings).targetNames } ?? []
  }

  func setPaused(_ isPaused: Bool) { self.isPaused = isPaused }

  func stop() async {
    isStopping = true
    await watcher.stop()
  }

  /// Looks, claims and reads until `stop()`; the file under way is left for the next run.
  func run() async {
    let loop = "inbox \(inbox.name)"
    around.instruments.pulse.beat(loop)
    await readAgain()
    await watcher.start()
    for await look in watcher.looks {
      around.instruments.pulse.beat(loop)
      isBusy = true
      await take(look)
      await readAgain()
      isBusy = false
      if isStopping { break }
    }
    around.instruments.pulse.ended(loop)
    troubles.forget(loop)
  }

  private func take(_ look: Look) async {
    meters.looked(look.took)
    news.tell(look, isPaused: isPaused)
    var left = look
    left.ready = []
    guard !isPaused, !isStopping else {
      lastLook = look
      return
    }
    var rest = look.ready[...]
    while !rest.isEmpty, !isStopping, !isPaused {
      let together = Self.smallFiles(atStartOf: rest)
      let room = await room(for: together)
      guard room > 0 else { break }
      await claim(Array(together.prefix(room)))
      rest = rest.dropFirst(room)
    }
    left.ready = Array(rest)
    lastLook = left
  }

  private static let measuring = "it can't be found out whether there is room for files"
  static let reading = "file can't be read now"
  var troubles: Troubles { around.instruments.troubles }

  private func room(for files: ArraySlice<ReadyFile>) async -> Int {
    do {
      let (count, obstacle) = try await around.claims.room(for: files.map(\.size))
      news.tell(obstacle)
      troubles.end(Self.measuring, in: "inbox \(inbox.name)", logger: logger)
      return count
    } catch {
      troubles.begin(Self.measuring, in: "inbox \(inbox.name)", error, logger: logger)
      return 0
    }
  }

  private func claim(_ files: [ReadyFile]) async {
    let targets = files.map { self.targets(of: $0.name) }
    let ids = await around.claims.nextIDs(order: around.order, targets: targets)
    let results = await queue.run { [folders] in folders.claim(zip(files, ids).map { ($0, $1) }) }
    var claimed: [(file: ClaimedFile, targets: Set<String>)] = []
    var failed: Set<FileID> = []
    for (index, result) in results.enumerated() {
      switch result {
      case .success(let file?):
        meters.claimed()
        logger.info(
          "file is claimed",
          metadata: ["file": "\(file.id)", "name": "\(file.name.display)", "bytes": .number(Int(file.size))])
        claimed.append((file, targets[index]))
      case .success(nil):
        await around.order.leave(ids[index])
      case .failure(let error):
        logger.error(
          "file can't be claimed", metadata: ["name": "\(files[index].name.display)", "reason": "\(error)"])
        await around.order.leave(ids[index])
        failed.insert(ids[index])
      }
    }
    // A claim that failed half-way may have left the file in work/.
    if !failed.isEmpty, let left = try? folders.workFiles() {
      for file in left where failed.contains(file.id) { putOff(file, failures: 0) }
    }
    if let only = claimed.first, only.file.size > Self.smallBytes {
      await read(only.file, targets: only.targets, failures: 0)
    } else {
      await readTogether(claimed)
    }
  }

  /// Tries the claimed files again that could not be read.
  private func readAgain() async {
    let now = Timestamp.now
    for (file, due, failures) in unread where due <= now && !isStopping {
      unread.removeAll { $0.file.id == file.id }
      let targets = targets(of: file.dropped)
      await around.order.enter(file.id, targets: targets)
      do {
        guard let claimed = try folders.reopen(file, marker: inbox.marker) else {
          logger.error("claimed file is gone", metadata: ["file": "\(file.id)", "name": "\(file.dropped.display)"])
          troubles.forget("file \(file.id)")
          await around.order.leave(file.id)
          continue
        }
        await read(claimed, targets: targets, failures: failures)
      } catch {
        logger.error("claimed file can't be opened", metadata: ["file": "\(file.id)", "reason": "\(error)"])
        putOff(file, failures: failures)
        await around.order.leave(file.id)
      }
    }
  }

  /// Reads one claimed file and publishes it, in its turn.
  func read(_ claimed: ClaimedFile, targets: Set<String>, failures: Int) async {
    let id = claimed.id
    let receivedAt = id.time
    let (inbox, around, folders) = (inbox, around, folders)
    do {
      let result = try await queue.run { () throws -> ReadingResult? in
        try around.outbox.commit {
          try $0.begin(id, inbox: inbox.name, name: claimed.name.bytes, receivedAt: receivedAt)
        }
        var reading = FileReading(claimed, in: folders, of: inbox, around)
        var staging = Staging(outbox: around.outbox, id: id)
        let result = try reading.run(into: &staging)
        guard !claimed.hasChanged() else { return nil }
        if result.fault == nil { try staging.commit() }
        return result
      }
      guard let result else { return try await giveBack(claimed) }
      await waitForTurn(of: id, targets: result.facts.target.map { [$0] } ?? targets)
      // An earlier file may be left unread by the stop; this one must not overtake it.
      if around.stopFlag.isRaised { throw ReadingStopped() }
      try await queue.run {
        try around.outbox.commit { try Self.publish(result, of: claimed, inbox: inbox, in: $0) }
      }
      troubles.end(Self.reading, in: "file \(id)", logger: logger, metadata: ["file": "\(id)"])
      tell(result, of: claimed)
      if let target = result.facts.target { await around.onPublished([target], id) }
      around.onFinishing()
    } catch {
      try? around.outbox.commit { try $0.forget(id) }
      return await leave([claimed], for: error, failures: failures)
    }
    await around.order.leave(id)
  }

  /// Leaves claimed files for the next run, where the daemon stops, or for a later try, from their beginning.
  ///
  /// - Parameter failures: how often they could not be read before.
  func leave(_ files: [ClaimedFile], for error: any Error, failures: Int = 0) async {
    for file in files {
      if error is ReadingStopped {
        unread.append((file.work, .now, failures))
        continue
      }
      // The disk failed or is full.
      troubles.begin(
        Self.reading, in: "file \(file.id)", error, logger: logger,
        metadata: ["file": "\(file.id)", "name": "\(file.name.display)"])
      putOff(file.work, failures: failures + 1)
    }
    await around.order.leave(files.map(\.id))
  }

  /// Waits while another inbox reads an earlier file, however long that takes: it has a pulse of its own.
  func waitForTurn(of id: FileID, targets: Set<String>) async {
    let (around, loop) = (around, "inbox \(inbox.name)")
    await withDiscardingTaskGroup { group in
      group.addTask {
        while !Task.isCancelled {
          around.instruments.pulse.beat(loop)
          try? await Task.sleep(for: Pulse.beat)
        }
      }
      await around.order.turn(of: id, targets: targets)
      group.cancelAll()
    }
  }

  /// Makes the file's batches sendable, or says why it can't be used.
  static func publish(
    _ result: ReadingResult, of claimed: ClaimedFile, inbox: Inbox, in commit: OutboxCommit
  ) throws {
    var facts = result.facts
    var fault = result.fault
    facts.corrects = ResultNames.correctedFileID(of: claimed.name)
    if let sha256 = facts.sha256,
      let original = try commit.original(sha256: sha256, inbox: inbox.name, before: claimed.id)
    {
      facts.duplicateOf = original.id
      if inbox.rejectsDuplicates, original.wasUsed, fault == nil {
        fault = FileFault(
          .duplicateFile, "the same bytes were dropped here before, as file \(original.id) (duplicates: reject)")
      }
    }
    if let fault {
      try commit.fail(claimed.id, facts: facts, fault: fault)
    } else {
      try commit.publish(claimed.id, facts: facts, items: result.items, rejected: result.rejected)
    }
  }

  /// The file changed while it was read: nothing of it is sent.
  func giveBack(_ claimed: ClaimedFile) async throws {
    troubles.forget("file \(claimed.id)")
    try around.outbox.commit { try $0.forget(claimed.id) }
    if folders.giveBack(claimed) {
      logger.notice(
        "file changed while it was read; it waits again", metadata: ["name": "\(claimed.name.display)"])
    } else {
      putOff(claimed.work, failures: 1)
    }
    await around.order.leave(claimed.id)
  }

  func putOff(_ file: WorkFile, failures: Int) {
    let backoff = Backoff(initial: around.settings.retry.initial, max: around.settings.retry.max)
    unread.append((file, .now + backoff.ceiling(failures: failures + 1), failures))
  }

  // MARK: - What people get to hear

  func tell(_ result: ReadingResult, of claimed: ClaimedFile) {
    meters.read(result)
    var metadata: Logger.Metadata = ["file": "\(claimed.id)", "name": "\(claimed.name.display)"]
    if let fault = result.fault {
      metadata["code"] = "\(fault.code.rawValue)"
      logger.warning("file can't be used", metadata: metadata)
      return
    }
    metadata["target"] = "\(result.facts.target ?? "none")"
    metadata["items"] = .number(result.items)
    metadata["rejected"] = .number(result.rejected)
    logger.info("file is queued", metadata: metadata)
  }
}

extension FileReading {
  /// The reading of a claimed file, which is a beat of its inbox's pulse, and ends when the daemon stops.
  init(_ claimed: ClaimedFile, in folders: InboxFolders, of inbox: Inbox, _ around: Intake.Surroundings) {
    self.init(
      inbox: inbox, settings: around.settings, name: claimed.name.bytes,
      path: "\(folders.work)/\(claimed.workName.display)", descriptor: claimed.descriptor, size: Int(claimed.size),
      refersToFile: true
    ) {
      around.instruments.pulse.beat("inbox \(inbox.name)")
      if around.stopFlag.isRaised { throw ReadingStopped() }
    }
  }
}
