import Core
import Engine
import Simulation
import Testing

@Suite struct DispatchStateTests {
  private let good = DispatchState.Outcome.settled(isSuccess: true)

  private func options(_ change: (inout DispatchOptions) -> Void = { _ in }) -> DispatchOptions {
    var options = DispatchOptions()
    change(&options)
    return options
  }

  @Test func `batches with different keys go at once, those with the same key one after the other`() async throws {
    let world = TargetWorld()
    try await world.drop([["a"], ["b"], ["a"], ["c"]])
    try await world.turn()
    #expect(world.sent == [["a"], ["b"], ["c"]])
    try await world.answer(0, good)
    try await world.turn()
    #expect(world.sent.last == ["a"])
  }

  @Test func `a key whose batch fails holds its own items back, and no others, however many are in front`() async throws
  {
    let world = TargetWorld(usesTinyLimits: true)
    try await world.drop(Array(repeating: ["bad"], count: 300))
    let later = try await world.drop([["other"]])
    try await world.run(for: .seconds(5)) { keys in
      keys.contains("bad") ? .retry(why: "500", slowing: false, retryAfter: nil, isOpen: false, isBlamed: true) : good
    }
    #expect(world.applied.map(\.file) == [later])
    // Nothing was lost of what was passed over.
    #expect(try await world.run { _ in good })
    #expect(world.applied.count == 301)
  }

  @Test func `hundreds of different failing keys leave the connections to others`() async throws {
    let world = TargetWorld(usesTinyLimits: true)
    try await world.drop((0..<260).map { ["bad\($0)"] })
    let end = world.now + .seconds(20)
    try await world.run(for: .seconds(20)) { _ in
      .retry(why: "500", slowing: false, retryAfter: nil, isOpen: false, isBlamed: true)
    }
    world.now = end
    let later = try await world.drop([["other"]])
    let dropped = world.now
    try await world.run(for: .seconds(1)) { keys in
      keys == ["other"] ? good : .retry(why: "500", slowing: false, retryAfter: nil, isOpen: false, isBlamed: true)
    }
    #expect(world.applied.map(\.file) == [later])
    #expect(world.now - dropped <= .seconds(1))
    #expect(try await world.run(for: .seconds(86_400)) { _ in good })
  }

  @Test func `what an operator makes due while its failure is being written, or while it is read, is sent at once`()
    async throws
  {
    let world = TargetWorld()
    try await world.drop([["a"], ["b"]])
    try await world.turn()
    for _ in 1...2 {
      // The outbox gets the order between the postponement and dispatch's knowing of it.
      world.retry(when: .outcomeIsWritten)
      try await world.answer(0, .unanswered(why: "cut"), jitter: 1)
      try await world.turn()
      #expect(world.underWay.count == 2)
    }
    for _ in 1...2 { try await world.answer(0, .unanswered(why: "cut"), jitter: 1) }
    // Another dispatch reads them as they were before.
    world.restart()
    world.retry(when: .lineIsRead)
    try await world.turn()
    #expect(world.underWay.count == 2)
  }

  @Test func `retries take at most every other request while first attempts wait, and leave a connection`() async throws
  {
    let world = TargetWorld()
    try await world.drop((0..<8).map { ["bad\($0)"] })
    for _ in 0..<8 {
      try await world.turn()
      try await world.answer(0, .unanswered(why: "cut"), jitter: 1)
    }
    #expect(world.underWay.isEmpty)
    world.now = world.now + .seconds(2)
    try await world.drop((0..<40).map { ["good\($0)"] })
    try await world.turn()
    let first = world.sent.suffix(world.underWay.count)
    #expect(first.contains { $0[0].hasPrefix("good") }, "one connection at least is theirs")
    let before = world.sent.count
    for _ in 0..<30 {
      try await world.answer(0, good)
      try await world.turn()
    }
    let retries = world.sent.dropFirst(before).prefix(20).count { $0[0].hasPrefix("bad") }
    #expect(retries <= 10)
  }

  @Test func `a cancel sends nothing twice, and what is under way is settled by its answer`() async throws {
    let world = TargetWorld(usesTinyLimits: true)
    let first = try await world.drop([["a"], ["b"], ["c"], ["d"], ["e"], ["f"]])
    let second = try await world.drop([["a"], ["f"]])
    try await world.turn()
    #expect(world.underWay.count == 4)
    try await world.cancel(first)
    try await world.turn()
    #expect(world.underWay.count == 4 || world.sent.count == 5, "nothing of it is sent any more")
    #expect(try await world.run { _ in good })
    #expect(world.applied.map(\.key).sorted() == ["a", "a", "b", "c", "d", "f"])
    #expect(world.sent.count == 6, "each was sent once")
    #expect(world.applied.last { $0.key == "a" }?.file == second)
    let results = try await world.outbox.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 2))
    #expect(results.map(\.counts.accepted) == [4, 2])
    #expect(results.map(\.counts.rejected) == [2, 0])
  }

  @Test func `what an unanswered request leaves of a cancelled file is rejected, and not sent again`() async throws {
    let world = TargetWorld()
    let file = try await world.drop([["a", "b"], ["c"]])
    try await world.turn()
    try await world.cancel(file)
    try await world.turn()
    try await world.answer(0, .unanswered(why: "time-out"))
    try await world.answer(0, good)
    #expect(try await world.run { _ in good })
    #expect(world.applied.map(\.key) == ["c"])
    #expect(world.sent.count == 2)
  }

  @Test func `a request that is lost with a kept connection is sent again at once, but only once in a row`()
    async throws
  {
    let world = TargetWorld()
    _ = try await world.drop([["a"]])
    try await world.turn()
    try await world.answer(0, .lost(why: "closed"))
    try await world.turn()
    #expect(world.sent.count == 2)
    try await world.answer(0, .lost(why: "closed"), jitter: 1)
    try await world.turn()
    #expect(world.sent.count == 2, "it waits like after any failure")
    #expect(try await world.run { _ in good })
    #expect(world.applied.map(\.key) == ["a"])
  }

  @Test func `what is cancelled or paused meanwhile is not sent again after its connection was lost`() async throws {
    let world = TargetWorld()
    let file = try await world.drop([["a"]])
    try await world.turn()
    try await world.cancel(file)
    try await world.answer(0, .lost(why: "closed"))
    #expect(try await world.run { _ in good })
    #expect(world.sent.count == 1)
    _ = try await world.drop([["b"]])
    try await world.turn()
    world.setPaused(true)
    try await world.answer(0, .lost(why: "closed"))
    try await world.turn()
    #expect(world.sent.count == 2)
    world.setPaused(false)
    #expect(try await world.run { _ in good })
    #expect(world.applied.map(\.key) == ["b"])
  }

  @Test func `halves of a split batch take its place, and nothing with their keys overtakes them`() async throws {
    let world = TargetWorld(usesTinyLimits: true)
    let first = try await world.drop([["a", "b", "c", "d"]])
    let second = try await world.drop([["d"], ["a"]])
    #expect(
      try await world.run { keys in keys.count > 1 ? .split(why: "400", isOpen: false) : good })
    for key in ["a", "d"] { #expect(world.applied.filter { $0.key == key }.map(\.file) == [first, second]) }
  }

  @Test func `a record that is always answered 500 is found by halving, once others go well`() async throws {
    let world = TargetWorld()
    try await world.drop([(0..<64).map { "k\($0)" }])
    for _ in 0..<20 {
      try await world.drop([["other"]], inbox: "b")
      try await world.run(for: .seconds(60)) { keys in
        keys.contains("k37") ? .retry(why: "500", slowing: false, retryAfter: nil, isOpen: false, isBlamed: true) : good
      }
    }
    #expect(Set(world.applied.map(\.key)).count == 64, "63 neighbours and the other file's")
    let left = try await world.outbox.line(for: "t", after: nil, limit: 9).batches
    #expect(left.map(\.count) == [1])
  }

  @Test func `a record that is answered 403 holds the target once, and no longer than until another goes well`()
    async throws
  {
    let world = TargetWorld()
    try await world.drop([["bad", "x"]])
    try await world.turn()
    try await world.answer(0, .hold(why: "403"))
    for number in 0..<10 { try await world.drop([["k\(number)"]]) }
    var rejects = 0
    try await world.run(for: .seconds(600)) { keys in
      guard keys.contains("bad") else { return good }
      rejects += 1
      return .hold(why: "403")
    }
    #expect(world.applied.count == 10)
    #expect(rejects > 1)
    #expect(world.state.state == .delivering)
    // Once others go well in between, it is divided.
    for _ in 0..<5 {
      try await world.drop([["other"]])
      try await world.run(for: .seconds(600)) { $0.contains("bad") ? .hold(why: "403") : good }
      #expect(world.state.state == .delivering)
    }
    #expect(world.applied.contains { $0.key == "x" })
  }

  @Test func `on hold, another batch finds out each time whether it is over`() async throws {
    let world = TargetWorld(options { $0.concurrency = 1 })
    try await world.drop([["a"], ["b"], ["c"]])
    for _ in 0..<3 {
      try await world.turn()
      try await world.answer(0, .hold(why: "403"))
      guard case .held(_, let until) = world.state.state else { throw Missing() }
      world.now = until
    }
    #expect(Set(world.sent) == [["a"], ["b"], ["c"]])
  }

  @Test func `one failed read is tried again, and loses nothing`() async throws {
    let world = TargetWorld()
    try await world.drop([["a"], ["b"]])
    world.outbox.failNext(reads: 2)
    #expect(try await world.run { _ in good })
    #expect(world.applied.count == 2)
  }

  @Test func `a damaged row holds nothing else up`() async throws {
    let world = TargetWorld()
    let file = try await world.drop([["a"], ["b"], ["c"]])
    world.outbox.damage(BatchName(file: file, ordinal: 2))
    try await world.run { _ in good }
    #expect(world.applied.map(\.key).sorted() == ["a", "c"])
  }

  @Test func `a file whose first row is damaged is sent, though it is read before it is reported`() async throws {
    let world = TargetWorld()
    try await world.turn()
    try await world.drop([["a"]])
    let file = try await world.drop([["b"], ["c"]], tells: false)
    world.outbox.damage(BatchName(file: file, ordinal: 1))
    try await world.turn()
    world.tell(file)
    try await world.run { _ in good }
    #expect(world.applied.map(\.key).sorted() == ["a", "c"])
  }

  @Test func `max_age rejects what is too old, and lets through what it held back`() async throws {
    let world = TargetWorld(options { $0.maxAge = .seconds(100) })
    try await world.drop([["a"], ["b"]])
    world.now = world.now + .seconds(50)
    let young = try await world.drop([["a"]])
    try await world.run(for: .seconds(60)) { _ in .unanswered(why: "time-out") }
    #expect(try await world.run { _ in good })
    #expect(world.applied.map(\.file) == [young])
  }

  @Test func `max_age rejects what is behind a file that was cancelled when it was found too old`() async throws {
    let world = TargetWorld(options { $0.maxAge = .seconds(100) })
    let first = try await world.drop([["a"]])
    try await world.drop([["b"]])
    try await world.turn()
    world.now = world.now + .seconds(100)
    // It is still there while its request is in flight.
    try await world.cancel(first)
    try await world.turn()
    for _ in 1...2 { try await world.answer(0, .unanswered(why: "cut")) }
    #expect(try await world.run(for: .seconds(1000)) { _ in .unanswered(why: "cut") })
  }

  @Test func `a file cancelled during a restart is rejected at once, however far behind it is`() async throws {
    let world = TargetWorld(usesTinyLimits: true)
    try await world.drop((0..<200).map { ["a\($0)"] })
    let cancelled = try await world.drop([["x"], ["y"]])
    try await world.turn()
    // The order is stored, and the process ends before dispatch knows of it.
    #expect(try await world.outbox.cancel(cancelled))
    world.restart()
    try await world.turn()
    let results = try await world.outbox.secureFinished(after: nil, limit: 9, at: Timestamp(milliseconds: 2))
    #expect(results.map(\.id) == [cancelled])
    #expect(results.map(\.counts.rejected) == [2])
  }

  @Test func `a file without order neither waits nor is waited for, wherever it is published`() async throws {
    let world = TargetWorld()
    let unordered = try await world.drop([["a"], ["a"]], inbox: "free", ordering: .none, tells: false)
    try await world.drop([["a"]])
    try await world.turn()
    #expect(world.sent.count == 3)
    world.restart()
    #expect(try await world.run { _ in good })
    #expect(world.applied.count { $0.file == unordered } == 2)
  }

  @Test func `keys are in order between inboxes of which one has its files in order`() async throws {
    let world = TargetWorld()
    try await world.drop([["a"]], inbox: "files", ordering: .file)
    try await world.drop([["a"], ["b"]], inbox: "keys")
    try await world.drop([["c"]], inbox: "files", ordering: .file)
    try await world.turn()
    #expect(world.sent == [["a"], ["b"]])
    try await world.answer(0, good)
    try await world.turn()
    #expect(world.sent.dropFirst(2).sorted { $0[0] < $1[0] } == [["a"], ["c"]])
  }

  @Test func `small files share a request, and a spoiled one is taken apart until the culprit stands alone`()
    async throws
  {
    let world = TargetWorld(options { $0.linger = .milliseconds(10) })
    for number in 0..<32 { try await world.drop([["k\(number)"]]) }
    try await world.run(for: .seconds(30)) { keys in
      keys.contains("k17") ? (keys.count > 1 ? .split(why: "400", isOpen: false) : .settled(isSuccess: false)) : good
    }
    #expect(world.sent[0].count == 32)
    #expect(world.applied.count == 32)
  }

  @Test func `a batch whose shared request was rejected shares none after it was forgotten`() async throws {
    let world = TargetWorld(options { $0.linger = .milliseconds(10) })
    for key in ["a", "b", "c", "d"] { try await world.drop([[key]]) }
    try await world.turn()
    world.now = world.now + .milliseconds(10)
    try await world.turn()
    try await world.answer(0, .split(why: "400", isOpen: false))
    world.restart()
    #expect(try await world.run { _ in good })
    #expect(world.sent.map(\.count) == [4, 1, 1, 1, 1])
  }

  @Test func `a pause lets nothing go, and a stop neither`() async throws {
    let world = TargetWorld()
    let file = try await world.drop([["a"]])
    world.setPaused(true)
    try await world.turn()
    #expect(world.sent.isEmpty)
    #expect(world.obstacle(to: BatchName(file: file, ordinal: 1)) == .paused)
    world.setPaused(false)
    try await world.turn()
    #expect(world.sent.count == 1)
    #expect(world.obstacle(to: BatchName(file: file, ordinal: 1)) == .underWay)
  }

  @Test func `memory stays within its limits, whatever waits`() async throws {
    let world = TargetWorld(usesTinyLimits: true)
    for file in 0..<20 { try await world.drop((0..<10).map { ["k\(file % 7)-\($0)", "all\(file % 3)"] }) }
    var (failures, most) = (0, 0)
    let isEmpty = try await world.run(for: .seconds(100_000)) { _ in
      failures += 1
      most = max(most, world.state.size.entries)
      return failures % 3 == 0 ? good : .unanswered(why: "cut")
    }
    #expect(isEmpty)
    #expect(most < 40)
    #expect(world.applied.count == 400)
  }

  @Test func `batches that always fail leave memory to others that failed once`() async throws {
    for waits in [false, true] {
      let world = TargetWorld(usesTinyLimits: true)
      try await world.drop((0..<40).map { ["k\($0)"] })
      // All fail at first; then only the first half, which holds more than memory has room for.
      try await world.run(for: .seconds(waits ? 30 : 1)) { _ in .unanswered(why: "cut") }
      try await world.run(for: .seconds(3600)) { keys in
        Int(keys[0].dropFirst()) ?? 0 < 20 ? .unanswered(why: "cut") : good
      }
      #expect(Set(world.applied.map(\.key)) == Set((20..<40).map { "k\($0)" }))
    }
  }

  @Test func `on hold, batches that always fail leave memory to others that failed once`() async throws {
    let world = TargetWorld(usesTinyLimits: true)
    try await world.drop((0..<20).map { ["k\($0)"] })
    try await world.run(for: .seconds(30)) { _ in .unanswered(why: "cut") }
    try await world.run(for: .seconds(36_000)) { keys in
      switch Int(keys[0].dropFirst()) ?? 0 {
      case ..<5: .hold(why: "403")
      case ..<10: .unanswered(why: "cut")
      default: good
      }
    }
    #expect(Set(world.applied.map(\.key)) == Set((10..<20).map { "k\($0)" }))
  }

  private struct Missing: Error {}
}
