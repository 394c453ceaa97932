import Core
import Engine
import Simulation
import Testing

/// The same random calls to two engines get the same answers.
@Suite struct DifferentialTests {
  @Test(arguments: OutboxEngine.allCases.filter { $0 != .memory }, 1...20 as ClosedRange<UInt64>)
  func `an engine answers every random call like the one in memory`(_ engine: OutboxEngine, _ seed: UInt64) async throws
  {
    try await OutboxEngine.memory.with { model in
      try await engine.with { engine in
        var history = RandomCalls(seed: seed)
        for step in 1...150 {
          let call = history.next()
          let (expected, found) = (try await call.run(on: model), try await call.run(on: engine))
          #expect(found == expected, "step \(step) of seed \(seed): \(call.name)")
          guard found == expected else { return }
          history.learn(expected)
        }
        #expect(try engine.findings() == [], "seed \(seed)")
      }
    }
  }
}

/// One call, and its answer as a text that compares all of it.
private struct Call {
  let name: String
  let body: (any EngineUnderTest) async throws -> String

  func run(on engine: any EngineUnderTest) async throws -> String {
    do { return try await body(engine) } catch let error as OutboxError { return "\(error.code)" }
  }
}

/// Calls as a daemon makes them: it leases what it knows, and writes down one thing of what it leased.
private struct RandomCalls {
  private var random: Randomness
  private var files: [DroppedFile] = []
  private var published = 0
  /// Batches that are, or were, there.
  private var names: [BatchName] = []
  private var contents: [BatchName: Batch] = [:]
  private var attempts: [BatchName: Int] = [:]
  private var leased: [BatchName] = []
  private var time: Int64 = 0
  /// What a call that was just made changes of all this, where it did not fail.
  private var learn: ((inout RandomCalls, String) -> Void)?

  init(seed: UInt64) { random = Randomness(seed: seed) }

  mutating func learn(_ answer: String) {
    let learn = learn
    self.learn = nil
    learn?(&self, answer)
  }

  mutating func next() -> Call {
    time += Int64(random.number(0...20))
    switch random.number(1...20) {
    case 1...2: return stage()
    case 3...5 where published < files.count: return publish()
    case 6...9: return lease()
    case 10...14 where !leased.isEmpty: return apply()
    case 15: return crash()
    case 16: return order()
    case 17: return finish()
    default: return look()
    }
  }

  private mutating func stage() -> Call {
    var item = 0
    let batches = (0..<random.number(0...3)).map { _ in
      batch(
        (0..<random.number(1...4)).map { _ in
          item += 1
          return (item, random.once(in: 4) ? nil : UInt64(random.number(1...5)))
        })
    }
    let rejects = (0..<random.number(0...2)).map { _ in
      item += 1
      return Reject.of(item, .invalidItem)
    }
    let file = DroppedFile(
      number: files.count + 1, inbox: "in\(random.number(1...2))", target: "t\(random.number(1...2))",
      owner: random.once(in: 2) ? "alice" : nil, ordering: random.element(of: Ordering.allCases),
      successMode: random.element(of: SuccessMode.allCases), sha256: "\(random.number(1...3))", batches: batches,
      rejects: rejects)
    learn = { calls, _ in calls.files.append(file) }
    return Call(name: "stage \(file)") { engine in
      try engine.store.stage(file)
      return ""
    }
  }

  private mutating func publish() -> Call {
    let file = files[published]
    let choice = random.number(1...8)
    // A released file has a place behind some that were staged later.
    let line = FileID.numbered(file.number + (choice == 3 ? 4 : 0), choice == 3 ? 1 : 0)
    let now = QueueTime.at(time)
    learn = { calls, _ in
      calls.published += 1
      guard choice > 2 else { return }
      for (place, batch) in file.batches.enumerated() {
        calls.add(BatchName(file: line, ordinal: place + 1), batch, attempts: 0)
      }
    }
    return Call(name: "publish \(file.id), \(choice)") { engine in
      // A crash may have dropped what was staged: then it is read again.
      try engine.store.stage(file)
      try engine.store.commit { commit in
        switch choice {
        case 1: try commit.forget(file.id)
        case 2: try commit.fail(file.id, facts: file.facts, fault: FileFault(.malformedJSON, "no", line: 1, column: 2))
        case 3: try commit.hold(file.id, facts: file.facts, items: file.items, rejected: file.rejects.count)
        default: try commit.publish(file.id, facts: file.facts, items: file.items, rejected: file.rejects.count)
        }
      }
      guard choice == 3 else { return "" }
      let order = FileOrder(at: Timestamp(milliseconds: 1), order: "release", by: "bob")
      let isReleased = try await engine.store.release(file.id, as: line, order: order, at: now)
      let isAgain = try await engine.store.release(file.id, as: line, order: order, at: now)
      try engine.store.commit {
        try $0.publish(file.id, facts: file.facts, items: file.items, rejected: file.rejects.count)
      }
      return "\(isReleased), \(isAgain)"
    }
  }

  private mutating func add(_ name: BatchName, _ batch: Batch, attempts: Int) {
    names.append(name)
    contents[name] = batch
    self.attempts[name] = attempts
  }

  private mutating func lease() -> Call {
    guard !names.isEmpty else { return look() }
    var wanted: [(name: BatchName, attempts: Int)] = []
    for _ in 0..<random.number(1...3) {
      let name = random.element(of: names)
      guard !leased.contains(name), !wanted.contains(where: { $0.name == name }) else { continue }
      wanted.append((name, (attempts[name] ?? 0) + (random.once(in: 8) ? 1 : 0)))
    }
    let due = QueueTime.at(time)
    learn = { [wanted] calls, answer in
      guard answer.hasPrefix("leased") else { return }
      for (name, _) in wanted {
        calls.leased.append(name)
        calls.attempts[name, default: 0] += 1
      }
    }
    return Call(name: "lease \(wanted)") { [wanted] engine in
      "\(try await engine.store.lease(wanted, dueAfterCrash: due))"
    }
  }

  private mutating func apply() -> Call {
    var changes: [(name: BatchName, change: BatchChange)] = []
    // Not all changes go with a request, but those of one call do or do not.
    let isAnswered = random.once(in: 2)
    var news: [(BatchName, Batch)] = []
    for _ in 0..<random.number(1...min(2, leased.count)) {
      let name = leased.remove(at: random.number(0...leased.count - 1))
      changes.append((name, change(of: name, isAnswered, &news)))
    }
    if random.once(in: 6) { changes.append((BatchName(file: .numbered(99), ordinal: 1), changes[0].change)) }
    var facts = RequestFacts.example
    facts.url = random.once(in: 2) ? "http://127.0.0.1/\(random.number(1...3))" : nil
    learn = { [changes, news] calls, answer in
      for (name, change) in changes {
        switch change {
        case .postpone: break
        case .takeBack: calls.attempts[name, default: 0] -= 1
        case .settle, .split: calls.contents[name] = nil
        }
      }
      // The attempts of new batches are asked for when they are leased: a wrong guess only makes a lease stale.
      for (name, batch) in news { calls.add(name, batch, attempts: 0) }
    }
    return Call(name: "apply \(changes)") { [changes, facts] engine in
      "\(try await engine.store.apply(changes, request: isAnswered ? facts : nil))"
    }
  }

  private mutating func change(of name: BatchName, _ isAnswered: Bool, _ news: inout [(BatchName, Batch)])
    -> BatchChange
  {
    let retryState = retryState(
      due: time + Int64(random.number(0...50)), failures: random.number(0...3), blames: random.number(0...3),
      failedAt: random.once(in: 2) ? time : nil, beganHold: random.once(in: 2))
    guard let content = contents[name] else { return .postpone(retryState, why: "gone", isOpen: true) }
    switch random.number(1...6) {
    case 1 where content.items.count > 1 && isAnswered:
      let (left, right) = content.halves
      news += [(name.part(0), left), (name.part(1), right)]
      return .split([left, right], retryState, why: "400", isOpen: random.once(in: 2))
    case 2: return .takeBack(retryState, why: random.once(in: 2) ? "no connection" : nil)
    case 3...4: return .postpone(retryState, why: "503", isOpen: random.once(in: 2))
    default:
      let rejects = random.number(0...content.items.count)
      let unnamed = isAnswered ? random.number(0...content.items.count - min(content.items.count, rejects)) : 0
      let named = content.items.dropLast(unnamed)
      let rest = unnamed > 0 ? content.filtered { $0 >= named.count } : nil
      if let rest { news.append((name.part(0), rest)) }
      let accepted = isAnswered ? max(0, named.count - rejects) : 0
      return .settle(
        Settlement(
          accepted: accepted, unchanged: min(1, accepted), rejects: named.dropFirst(accepted).map { .of($0.number) },
          rest: rest, ranges: named.isEmpty ? [] : [named[0].number...named[named.count - 1].number]))
    }
  }

  private mutating func crash() -> Call {
    learn = { calls, _ in calls.leased = [] }
    return Call(name: "crash") { engine in
      try await engine.crash()
      return ""
    }
  }

  private mutating func order() -> Call {
    let file = FileID.numbered(random.number(1...files.count + 1))
    let (now, target) = (QueueTime.at(time), "t\(random.number(1...2))")
    switch random.number(1...6) {
    case 1: return Call(name: "cancel \(file)") { "\(try await $0.store.cancel(file))" }
    case 2:
      return Call(name: "makeDue \(file)") { "\(try await $0.store.makeDue(file: file, target: nil, at: now))" }
    case 3:
      return Call(name: "makeDue \(target)") { "\(try await $0.store.makeDue(file: nil, target: target, at: now))" }
    case 4: return Call(name: "makeDue") { "\(try await $0.store.makeDue(file: nil, target: nil, at: now))" }
    case 5:
      let reading = QueueClock.Reading(bootID: "b", sinceBoot: time, wall: Timestamp(milliseconds: time))
      return Call(name: "keep mark") { engine in
        try await engine.store.keep(QueueClock.Mark(reading: reading, time: now))
        return ""
      }
    default:
      let order = FileOrder(at: Timestamp(milliseconds: now.milliseconds), order: "retry", by: "ops")
      return Call(name: "keep order of \(file)") { engine in
        try await engine.store.keep(order, for: file)
        return "\(try engine.store.orders(file))"
      }
    }
  }

  private mutating func finish() -> Call {
    let (limit, now) = (random.number(1...3), Timestamp(milliseconds: 1_795_000_000_000 + Int64(random.number(-9...9))))
    let isEnd = random.once(in: 2)
    return Call(name: "finish \(limit)") { engine in
      let records = try await engine.store.secureFinished(after: nil, limit: limit, at: now)
      var answer = "\(records)"
      for record in records {
        answer += "\(try engine.store.settled(record.id)) \(try engine.store.rejects(record.id, after: 0, limit: 99))"
        answer += "\(try engine.store.orders(record.id))"
      }
      if isEnd { try await engine.store.finish(records.map { ($0, "accepted", "{}", "00") }) }
      return answer
    }
  }

  private mutating func look() -> Call {
    let (target, limit) = ("t\(random.number(1...2))", random.number(1...6))
    let last = names.isEmpty || random.once(in: 3) ? nil : random.element(of: names)
    let file = FileID.numbered(random.number(1...files.count + 1))
    switch random.number(1...8) {
    case 1...2:
      return Call(name: "line") { text(try await $0.store.line(for: target, after: last, limit: limit)) }
    case 3:
      return Call(name: "batches of \(file)") {
        text(try await $0.store.batches(of: file, after: last?.position, limit: limit))
      }
    case 4:
      let some = names.filter { _ in random.once(in: 3) }
      return Call(name: "batches \(some)") { text(try await $0.store.batches(some)) }
    case 5:
      let after = last.map { (due: QueueTime.at(time), name: $0) }
      return Call(name: "postponed") { text(try await $0.store.postponed(for: target, after: after, limit: limit)) }
    case 6:
      return Call(name: "oldest") { engine in
        let oldest = "\(String(describing: try await engine.store.oldestFile(for: target, after: last?.file)))"
        return oldest
          + " \(try await engine.store.files(for: target)) \(try await engine.store.unreadFiles()) \(String(describing: try await engine.store.clockMark()))"
      }
    case 7:
      return Call(name: "content") { engine in
        guard let last else { return "" }
        return "\(String(describing: try await engine.store.content(of: last)))"
      }
    default:
      let (sha256, inbox) = ("\(random.number(1...3))", "in\(random.number(1...2))")
      return Call(name: "original") { engine in
        try engine.store.commit { commit in
          try commit.original(sha256: sha256, inbox: inbox, before: file).map { "\($0)" } ?? "none"
        }
      }
    }
  }
}

/// A page, with its files in order.
private func text(_ page: LinePage) -> String {
  let files = page.files.values.sorted { $0.id < $1.id }
  return "\(page.batches) \(files) \(page.damaged) \(page.isEnd)"
}
