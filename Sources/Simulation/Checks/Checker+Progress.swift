internal import Core
internal import Engine

/// Checks that batches that may go are sent soon.
extension Checker {
  /// The API has answered, or failed to.
  func took(
    _ outcome: DispatchState.Outcome, _ state: Pace.State, at now: QueueTime, _ dispatcher: Dispatcher, _ world: World
  ) {
    guard case .retry(_, true, let retryAfter?, _, _) = outcome else { return }
    switch state {
    case .slowed(_, let until) where until >= now + retryAfter: break
    case .held: break
    default:
      world.fail(.request, "t\(dispatcher.target) was asked for \(retryAfter.milliseconds) ms, and is \(state)")
    }
  }
}

/// Watches one target's dispatch for batches that may go and are not sent.
struct ProgressWatch {
  private var lookedAt: Int64 = -1000
  /// The batch that should go first, and since when it has not gone without a reason.
  private var stuck: (name: BatchName, since: Int64)?

  /// The batch that was never sent and may go, and since when this is known.
  private var waitingFirst: (name: BatchName, since: Int64)?
  /// Retries since a first attempt.
  private var retries = 0

  /// A request goes out.
  mutating func sent(isRetry: Bool, to target: Int, _ world: World) {
    guard isRetry else { return self = ProgressWatch() }
    guard let first = waitingFirst, world.now > first.since + 1000, world.plan.targets[target].linger == nil,
      !world.isDisturbed
    else { return }
    retries += 1
    // Half of the requests, plus or minus one decided before.
    if retries > 3 { world.fail(.starvation, "\(retries) retries are sent while \(world.text(first.name)) may go") }
    let concurrency = world.configuration.targets[target].options.concurrency
    if concurrency > 1, world.checker.liveRetries(target) + 1 >= concurrency {
      world.fail(.starvation, "retries take all connections while \(world.text(first.name)) may go")
    }
  }

  mutating func look(_ dispatcher: Dispatcher, _ content: MemoryContent, _ world: World) {
    guard world.now >= lookedAt + 250 else { return }
    lookedAt = world.now
    guard case .delivering = dispatcher.state.state, !world.isDisturbed,
      let name = firstThatMayGo(dispatcher, content, world)
    else { return (stuck, waitingFirst) = (nil, nil) }
    if waitingFirst?.name != name { waitingFirst = (name, world.now) }
    let time = dispatcher.daemon.time
    guard case .go = dispatcher.state.permission(at: time) else { return stuck = nil }
    switch dispatcher.state.obstacle(to: name, at: time) {
    case .pace, .outbox, .turnOfOthers, .stopping, .paused, .withdrawn, .underWay: return stuck = nil
    case nil, .notInMemory, .blocked, .notDue: break
    }
    guard let stuck, stuck.name == name else { return self.stuck = (name, world.now) }
    let allowed = 1000 + 40 * world.plan.storeDelay + (world.plan.targets[dispatcher.target].linger ?? 0)
    if world.now - stuck.since > allowed {
      let reason = dispatcher.state.obstacle(to: name, at: time).map { "\($0)" } ?? "nothing"
      world.fail(
        .starvation,
        "\(world.text(name)) may go, and has not for \(world.now - stuck.since) ms; its obstacle is \(reason)")
    }
  }

  /// The first batch that was never sent and none of whose keys is held before it.
  private func firstThatMayGo(
    _ dispatcher: Dispatcher, _ content: MemoryContent, _ world: World
  ) -> BatchName? {
    var held = KeySet()
    let target = "t\(dispatcher.target)"
    for file in content.files {
      guard file.record.state == .queued, file.record.facts.target == target else { continue }
      let line = file.lineFile
      for batch in file.batches {
        let keys = line.orderKeys(of: batch.waiting.itemKeys)
        let isFree = keys.allSatisfy { !held.contains($0) }
        for key in keys { _ = held.insert(key) }
        guard isFree, batch.waiting.attempts == 0, batch.problem == nil, !batch.isDamaged, !file.isCancelled else {
          continue
        }
        // The file was reported only just now.
        if let told = dispatcher.toldAt[file.record.id], world.now - told < 1000 { continue }
        return batch.waiting.name
      }
    }
    return nil
  }
}
