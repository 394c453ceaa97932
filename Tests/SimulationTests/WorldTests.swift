import Foundation
import Simulation
import Testing

@Suite struct WorldTests {
  @Test(arguments: 1...20) func `a world goes the same way each time`(_ seed: UInt64) async {
    let first = await Simulator.run(.drawn(seed: seed), keepsHistory: true)
    let second = await Simulator.run(.drawn(seed: seed), keepsHistory: true)
    #expect(first.violation == nil)
    #expect(first.history == second.history)
    #expect(first.digest == second.digest)
    #expect(!first.history.isEmpty)
  }

  @Test func `a plan outlives its text`() throws {
    for seed in 1...50 as ClosedRange<UInt64> {
      let plan = WorldPlan.drawn(seed: seed)
      #expect(try JSONDecoder().decode(WorldPlan.self, from: JSONEncoder().encode(plan)) == plan)
    }
  }

  @Test func `plans of other seeds are other worlds`() {
    let plans = (1...50 as ClosedRange<UInt64>).map { WorldPlan.drawn(seed: $0) }
    for (index, plan) in plans.enumerated() { #expect(!plans[..<index].contains(plan)) }
  }

  @Test func `tiny worlds are all different, and as many as they say`() throws {
    let worlds = TinyWorlds(answers: 0, events: 1)
    var seen: Set<Data> = []
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    for index in 0..<worlds.count {
      let text = try encoder.encode(worlds.plan(at: index))
      seen.insert(text)
    }
    #expect(seen.count == worlds.count)
  }

  @Test func `a world without any trouble sends each item once and ends soon`() async {
    var plan = WorldPlan(seed: 1)
    plan.targets = [TargetPlan()]
    plan.inboxes = [InboxPlan(target: 0)]
    plan.files = (0..<3).map { file in
      FilePlan(inbox: 0, droppedAt: Int64(file) * 100, items: (0..<4).map { ItemPlan(key: $0) })
    }
    let result = await Simulator.run(plan)
    #expect(result.violation == nil)
    #expect(result.requests == 3)
    #expect(result.simulated < 10_000)
  }
}
