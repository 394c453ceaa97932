internal import APIs
package import Core
internal import Dispatch
package import Engine
internal import Formats
package import Logging
package import Outbox
package import Runtime
package import Settings
package import Spool
package import Telemetry

/// Takes the files of one inbox: has them claimed and read, and hands them to the `Publisher`, which makes their
/// batches sendable.
///
/// - Small files that are ready at the same scan are processed together: one sync of the folders, one commit. A large
///   file goes alone.
/// - A file that can't be read now (a disk that fails or is full) keeps its place and is retried for an hour; then it
///   is rejected as `unreadable`. Files after it are read in the meantime, and published behind it.
/// - In an inbox with `release: manual`, a file that was read waits in the outbox for its release. Until then it has no
///   place: it holds nobody up.
/// - A file that is unusable by its name or size, or turns out to be, does not hold up others.
package actor Intake {
  /// What all inboxes share.
  package struct Context: Sendable {
    var settings: Settings
    var outbox: Outbox
    /// The same outbox, for what reading stores there.
    var store: any IntakeStore
    /// Makes the items' tags.
    var key: SourceKey
    var publisher: Publisher
    var admission: AdmissionControl
    var instruments: Instruments
    var stopFlag: StopFlag
    /// The queue's clock.
    var now: @Sendable () -> QueueTime

    package init(
      settings: Settings, outbox: Outbox, store: any IntakeStore, key: SourceKey, publisher: Publisher,
      admission: AdmissionControl,
      instruments: Instruments, stopFlag: StopFlag, now: @escaping @Sendable () -> QueueTime
    ) {
      self.settings = settings
      self.outbox = outbox
      self.store = store
      self.key = key
      self.publisher = publisher
      self.admission = admission
      self.instruments = instruments
      self.stopFlag = stopFlag
      self.now = now
    }

    /// Reports that an inbox makes progress.
    func beating(_ inbox: Inbox) -> @Sendable () -> Void {
      { [heartbeat = instruments.heartbeat] in heartbeat.beat(inbox.loop) }
    }
  }

  /// What an inbox still has to do.
  package struct Rest: Sendable {
    /// Files that are being read, or wait in `work/` to be read again.
    package var unread: Int
    /// Files that will become ready without anything else being dropped.
    package var arriving: Int
    /// Whether a scan has been taken and everything that it found was processed.
    package var hasLooked: Bool
  }

  let inbox: Inbox
  let context: Context
  let logger: Logger
  let folders: InboxFolders
  let claimer: Claimer
  private let reader: FileReader
  private let search: WorkSearch
  let meters: InboxMetrics
  private let options: WatchOptions
  let watcher: Watcher
  private let queue: DispatchQueue
  private let cancelled = CancelledFiles()
  private let strayInterval: Duration
  private var isPaused: Bool
  private var isRunning = false
  private var isStopping = false
  /// Claimed files that wait in `work/` to be read.
  var unread: [UnreadWork] = []
  /// Files that are being read, or about to be.
  private var reading: Set<FileID> = []
  /// Replays that are about to be in `work/`.
  var replaying: Set<FileID> = []
  let copying: DispatchQueue
  private var lastScan: InboxScan?
  private var isBusy = false
  private var news: InboxLog
  private var lookedForStrays = ContinuousClock.now

  /// How long a cancel waits for a reading to notice.
  private static let patience = Duration.seconds(5)
  /// What is known about each of them is kept in memory.
  private static let mostWaiting = 10_000
  private static let measuring = "can't determine whether there is room for files"
  private static let publishing = "can't publish the files that were read"
  private static let searching = "can't search work/ for claimed files"
  private static let cancelledFault = FileFault(.cancelled, "cancelled by an operator before the file was sent")

  /// - Parameter strayInterval: how often `work/` is searched for unknown files.
  package init(
    _ inbox: Inbox, folders: InboxFolders, context: Context, isPaused: Bool, logger: Logger,
    strayInterval: Duration = .seconds(60)
  ) {
    self.inbox = inbox
    self.folders = folders
    self.context = context
    self.isPaused = isPaused
    self.logger = logger
    self.strayInterval = strayInterval
    let targets = inbox.routes.flatMap { RouteTargets($0, settings: context.settings).targetNames }
    meters = InboxMetrics(inbox.name, targets: Set(targets), context.instruments.metrics)
    news = InboxLog(inbox.name, tracker: context.instruments.tracker, logger: logger)
    queue = DispatchQueue(label: "read \(inbox.name)")
    copying = DispatchQueue(label: "replay \(inbox.name)")
    claimer = Claimer(inbox: inbox, folders: folders, context: context, queue: queue, logger: logger)
    reader = FileReader(
      inbox: inbox, folders: folders, context: context, queue: queue, cancelled: cancelled, meters: meters,
      logger: logger)
    search = WorkSearch(inbox: inbox, folders: folders, context: context, queue: queue, logger: logger)
    options = WatchOptions(inbox, context.settings)
    watcher = Watcher(folders: folders, options: options)
  }

  package var rest: Rest {
    Rest(
      unread: unread.count + (isBusy ? 1 : 0),
      arriving: isPaused
        ? 0 : (lastScan?.ready.count ?? 0) + (lastScan?.unclaimed.lazy.filter(\.isArriving).count ?? 0),
      hasLooked: lastScan != nil)
  }

  package func setPaused(_ isPaused: Bool) { self.isPaused = isPaused }

  package func stop() async {
    isStopping = true
    await watcher.stop()
  }

  /// Takes over files that an earlier run claimed and did not publish: they come before everything that is still in the
  /// inbox.
  ///
  /// Call this for all inboxes before one of them runs, since the files take their places at once.
  /// - Parameters:
  ///   - known: all files with a row.
  ///   - rows: those of them that have not been read.
  /// - Throws: `InboxError`, `OutboxError`.
  package func takeOver(known: Set<FileID>, rows: [FileRecord]) async throws {
    for work in try await search.unpublished(known: known, rows: rows) { await takeOver(work) }
  }

  private func takeOver(_ work: UnreadWork) async {
    let name = work.work.dropped
    let targets = work.file.line == nil ? claimer.awaitedTargets(of: name) : claimer.targets(of: name)
    await context.publisher.takeOver(
      work.file, targets: work.verdict == nil ? targets : [], isOrdered: inbox.ordering != .none)
    unread.append(work)
  }

  /// Looks, claims and reads until `stop()`; the file being read is left for the next run.
  package func run() async {
    let beat = context.beating(inbox)
    isRunning = true
    beat()
    await readAgain()
    await watcher.start()
    for await scan in watcher.scans {
      beat()
      isBusy = true
      await take(scan)
      await takeOverStrays()
      await readAgain()
      await publishWaiting()
      isBusy = false
      if isStopping { break }
    }
    context.instruments.heartbeat.ended(inbox.loop)
    activeFailures.forget(inbox.loop)
  }

  private var activeFailures: ActiveFailures { context.instruments.activeFailures }

  /// Runs an act that concerns the inbox rather than one of its files.
  private func attempt(_ what: String, _ act: () async throws -> Void) async {
    do {
      try await act()
      activeFailures.end(what, in: inbox.loop, logger: logger)
    } catch {
      activeFailures.begin(what, in: inbox.loop, error, logger: logger)
    }
  }

  /// Publishes files that only a failing outbox has held up.
  private func publishWaiting() async {
    await attempt(Self.publishing) { try await context.publisher.publishWaiting() }
  }

  private func takeOverStrays() async {
    guard lookedForStrays + strayInterval < .now, !isStopping else { return }
    lookedForStrays = .now
    await attempt(Self.searching) {
      let known = replaying.union(unread.map(\.file.id))
      // A replay may have come into `work/` during the search.
      for work in try await search.strays(besides: known) where !isHere(work.file.id) { await takeOver(work) }
    }
  }

  // MARK: - Claiming

  private func take(_ scan: InboxScan) async {
    meters.looked(scan.took)
    news.report(scan, isPaused: isPaused)
    var left = scan
    left.ready = []
    await noteReady(scan)
    guard !isPaused, !isStopping else {
      lastScan = scan
      return
    }
    var rest = scan.ready[...]
    while !rest.isEmpty, !isStopping, !isPaused {
      let together = Array(claimer.smallFiles(atStartOf: rest))
      let room = await room(for: together)
      let count = room.reservations.count
      guard count > 0 else { break }
      await claim(Array(together.prefix(count)), room)
      rest = rest.dropFirst(count)
    }
    left.ready = Array(rest)
    lastScan = left
    await noteReady(left)
  }

  /// A file that waits for its claim came in time, if it became ready in time.
  private func noteReady(_ scan: InboxScan) async {
    // A folder that can't be read says nothing about its files.
    guard !inbox.expect.isEmpty, scan.fault == nil else { return }
    await context.publisher.waiting(scan.ready.map { ExpectedFiles.Arrival($0) }, in: inbox.name)
  }

  private func room(for files: [ReadyFile]) async -> AdmissionControl.Answer {
    let waiting = await context.publisher.waitingCount(inbox: inbox.name)
    guard waiting < Self.mostWaiting else {
      news.report(.behindUnread(waiting))
      return AdmissionControl.Answer()
    }
    var answer = AdmissionControl.Answer()
    await attempt(Self.measuring) {
      answer = try await claimer.room(for: files)
      news.report(answer.obstacle)
    }
    return answer
  }

  private func claim(_ files: [ReadyFile], _ room: AdmissionControl.Answer) async {
    let places = await claimer.places(for: files, room)
    // An operator who sees a file in work/ may cancel it.
    reading.formUnion(places.map(\.id))
    defer { reading.subtract(places.map(\.id)) }
    let (claims, halfClaimed) = await claimer.claim(files, places, room)
    for _ in claims { meters.claimed() }
    for (file, error) in halfClaimed { await putOff(search.unread(file), error) }
    await read(claims)
  }

  // MARK: - Reading

  /// Reads claimed files, in order, and hands them over; small ones together.
  private func read(_ claims: [Claim]) async {
    reading.formUnion(claims.map(\.file.id))
    defer { reading.subtract(claims.map(\.file.id)) }
    var held: [(claim: Claim, read: ReadFile)] = []
    var heldBytes = 0
    for claim in claims {
      do {
        guard let file = try await reader.read(claim) else {
          await giveBack(claim)
          continue
        }
        held.append((claim, file))
        heldBytes += file.staging.heldBytes
        guard heldBytes >= Staging.commitBytes else { continue }
        await handOver(held)
        (held, heldBytes) = ([], 0)
      } catch {
        await leave(claim, for: error)
      }
    }
    await handOver(held)
  }

  /// They are read: from here on they are the publisher's responsibility.
  private func handOver(_ files: [(claim: Claim, read: ReadFile)]) async {
    guard !files.isEmpty else { return }
    do {
      let ended = Set(files.map(\.read.file.id).filter { cancelled.contains($0) })
      try await context.publisher.take(
        files.map { ended.contains($0.read.file.id) ? $0.read.rejected(Self.cancelledFault) : $0.read })
      for id in ended { cancelled.remove(id) }
      for file in files { file.claim.reservation.end() }
    } catch {
      for file in files {
        var claim = file.claim
        claim.verdict = claim.verdict ?? file.read.result.fault
        await leave(claim, for: error)
      }
    }
  }

  /// Leaves a claimed file for the next run if the daemon is stopping, or for a later retry from its beginning.
  private func leave(_ claim: Claim, for error: any Error) async {
    claim.reservation.end()
    if error is ReadingStopped {
      unread.append(claim.work)
    } else if error is ReadingCancelled {
      await reject(claim.work, Self.cancelledFault)
    } else {
      await putOff(claim.work, error)
    }
  }

  /// A file can't be read now: it keeps its place, and is retried or, after an hour, rejected.
  private func putOff(_ work: UnreadWork, _ error: any Error) async {
    var work = work
    let (id, now) = (work.file.id, context.now())
    let backoff = Backoff(initial: context.settings.retry.initial, max: context.settings.retry.max)
    var trouble = work.trouble ?? ReadingTrouble(since: now)
    trouble.fail("\(error)", at: now, backoff: backoff)
    work.trouble = trouble
    activeFailures.begin(
      FileReader.failing, in: "file \(id)", error, logger: logger,
      metadata: ["file": "\(id)", "name": "\(work.work.dropped.display)"])
    guard !trouble.isHopeless(at: now) else {
      let minutes = Int((now - trouble.since).seconds / 60)
      return await reject(work, FileFault(.unreadable, "the file could not be read for \(minutes) minutes: \(error)"))
    }
    // Discards what was staged of it, and stores when it was claimed. If the disk takes neither, the next retry does
    // both.
    let (store, file, beat) = (context.store, work.file, context.beating(inbox))
    try? await queue.run {
      try store.discardStaged(of: file.id, onProgress: beat)
      try store.commit { try $0.begin(file) }
    }
    unread.append(work)
    var note = UnreadFile(id: id, inbox: inbox.name, name: work.work.dropped.display)
    note.reason = trouble.reason
    note.since = .now + (trouble.since - now)
    note.nextAttempt = .now + (trouble.due - now)
    await context.publisher.note(note)
  }

  /// Rejects as a whole a file that is not read.
  private func reject(_ work: UnreadWork, _ fault: FileFault) async {
    let id = work.file.id
    do {
      try await context.publisher.take([try await reader.rejected(work, fault)])
      cancelled.remove(id)
    } catch {
      // The outbox accepts nothing: retry at the next scan.
      var work = work
      work.verdict = fault
      unread.append(work)
      activeFailures.begin(FileReader.failing, in: "file \(id)", error, logger: logger, metadata: ["file": "\(id)"])
    }
  }

  /// The file changed while it was read: nothing of it is sent.
  private func giveBack(_ claim: Claim) async {
    guard claim.file.replay == nil else {
      // In the inbox it would be an ordinary file.
      claim.reservation.end()
      return await reject(
        claim.work, FileFault(.fileChanged, "the file in work/ was changed while it was read; nothing of it was sent"))
    }
    guard await putBack(claim, because: "the file changed") else { return }
    logger.notice(
      inbox.marker == nil
        ? "file changed while it was read; waiting for it again"
        : "file changed while it was read; waiting for it again, and for a new marker",
      metadata: ["name": "\(claim.claimed.name.display)"])
  }

  /// - Returns: whether the file is in `inbox/` again; if not, it keeps its place, and that is tried again.
  private func putBack(_ claim: Claim, because reason: String) async -> Bool {
    let (folders, claimed) = (folders, claim.claimed)
    claim.reservation.end()
    let result = await queue.run { () -> Result<Void, InboxError> in
      Result { () throws(InboxError) in try folders.giveBack(claimed, because: reason) }
    }
    switch result {
    case .success:
      await forget(claimed.id)
      return true
    case .failure(let error) where error.code == .missing: await rejectGone(claim.work, when: "while it was read")
    case .failure(let error): await putOff(claim.work, error)
    }
    return false
  }

  /// Somebody removed the claimed file from `work/`: there is nothing to read, and nothing to put back. It is rejected,
  /// since a claimed file that only vanished would have no receipt.
  private func rejectGone(_ work: UnreadWork, when: String) async {
    logger.error(
      "claimed file is missing", metadata: ["file": "\(work.file.id)", "name": "\(work.work.dropped.display)"])
    await reject(work, FileFault(.fileChanged, "the file was removed from work/ \(when); nothing of it was sent"))
  }

  /// The file is in `inbox/` again.
  private func forget(_ id: FileID) async {
    activeFailures.forget("file \(id)")
    // If this fails, the next start finds a row without a file.
    let (store, beat) = (context.store, context.beating(inbox))
    try? await queue.run {
      try store.discardStaged(of: id, onProgress: beat)
      try store.commit { try $0.forget(id) }
    }
    await context.publisher.left([id])
  }

  /// Retries the claimed files that could not be read.
  private func readAgain() async {
    let now = context.now()
    for work in unread where !isStopping {
      let id = work.file.id
      guard cancelled.contains(id) || work.trouble.map({ $0.due <= now }) ?? true else { continue }
      unread.removeAll { $0.file.id == id }
      reading.insert(id)
      defer { reading.remove(id) }
      if cancelled.contains(id) {
        await reject(work, Self.cancelledFault)
      } else if let verdict = work.verdict, verdict.isWithoutReading {
        await reject(work, verdict)
      } else {
        await readAgain(work)
      }
    }
  }

  private func readAgain(_ work: UnreadWork) async {
    do {
      // A replay's bytes were compared with the original's when they were copied.
      let checksum = work.file.replay == nil ? options.checksum(for: work.work.dropped) : nil
      let (claimed, owner) = try await queue.run { [folders, inbox] in
        let claimed = try folders.reopen(work.work, marker: inbox.marker, checksum: checksum)
        return (claimed, work.file.owner ?? claimed?.owner.name)
      }
      guard let claimed else {
        // Without its folder, the file may come back.
        guard await queue.run({ [folders] in folders.isGone(work.work) }) else {
          throw InboxError(.missing, "open", "\(folders.work)/\(work.work.name.display)", "it is not there as a file")
        }
        return await rejectGone(work, when: "before it was read")
      }
      var claim = Claim(claimed: claimed, file: work.file, verdict: work.verdict, trouble: work.trouble)
      claim.file.owner = owner
      if checksum != nil, claimed.sideFile == nil, claim.verdict == nil {
        // Claimed before its route had `checksum`, or its side file was lost in a crash: without one it is not ready.
        if await putBack(claim, because: "its side file is missing") {
          logger.warning("file has no side file; waiting for that", metadata: ["name": "\(claimed.name.display)"])
        }
        return
      }
      await read([claim])
    } catch {
      await putOff(work, error)
    }
  }

  // MARK: - Operator orders

  /// Retries at once the files that could not be read: all of them, or only this one.
  ///
  /// - Returns: how many.
  package func tryNow(_ file: FileID? = nil) async -> Int {
    let now = context.now()
    var count = 0
    for place in unread.indices
    where unread[place].trouble != nil && file ?? unread[place].file.id == unread[place].file.id {
      unread[place].trouble?.makeDue(at: now)
      count += 1
    }
    await watcher.scanNow()
    return count
  }

  /// Rejects as a whole a file that is not published; a file that is being read, at its next chunk.
  ///
  /// - Returns: whether it is done, or will be (if a reading hangs). False if the file is not this inbox's, was
  ///   published just now, or went back to its folder.
  /// - Throws: `OutboxError`.
  package func cancel(_ id: FileID) async throws -> Bool {
    if !isRunning, let place = unread.firstIndex(where: { $0.file.id == id }) {
      await reject(unread.remove(at: place), Self.cancelledFault)
      return true
    }
    if isHere(id) {
      cancelled.insert(id)
      await watcher.scanNow()
      let deadline = ContinuousClock.now + Self.patience
      while cancelled.contains(id), isHere(id) {
        if deadline < .now { return true }
        try? await Task.sleep(for: .milliseconds(20))
      }
      guard cancelled.contains(id) else { return true }
      cancelled.remove(id)
    }
    return try await context.publisher.reject(id, Self.cancelledFault, onProgress: context.beating(inbox))
  }

  /// Whether it is being read, or waits to be.
  private func isHere(_ id: FileID) -> Bool {
    reading.contains(id) || replaying.contains(id) || unread.contains { $0.file.id == id }
  }
}

extension FileFault {
  /// Whether it says that the file can't be read any more: another try would only find that out again.
  fileprivate var isWithoutReading: Bool { code == .unreadable || code == .fileChanged }
}
