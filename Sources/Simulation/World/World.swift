internal import Core
internal import Engine

/// One simulated world: a plan, and how it plays out.
///
/// # How it works
///
/// The world is a queue of events, a clock that jumps from one to the next, and everything that outlives the daemon:
/// the outbox, the folders, the API, the machine's clocks. The daemon (`Daemon`) drives the real `DispatchState`,
/// `PublicationOrder`, `QueueClock` and outbox, but no task, file or network. Each half of each action is an event of
/// its own, so that anything else may happen in between, including the daemon's death. All random values are drawn from
/// the plan's seed, and nothing depends on the order of a set. `Checker` compares what happens with what is promised.
final class World {
  let plan: WorldPlan
  let dice: Dice
  private(set) var now: Int64 = 0
  private var queue = EventQueue()
  private(set) var steps = 0
  /// A second of the world's time, and the steps before it: a loop that spins takes more steps than a second should
  /// have.
  private var secondBegan: Int64 = 0
  private var stepsBefore = 0
  private var history: History
  private(set) var violation: Violation?
  var machine = Machine()
  var disk: Disk
  /// Whether the storage that dispatch keeps outside memory fails.
  let keyRunsFail = Guarded(false)
  var folders: Folders
  var configuration: Configuration
  let apis: [SimulatedAPI]
  let checker: Checker
  private var daemon: Daemon?
  private var paused: Set<Int> = []
  private var stepEvents: [(step: Int, what: PlannedEvent.What)] = []
  /// Applications still to come.
  private var pendingApplications = 0
  private(set) var requestCount = 0
  private var watches: [ProgressWatch]
  /// Recovering from a fault takes time.
  private var disturbedAt: Int64 = -1_000_000

  init(_ plan: WorldPlan, outbox: any WorldOutbox, keepsHistory: Bool) {
    self.plan = plan
    dice = Dice(seed: plan.seed)
    disk = Disk(outbox: outbox)
    history = History(isKept: keepsHistory)
    folders = Folders(inboxes: plan.inboxes.map { _ in [] })
    configuration = Configuration(plan)
    let dice = dice
    apis = plan.targets.indices.map { SimulatedAPI(target: $0, plan: plan, dice: dice) }
    checker = Checker(plan)
    watches = plan.targets.map { _ in ProgressWatch() }
  }

  // MARK: - Time and events

  func at(_ time: Int64, _ body: @escaping (World) async -> Void) { queue.add(at: max(now, time), body) }

  func log(_ text: @autoclosure () -> String) { history.add(at: now, text()) }

  func fail(_ kind: Violation.Kind, _ message: @autoclosure () -> String) {
    guard violation == nil else { return }
    let violation = Violation(kind: kind, message: message())
    self.violation = violation
    log("VIOLATION \(kind.rawValue): \(violation.message)")
  }

  /// How long half a call to the outbox takes.
  func storeTime(_ salt: UInt64) -> Int64 {
    plan.storeDelay == 0 ? 0 : dice.number(0...plan.storeDelay, .storeTime, UInt64(now), salt)
  }

  // MARK: - Running

  func run() async -> WorldResult {
    for (number, file) in plan.files.enumerated() {
      at(file.droppedAt) { $0.drop(number) }
    }
    for event in plan.events {
      switch event.when {
      case .at(let time): at(time) { await $0.happen(event.what) }
      case .step(let step): stepEvents.append((step, event.what))
      }
    }
    stepEvents.sort { $0.step > $1.step }
    at(plan.goodDeadline) { $0.checkGoodFiles() }
    await start()
    let deadline = plan.deadline
    while violation == nil, let event = queue.popFirst() {
      guard event.time <= deadline else {
        fail(.stall, stallReport)
        break
      }
      now = max(now, event.time)
      await event.body(self)
      steps += 1
      while let next = stepEvents.last, next.step <= steps {
        stepEvents.removeLast()
        if now < plan.calmAt { await happen(next.what) }
      }
      if now >= secondBegan + 1000 { (secondBegan, stepsBefore) = (now, steps) }
      if steps - stepsBefore > 20_000 || steps > 3_000_000 { fail(.spinning, "the world does not end") }
      if isOver { break }
    }
    if violation == nil, !isOver { fail(.stall, stallReport) }
    if violation == nil { checker.checkEnd(self) }
    queue = EventQueue()
    daemon = nil
    disk.outbox.close()
    return WorldResult(
      violation: violation, history: history.lines, digest: history.digest, steps: steps, requests: requestCount,
      simulated: now)
  }

  private var isOver: Bool {
    // Damaged files stay until somebody fixes the outbox.
    let left = folders.work.count { !checker.mayStay($0.file) }
    return folders.receipts.count + folders.work.count - left >= plan.files.count && left == 0
      && pendingApplications == 0 && daemon != nil
  }

  private var stallReport: String {
    let open = plan.files.indices.filter { folders.receipts[$0] == nil }.map { "f\($0)" }
    return "no receipt yet of \(open.joined(separator: " ")); \(daemon?.report ?? "the daemon is down")"
  }

  /// Healthy files that wait for no other must be done long before the others are too old.
  private func checkGoodFiles() {
    guard !plan.isEverRemoved else { return }
    let bad = checker.waiting(for: plan.hopelessFiles).union(checker.waiting(for: checker.damagedFiles))
    let open = plan.files.indices.filter { folders.receipts[$0] == nil && !bad.contains($0) }
    if let first = open.first {
      fail(.stall, "f\(first) has no receipt yet, though nothing is wrong with it: \(stallReport)")
    }
    for (file, item) in plan.neighbours where !checker.isSettled(ItemID(file: file, number: item + 1)) {
      fail(.stall, "f\(file).\(item + 1) is not settled yet, for what another item of its batch is: \(stallReport)")
    }
  }

  private func drop(_ file: Int) {
    let items = plan.files[file].items.enumerated().map { index, item in
      "\(index + 1)=k\(item.key)" + (item.nature == .good ? "" : " (\(item.nature.rawValue))")
    }
    log("f\(file) is dropped into i\(plan.files[file].inbox): \(items.joined(separator: ", "))")
    folders.inboxes[plan.files[file].inbox].append(file)
    daemon?.intake.scanSoon(plan.files[file].inbox)
  }

  // MARK: - The daemon

  private func start() async {
    let daemon = Daemon(world: self)
    self.daemon = daemon
    log("the daemon starts")
    guard await daemon.start() else {
      // The service manager starts it again.
      daemon.die()
      self.daemon = nil
      at(now + 1000) { await $0.startIfDown() }
      return
    }
    disturbedAt = max(disturbedAt, now)
    for target in paused.sorted() { daemon.setPaused(target, true) }
  }

  private func startIfDown() async {
    if daemon == nil { await start() }
  }

  /// The daemon's process has ended.
  func end(restartAfter downFor: Int64) {
    daemon?.die()
    daemon = nil
    checker.daemonDied()
    watches = plan.targets.map { _ in ProgressWatch() }
    at(now + downFor) { await $0.startIfDown() }
  }

  private func crash(downFor: Int64) async {
    guard daemon != nil else { return }
    log("the daemon is killed")
    end(restartAfter: downFor)
    await onOutbox { try await $0.crash() }
  }

  private func cutPower(_ commits: Int, _ downFor: Int64, _ step: Int64) async {
    let fraction = dice.fraction(.loss, UInt64(now))
    end(restartAfter: downFor)
    await onOutbox { outbox in
      let lost = try await outbox.cutPower(commits: commits, fraction: fraction)
      self.log("the machine loses power\(lost ? ", and the last commits" : "")")
      if lost { self.checker.lostCommits() }
    }
    machine.boot(at: now)
    machine.setWallClock(by: step)
    await checker.learnSettled(from: self)
  }

  private func onOutbox(_ body: (any WorldOutbox) async throws -> Void) async {
    do { try await body(disk.outbox) } catch { fail(.contradiction, "the outbox can't be opened: \(error)") }
  }

  // MARK: - Planned events

  private func happen(_ what: PlannedEvent.What) async {
    log("event: \(what)")
    switch what {
    case .crash(let downFor): await crash(downFor: downFor)
    case .powerCut(let commits, let downFor, let step): await cutPower(commits, downFor, step)
    case .stop(let downFor): daemon?.stop(downFor: downFor)
    case .setWallClock(let step): machine.setWallClock(by: step)
    case .failReads(let count): disk.readsToFail += count
    case .failWrites(let count): disk.writesToFail += count
    case .fillDisk(let lasts): disk.isFullUntil = max(disk.isFullUntil, now + lasts)
    case .failKeyRuns(let lasts):
      keyRunsFail.value = true
      disturbedAt = max(disturbedAt, now + lasts)
      at(now + lasts) { $0.keyRunsFail.value = false }
    case .cancel(let file): daemon?.cancel(file)
    case .retryFile(let file): daemon?.retry(file: file)
    case .retryTarget(let target): daemon?.retry(target: target)
    case .retryAll: daemon?.retry()
    case .pause(let target, let lasts):
      paused.insert(target)
      daemon?.setPaused(target, true)
      at(now + lasts) { world in
        world.paused.remove(target)
        world.daemon?.setPaused(target, false)
      }
    case .reload(let reload):
      disturbedAt = max(disturbedAt, now)
      let targets = configuration.take(reload)
      daemon?.reload(targets)
    case .hideOriginal(let file, let lasts): folders.hiddenUntil[file] = now + lasts
    case .changeOriginal(let file): folders.changed.insert(file)
    case .damage(let file): damage(file)
    }
  }

  /// Whether the disk fails, or failed just now.
  var isDisturbed: Bool { now < lastDisturbance + 6000 }

  /// When something other than the API last failed; may be in the future if the fault lasts.
  var lastDisturbance: Int64 { max(disk.failedAt, disturbedAt) }

  /// Looks for batches that may go; only the in-memory outbox can be inspected so often.
  func look(at dispatcher: Dispatcher) {
    guard let memory = disk.outbox as? MemoryWorldOutbox else { return }
    watches[dispatcher.target].look(dispatcher, memory.outbox.content, self)
  }

  /// The first of the file's batches; only the in-memory outbox can be damaged like this.
  private func damage(_ file: Int) {
    // A file that is not published is read again, whatever happened to it.
    guard let memory = disk.outbox as? MemoryWorldOutbox, let claimed = folders.work.first(where: { $0.file == file }),
      let batch = memory.outbox.content.firstBatch(of: claimed.id)
    else { return }
    log("\(text(batch.waiting.name)) is damaged")
    memory.outbox.damage(batch.waiting.name)
    checker.damaged(batch.content.items.map { ItemID(file: file, number: $0.number) })
  }

  // MARK: - Requests

  /// Batches had their turn, but nothing of them can be sent.
  func hadTurn(isRetry: Bool, at target: Int) {
    if !isRetry { watches[target].sent(isRetry: false, to: target, self) }
  }

  /// Sends a request; `ended` follows if the daemon lives that long.
  ///
  /// - Returns: its number.
  func send(
    _ items: [ItemID], to target: Int, _ course: SimulatedAPI.Course, _ members: [Checker.Member]
  ) -> Int {
    requestCount += 1
    let number = requestCount
    watches[target].sent(isRetry: members.allSatisfy(\.isRetry), to: target, self)
    checker.sent(number, items, to: target, members, self)
    for application in course.applications {
      pendingApplications += 1
      at(application.at) { world in
        world.pendingApplications -= 1
        world.log("t\(target) applies \(application.items) of request \(number)")
        world.checker.applied(application.items, by: number, at: target, world)
      }
    }
    return number
  }
}

/// The result of running a world.
package struct WorldResult: Sendable {
  package var violation: Violation?
  package var history: [String]
  /// Of the history; runs of the same plan must agree.
  package var digest: UInt64
  package var steps: Int
  package var requests: Int
  /// Milliseconds.
  package var simulated: Int64

  package init(
    violation: Violation? = nil, history: [String] = [], digest: UInt64 = 0, steps: Int = 0, requests: Int = 0,
    simulated: Int64 = 0
  ) {
    self.violation = violation
    self.history = history
    self.digest = digest
    self.steps = steps
    self.requests = requests
    self.simulated = simulated
  }
}
