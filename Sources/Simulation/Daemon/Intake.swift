internal import Core
internal import Engine

/// Claims and reads files, and publishes them in the order of the real `PublicationOrder`.
final class Intake {
  unowned let daemon: Daemon
  private var order = PublicationOrder()
  private var ids = FileIDSource()
  private var random: Randomness
  private var troubles: [FileID: ReadingTrouble] = [:]
  /// Read and not yet published.
  private var staged: [FileID: Staged] = [:]
  private var isPublishing = false
  /// Published, but dispatch has not been informed.
  private var unreported: [SimulatedFile] = []
  private var isReporting = false
  private var isStopping = false
  /// Files that an operator cancelled before they were published.
  private var cancelled: Set<FileID> = []
  private var unpublished: Set<FileID> = []
  private var failedOnce: Set<Int> = []
  /// When each file of this life was claimed or taken over.
  private var claimedAt: [FileID: QueueTime] = [:]
  private var scansAt: [Int64?]

  private struct Staged {
    var facts: FileFacts
    var items = 0
    var rejected = 0
    var fault: FileFault?
  }

  init(daemon: Daemon) {
    self.daemon = daemon
    random = Randomness(seed: daemon.world.plan.seed)
    scansAt = daemon.world.plan.inboxes.map { _ in nil }
  }

  private var world: World { daemon.world }
  private static let pollInterval: Int64 = 1000

  /// Begins to read claimed files that an earlier life did not read to the end.
  func recover() async throws(OutboxError) {
    for file in world.folders.work {
      ids.skip(past: file.id)
      do {
        switch try await world.disk.outbox.knows(file.id) {
        case .read: continue
        case .finished:
          world.folders.work.removeAll { $0.id == file.id }
          continue
        case .unknown, .reading: break
        }
      } catch { throw OutboxError(.failing, path: "outbox", reason: "\(error)") }
      unpublished.insert(file.id)
      claimedAt[file.id] = daemon.time
      order.claimed(file.id, targets: ["t\(file.target)"], isOrdered: file.ordering != .none)
      daemon.after(world.storeTime(60)) { [self] _ in read(file) }
    }
    // Earlier ids are known even if their files are gone.
    for file in world.checker.allIDs { ids.skip(past: file) }
    for inbox in world.folders.inboxes.indices { scanSoon(inbox) }
  }

  func stop() { isStopping = true }

  var report: String {
    "\(staged.count) files read and not published, unread: \(troubles.keys.sorted().map { "f\(world.checker.number(of: $0))" })"
  }

  // MARK: - Claiming

  func scanSoon(_ inbox: Int) {
    let time = (world.now / Self.pollInterval + 1) * Self.pollInterval
    guard scansAt[inbox] != time, !isStopping, !world.folders.inboxes[inbox].isEmpty else { return }
    scansAt[inbox] = time
    daemon.after(time - world.now) { [self] _ in scan(inbox) }
  }

  private func scan(_ inbox: Int) {
    guard !isStopping else { return }
    // No file is claimed if there is no room for it.
    if world.now < world.disk.isFullUntil { return scanSoon(inbox) }
    let configured = world.configuration.inboxes[inbox]
    for file in world.folders.inboxes[inbox] {
      let id = ids.next(at: daemon.wall, using: &random)
      let claimed = SimulatedFile(
        id: id, file: file, inbox: inbox, target: configured.target, ordering: configured.ordering,
        isKeyed: configured.isKeyed, successMode: configured.successMode)
      unpublished.insert(id)
      claimedAt[id] = daemon.time
      order.claimed(id, targets: ["t\(claimed.target)"], isOrdered: claimed.ordering != .none)
      world.folders.work.append(claimed)
      world.log("f\(file) is claimed for t\(claimed.target)")
      world.checker.claimed(claimed, at: world.now)
      daemon.after(world.storeTime(61)) { [self] _ in read(claimed) }
    }
    world.folders.inboxes[inbox] = []
  }

  // MARK: - Reading

  private func read(_ file: SimulatedFile) {
    let plan = world.plan.files[file.file]
    if isStopping { return }
    if isUnreadable(file.file, plan) { return fail(file) }
    troubles[file.id] = nil
    let id = file.id
    do throws(OutboxError) {
      let store = try world.disk.write(at: world.now)
      let new = NewFile(
        id: id, inbox: file.inboxName, name: Array("f\(file.file)".utf8), receivedAt: daemon.wall,
        claimedAt: claimedAt[id] ?? daemon.time)
      try store.commit { try $0.begin(new) }
    } catch {
      daemon.check(error)
      return daemon.after(1000) { [self] _ in read(file) }
    }
    daemon.after(plan.readTime) { [self] _ in stage(file, plan) }
  }

  private func isUnreadable(_ file: Int, _ plan: FilePlan) -> Bool {
    switch plan.reading {
    case .failsOnce: failedOnce.insert(file).inserted
    case .unreadable(let until): world.now < until
    default: false
    }
  }

  private func fail(_ file: SimulatedFile) {
    let options = world.configuration.targets[file.target].options
    var trouble = troubles[file.id] ?? ReadingTrouble(since: daemon.time)
    trouble.fail("input/output error", at: daemon.time, backoff: options.backoff)
    if trouble.isHopeless(at: daemon.time) {
      return reject(file, FileFault(.unreadable, "it could not be read for an hour"))
    }
    troubles[file.id] = trouble
    world.log("f\(file.file) can't be read")
    daemon.after(max(1, (trouble.due - daemon.time).milliseconds)) { [self] _ in
      if cancelled.contains(file.id) {
        return reject(file, FileFault(.cancelled, "cancelled"))
      }
      read(file)
    }
  }

  private func stage(_ file: SimulatedFile, _ plan: FilePlan) {
    if isStopping { return }
    if cancelled.contains(file.id) { return reject(file, FileFault(.cancelled, "cancelled")) }
    if plan.reading == .malformed { return reject(file, FileFault(.malformedJSON, "malformed")) }
    let (batches, rejects) = batches(of: file, plan)
    if file.successMode == .atomic, batches.count > 1 { return reject(file, FileFault(.tooLarge, "not one request")) }
    let halves = [batches.prefix(batches.count / 2), batches.suffix(batches.count - batches.count / 2)]
    do throws(OutboxError) {
      for (place, half) in halves.enumerated() {
        let store = try world.disk.write(at: world.now)
        try store.commit { commit in
          try commit.stage(Array(half), rejects: place == 0 ? rejects : [], of: file.id, target: "t\(file.target)")
        }
      }
    } catch {
      daemon.check(error)
      return daemon.after(1000) { [self] _ in read(file) }
    }
    staged[file.id] = Staged(facts: facts(of: file), items: plan.items.count, rejected: rejects.count)
    world.log("f\(file.file) is read")
    order.read(file.id, target: "t\(file.target)")
    publishSoon()
  }

  private func facts(of file: SimulatedFile) -> FileFacts {
    var facts = FileFacts()
    facts.target = "t\(file.target)"
    facts.api = world.plan.targets[file.target].keepsKeysApart ? "lusid" : "liquid"
    (facts.ordering, facts.successMode) = (file.ordering, file.successMode)
    return facts
  }

  private func batches(
    of file: SimulatedFile, _ plan: FilePlan
  ) -> (batches: [(ordinal: Int, batch: QueuedBatch)], rejects: [Reject]) {
    let target = world.plan.targets[file.target]
    var batcher = Batcher(
      limits: BatchLimits(maxItems: target.maxItems, maxBytes: 1 << 20),
      brackets: (UInt8(ascii: "["), UInt8(ascii: "]")), keepsKeysApart: target.keepsKeysApart, setsHotKeysApart: true)
    var full: [QueuedBatch] = []
    var rejects: [Reject] = []
    for (index, planned) in plan.items.enumerated() {
      let piece = ItemID(file: file.file, number: index + 1).piece
      let item = BatchItem(
        number: index + 1, line: index + 1, source: index * 10..<index * 10 + 9, pieceLength: piece.count,
        key: file.isKeyed ? ItemPlan.hash(of: planned.key) : nil)
      if planned.nature == .invalid {
        rejects.append(Reject(item, ItemFault(.invalidItem, "invalid")))
      } else {
        full += batcher.add(item, literals: piece[...])
      }
    }
    full += batcher.finish()
    return (full.enumerated().map { ($0 + 1, $1) }, rejects)
  }

  /// The whole file is unusable.
  private func reject(_ file: SimulatedFile, _ fault: FileFault) {
    troubles[file.id] = nil
    staged[file.id] = Staged(facts: facts(of: file), fault: fault)
    order.read(file.id, target: nil)
    publishSoon()
  }

  // MARK: - Publishing

  private func publishSoon() {
    guard !isPublishing, order.publishable(limit: 1).first != nil else { return }
    isPublishing = true
    daemon.after(world.storeTime(62)) { [self] _ in
      publish(order.publishable().compactMap { id in world.folders.claimed(id) })
    }
  }

  /// Publishes all files whose turn has come, in one commit.
  private func publish(_ ready: [SimulatedFile]) {
    isPublishing = false
    guard !isStopping else { return }
    do throws(OutboxError) {
      let store = try world.disk.write(at: world.now)
      try store.commit { commit in for file in ready { try publish(file, in: commit) } }
    } catch {
      daemon.check(error)
      // A file that was still in memory alone is lost with the commit: it is read again, and keeps its place.
      let read = ready.filter { staged[$0.id]?.fault == nil }
      if !read.isEmpty {
        let lost = random.element(of: read)
        order.unread(lost.id)
        staged[lost.id] = nil
        daemon.after(1000) { [self] _ in self.read(lost) }
      }
      return daemon.after(1000) { [self] _ in publishSoon() }
    }
    for file in ready {
      if let fault = staged[file.id]?.fault {
        world.log("f\(file.file) is rejected: \(fault.code.rawValue)")
        world.checker.unusable(file.file)
      } else {
        world.log("f\(file.file) is published")
        unreported.append(file)
      }
      order.left(file.id)
      staged[file.id] = nil
      cancelled.remove(file.id)
      unpublished.remove(file.id)
    }
    daemon.results.lookSoon()
    if !isReporting {
      isReporting = true
      reportNext()
    }
    publishSoon()
  }

  private func publish(_ file: SimulatedFile, in commit: any IntakeCommit) throws {
    guard let result = staged[file.id] else { return }
    guard let fault = result.fault else {
      return try commit.publish(file.id, facts: result.facts, items: result.items, rejected: result.rejected)
    }
    // It may not have a row yet.
    try commit.begin(
      NewFile(
        id: file.id, inbox: file.inboxName, name: Array("f\(file.file)".utf8), receivedAt: daemon.wall,
        claimedAt: claimedAt[file.id] ?? daemon.time))
    try commit.fail(file.id, facts: result.facts, fault: fault)
  }

  /// Informs dispatch of one file after the other, in the order of their publication.
  private func reportNext() {
    guard let file = unreported.first else { return isReporting = false }
    daemon.after(world.storeTime(63)) { [self] daemon in
      unreported.removeFirst()
      daemon.dispatchers[file.target].published(file)
      reportNext()
    }
  }

  /// Whether the file is not published yet; if so, it will be rejected.
  func cancel(_ id: FileID) -> Bool {
    guard unpublished.contains(id) else { return false }
    cancelled.insert(id)
    guard let result = staged[id], result.fault == nil, let file = world.folders.claimed(id) else { return true }
    reject(file, FileFault(.cancelled, "cancelled"))
    return true
  }
}
