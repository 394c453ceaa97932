import Simulation
import Synchronization
import Testing

@Suite struct ShrinkerTests {
  private let violation = Violation(kind: .order, message: "")

  /// Three targets, four inboxes, six files, eight events, of which an imagined fault needs few.
  private var plan: WorldPlan {
    var plan = WorldPlan(seed: 99)
    plan.targets = (0..<3).map { _ in
      var target = TargetPlan()
      target.concurrency = 4
      return target
    }
    plan.inboxes = (0..<4).map { InboxPlan(target: $0 % 3) }
    plan.files = (0..<6).map { file in
      FilePlan(
        inbox: file % 4, droppedAt: Int64(file) * 1234, items: (0..<5).map { ItemPlan(key: $0, nature: .rejected) })
    }
    plan.events = (0..<8).map { PlannedEvent(.step($0 * 10), $0 == 5 ? .cancel(file: 4) : .crash(downFor: 3000)) }
    plan.storeDelay = 20
    return plan
  }

  @Test func `only what the fault needs is left`() async {
    // It shows where the fifth file is cancelled, whatever its number is by then.
    @Sendable func run(_ plan: WorldPlan) -> Violation? {
      for event in plan.events {
        if case .cancel(let file) = event.what, plan.files.indices.contains(file),
          plan.files[file].items.contains(where: { $0.key == 3 })
        {
          return Violation(kind: .order, message: "")
        }
      }
      return nil
    }
    var shrinker = Shrinker(violation, run: run)
    let small = await shrinker.shrink(plan)
    #expect(run(small) != nil)
    #expect(small.files.count == 1)
    #expect(small.files.first?.items == [ItemPlan(key: 3)])
    #expect(small.files.first?.droppedAt == 0)
    #expect(small.events.count == 1)
    #expect(small.targets.count == 1 && small.targets.first?.concurrency == 1)
    #expect(small.inboxes.count == 1)
    #expect(small.storeDelay == 0)
  }

  @Test func `a smaller world that breaks another promise is not taken`() async {
    var shrinker = Shrinker(violation) { plan in
      Violation(kind: plan.files.count == 6 && plan.events.count == 8 ? .order : .balance, message: "")
    }
    let small = await shrinker.shrink(plan)
    #expect(small.files.count == 6 && small.events.count == 8)
  }

  @Test func `it ends after the runs that it may take`() async {
    let runs = Mutex(0)
    var shrinker = Shrinker(violation, mostRuns: 7) { _ in
      runs.withLock { $0 += 1 }
      return nil
    }
    #expect(await shrinker.shrink(plan) == plan)
    #expect(runs.withLock { $0 } == 7)
  }
}
