internal import Foundation
internal import Simulation
internal import Synchronization

/// Many worlds, with consecutive seeds, on all cores.
final class Campaign: Sendable {
  private struct Progress: Sendable {
    var next: UInt64
    var worlds = 0
    var steps = 0
    var requests = 0
    var simulated: Int64 = 0
    var slowest = (time: Duration.zero, seed: UInt64(0))
    var failures: [(seed: UInt64, plan: WorldPlan, violation: Violation)] = []
  }

  private let options: Options
  private let progress: Mutex<Progress>
  private let began = ContinuousClock.now
  init(_ options: Options) {
    self.options = options
    progress = Mutex(Progress(next: options.seed))
  }

  func run() async {
    await withDiscardingTaskGroup { tasks in
      for _ in 0..<ProcessInfo.processInfo.activeProcessorCount {
        tasks.addTask { while let seed = self.nextSeed() { await self.run(seed) } }
      }
    }
  }

  private func nextSeed() -> UInt64? {
    let elapsed = ContinuousClock.now - began
    return progress.withLock { progress in
      guard progress.failures.count < options.violations else { return nil }
      if let minutes = options.minutes {
        guard elapsed < .seconds(minutes * 60) else { return nil }
      } else {
        guard progress.next < options.seed + UInt64(options.worlds) else { return nil }
      }
      defer { progress.next += 1 }
      return progress.next
    }
  }

  /// Runs a world in memory or on disk.
  static func run(_ plan: WorldPlan, keepsHistory: Bool = false) async -> WorldResult {
    guard plan.usesSQLite else { return await Simulator.run(plan, keepsHistory: keepsHistory) }
    // A world in memory should not be slowed down by a disk.
    let base = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    do {
      let outbox = try SQLiteWorldOutbox(folder: "\(base)/upsertd-world-\(UUID().uuidString)")
      return await Simulator.run(plan, on: outbox, keepsHistory: keepsHistory)
    } catch {
      return WorldResult(violation: Violation(kind: .contradiction, message: "no outbox: \(error)"))
    }
  }

  private func run(_ seed: UInt64) async {
    let plan =
      options.tinyWorlds?.plan(at: Int(seed))
      ?? .drawn(seed: seed, usesSQLite: options.usesSQLite(seed))
    let began = ContinuousClock.now
    let result = await Self.run(plan, keepsHistory: options.shows || options.runsTwice)
    let time = ContinuousClock.now - began
    if options.shows, result.history.count < 100_000 { print(result.history.joined(separator: "\n")) }
    var violation = result.violation
    if options.runsTwice, await Self.run(plan, keepsHistory: true).digest != result.digest {
      violation = violation ?? Violation(kind: .contradiction, message: "two runs of the world differ")
    }
    progress.withLock { progress in
      progress.worlds += 1
      progress.steps += result.steps
      progress.requests += result.requests
      progress.simulated += result.simulated
      if time > progress.slowest.time { progress.slowest = (time, seed) }
      if let violation { progress.failures.append((seed, plan, violation)) }
    }
  }

  /// Prints the findings, each violation with the shortest history that shows it; returns whether there are none.
  func report() async -> Bool {
    let elapsed = (ContinuousClock.now - began) / .seconds(1)
    let failures = progress.withLock { $0.failures.sorted { $0.seed < $1.seed } }
    for (seed, plan, violation) in failures {
      print("seed \(seed): \(violation.kind.rawValue): \(violation.message)")
      guard options.shrinks else { continue }
      var shrinker = Shrinker(violation) { await Self.run($0).violation }
      let small = await shrinker.shrink(plan)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      if let json = try? encoder.encode(small) { print(String(decoding: json, as: UTF8.self)) }
      print(await Self.run(small, keepsHistory: true).history.joined(separator: "\n"))
      print("")
    }
    return progress.withLock { progress in
      print(
        """
        \(progress.worlds) worlds from seed \(options.seed), \(progress.steps) events, \(progress.requests) requests, \
        \(progress.simulated / 3_600_000) simulated hours, \
        \(Int(Double(progress.worlds) / elapsed)) worlds a second, \(progress.failures.count) violations
        slowest: seed \(progress.slowest.seed), \(progress.slowest.time)
        """)
      return progress.failures.isEmpty
    }
  }
}
