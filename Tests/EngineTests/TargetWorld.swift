import Core
import Engine
import Simulation
import TestKit

/// One target's dispatch on an outbox in memory, with a clock that stands still until it is moved, and an API that a closure plays.
///
/// Actions are carried out one after the other; requests are answered when the test says so.
final class TargetWorld {
  let outbox = MemoryOutbox()
  private(set) var state: DispatchState
  var now = QueueTime(milliseconds: 1_000_000)
  let target = "t"
  private var random = SplitMix64(seed: 1)
  private var files = 0
  /// Requests that are under way, in the order in which they were sent.
  private(set) var underWay: [DispatchState.RequestPlan] = []
  /// The items of each request that was sent, in order: keys.
  private(set) var sent: [[String]] = []
  /// Keys whose values were applied, with the file that they came from, in order.
  private(set) var applied: [(key: String, file: FileID)] = []
  private let options: DispatchOptions
  private let usesTinyLimits: Bool
  enum Moment { case lineIsRead, outcomeIsWritten }

  /// Happens once, after the outbox has been read or written, and before dispatch has the result.
  private var meanwhile: [Moment: () async throws -> Void] = [:]

  init(_ options: DispatchOptions = DispatchOptions(), usesTinyLimits: Bool = false) {
    self.options = options
    self.usesTinyLimits = usesTinyLimits
    state = DispatchState(options: options, runs: RunsInMemory(), at: now, usesTinyLimits: usesTinyLimits)
  }

  /// Queues a file: one batch for each list of keys. Returns its id.
  @discardableResult
  func drop(
    _ batches: [[String]], inbox: String = "in", ordering: Ordering = .key, mode: SuccessMode = .partial,
    tells: Bool = true
  ) async throws -> FileID {
    files += 1
    let id = FileID(at: Timestamp(milliseconds: 1_000_000 + Int64(files)), entropy: 0)
    var facts = FileFacts()
    facts.target = target
    facts.ordering = ordering
    facts.successMode = mode
    var number = 0
    let staged = batches.enumerated().map { index, keys in
      var body = Array("[".utf8)
      let items = keys.map { key in
        number += 1
        if body.count > 1 { body.append(UInt8(ascii: ",")) }
        body += key.utf8
        return BatchItem(
          number: number, line: number, source: number..<number + 1, pieceLength: key.utf8.count, key: Self.hash(key))
      }
      return (ordinal: index + 1, batch: QueuedBatch(Batch(items: items, body: body + Array("]".utf8))))
    }
    let claimedAt = now
    try outbox.commit { commit in
      try commit.begin(
        NewFile(
          id: id, inbox: inbox, name: Array("f".utf8), receivedAt: Timestamp(milliseconds: 1), claimedAt: claimedAt))
      try commit.stage(staged, rejects: [], of: id, target: target)
      try commit.publish(id, facts: facts, items: number, rejected: 0)
    }
    if tells { state.published(id, holdsKeys: ordering != .none, at: now) }
    return id
  }

  /// Reports a file that was dropped without `tells`.
  func tell(_ file: FileID) { state.published(file, holdsKeys: true, at: now) }

  static func hash(_ key: String) -> KeyHash {
    var hash = KeyHash()
    hash.combine(key.utf8)
    return hash
  }

  /// Carries out what can be done now, but for answering.
  func turn() async throws {
    while let action = state.nextAction(at: now) {
      switch action {
      case .note, .withdrawn: break
      case .read(let read): try await carryOut(read)
      case .withdraw(let withdrawal): try await carryOut(withdrawal)
      case .send(let requestPlan):
        switch try await outbox.lease(
          requestPlan.batches.map { ($0.name, $0.attempts) }, dueAfterCrash: requestPlan.dueAfterCrash)
        {
        case .leased(let batches):
          underWay.append(requestPlan)
          sent.append(batches.flatMap { Self.keys(of: $0) })
        case .stale:
          _ = state.ended(requestPlan.id, .stale, at: now, jitter: 0)
          state.wrote(requestPlan.id, requestPlan.batches.map { _ in nil }, at: now)
        case .damaged(let names):
          _ = state.ended(requestPlan.id, .damaged(Set(names), why: "damaged"), at: now, jitter: 0)
          state.wrote(requestPlan.id, requestPlan.batches.map { _ in nil }, at: now)
        }
      }
    }
  }

  private func carryOut(_ read: DispatchState.Read) async throws {
    let found: DispatchState.Found
    do throws(OutboxError) {
      switch read {
      case .line(let after, let limit):
        found = .page(try await outbox.line(for: target, after: after, limit: limit))
      case .late(let file, let after, let limit):
        found = .page(try await outbox.batches(of: file, after: after, limit: limit))
      case .named(let names): found = .page(try await outbox.batches(names))
      case .postponed(let after, let limit):
        found = .page(try await outbox.postponed(for: target, after: after, limit: limit))
      case .oldestFile(let last): found = .oldestFile(try await outbox.oldestFile(for: target, after: last))
      case .files: found = .files(try await outbox.files(for: target))
      }
    } catch {
      return state.readFailed(at: now)
    }
    if case .line = read { try await letHappen(.lineIsRead) }
    state.read(found, at: now)
  }

  /// An operator's `retry` comes at this moment.
  func retry(when moment: Moment) { meanwhile[moment] = { [unowned self] in try await retry() } }

  private func letHappen(_ moment: Moment) async throws { try await meanwhile.removeValue(forKey: moment)?() }

  /// An operator's `retry` of all.
  func retry() async throws {
    let due = now
    _ = try await outbox.makeDue(file: nil, target: target, at: due)
    now = now + .milliseconds(1)
    state.tryNow(due: due)
  }

  private func carryOut(_ order: DispatchState.Withdrawal) async throws {
    let page = try await outbox.batches(of: order.file, after: order.after, limit: 2)
    let rejected = page.batches.filter { !order.spares($0.name) }
    let code = order.cause == .cancelled ? RejectCode.cancelled : .expired
    var changes: [(name: BatchName, change: BatchChange)] = []
    for batch in rejected {
      guard let content = try await outbox.content(of: batch.name) else { continue }
      let rejects = content.batch.items.map {
        Reject(item: $0.number, line: $0.line, source: $0.source, key: nil, fault: ItemFault(code, "x"))
      }
      changes.append((batch.name, .settle(Settlement(accepted: 0, unchanged: 0, rejects: rejects))))
    }
    _ = try await outbox.apply(changes, request: nil)
    guard let file = page.files[order.file] else { return state.withdrewNothing(of: order.file, at: now) }
    state.withdrew(rejected, of: file, upTo: page.isEnd ? nil : page.batches.last?.name.position, at: now)
  }

  static func keys(of batch: QueuedBatch) -> [String] {
    String(decoding: batch.body.literals.dropFirst().dropLast(), as: UTF8.self).split(separator: ",").map(String.init)
  }

  /// The keys of the request that is under way at this place.
  func keys(_ index: Int) async throws -> [String] {
    var keys: [String] = []
    for batch in underWay[index].batches {
      guard let content = try await outbox.content(of: batch.name) else { continue }
      keys += Self.keys(of: content.batch)
    }
    return keys
  }

  /// Answers a request that is under way. A `.settled` accepts all its items.
  func answer(_ index: Int = 0, _ outcome: DispatchState.Outcome, jitter: Double = 0.5) async throws {
    let requestPlan = underWay.remove(at: index)
    let decided = state.ended(requestPlan.id, outcome, at: now, jitter: jitter)
    var changes: [(name: BatchName, change: BatchChange)] = []
    for (batch, change) in zip(requestPlan.batches, decided) {
      guard let content = try await outbox.content(of: batch.name) else { continue }
      let whole = Batch(items: content.batch.items, body: content.batch.body.literals)
      switch change {
      case .none: break
      case .settle:
        for key in Self.keys(of: content.batch) { applied.append((key, batch.name.file)) }
        changes.append((batch.name, .settle(Settlement(accepted: whole.items.count, unchanged: 0, rejects: []))))
      case .rejectChanged:
        let rejects = whole.items.map {
          Reject(item: $0.number, line: $0.line, source: $0.source, key: nil, fault: ItemFault(.fileChanged, "x"))
        }
        changes.append((batch.name, .takeBack(batch.retryState, why: nil)))
        changes.append((batch.name, .settle(Settlement(accepted: 0, unchanged: 0, rejects: rejects))))
      case .halve(let retryState, let why, let isOpen):
        let halves = whole.halves
        changes.append((batch.name, .split([halves.0, halves.1], retryState, why: why, isOpen: isOpen)))
      case .postpone(let retryState, let why, let isOpen):
        changes.append((batch.name, .postpone(retryState, why: why, isOpen: isOpen)))
      case .takeBack(let retryState, let why): changes.append((batch.name, .takeBack(retryState, why: why)))
      }
    }
    let facts = RequestFacts(status: 200, requestID: nil, sentAt: Timestamp(milliseconds: 1))
    let results = try await outbox.apply(changes, request: facts)
    try await letHappen(.outcomeIsWritten)
    var byName: [BatchName: ChangeResult] = [:]
    for (change, result) in zip(changes, results) { byName[change.name] = result }
    state.wrote(requestPlan.id, requestPlan.batches.map { byName[$0.name] }, at: now)
  }

  /// Lets everything happen until nothing is left to do but to wait: `api` says what becomes of a request's keys.
  ///
  /// - Returns: whether the target's line is empty.
  @discardableResult
  func run(for limit: Duration = .seconds(3600), _ api: ([String]) -> DispatchState.Outcome) async throws -> Bool {
    let end = now + limit
    while true {
      try await turn()
      if !underWay.isEmpty {
        let index = Int.random(in: 0..<underWay.count, using: &random)
        let keys = try await keys(index)
        try await answer(index, api(keys), jitter: .random(in: 0...1, using: &random))
        now = now + .milliseconds(1)
        continue
      }
      guard let wake = state.wakeTime(after: now), wake <= end else { break }
      now = wake
    }
    let isEmpty = try await outbox.line(for: target, after: nil, limit: 1).batches.isEmpty
    if !isEmpty { now = max(now, end) }
    return isEmpty
  }

  func setPaused(_ isPaused: Bool) { state.setPaused(isPaused) }

  func cancel(_ file: FileID) async throws {
    _ = try await outbox.cancel(file)
    state.cancel(file)
  }

  func obstacle(to name: BatchName) -> DispatchState.Obstacle? { state.obstacle(to: name, at: now) }

  /// What a restart does.
  func restart() {
    outbox.restart()
    underWay = []
    state = DispatchState(options: options, runs: RunsInMemory(), at: now, usesTinyLimits: usesTinyLimits)
  }
}
