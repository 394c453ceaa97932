import Foundation
import Simulation
import Testing

/// Worlds in which a promise was broken once, as small as they got. `upsertd-simulate --plan FILE` prints what happens in them.
@Suite struct RegressionTests {
  @Test(arguments: [
    // `retry` came while batches that had failed were being written: one was looked for behind its new time, and waited
    // for a restart.
    "retry-during-a-write",
    // A reload sent items that the API does not name to a target whose API echoes items: the simulated API applied the second of two alone.
    "rerouted-unnamed-item",
    // More batches that always fail than memory has room for: they took each other's place in memory without end.
    "more-failing-than-fits",
    // A file was cancelled just when it was found too old: the search ended there, and the files behind it never expired.
    "cancelled-when-too-old",
    // The index of keys could not be written, and what filled it was cancelled: the line was not read on until a restart.
    "cancelled-while-the-index-is-full",
  ])
  func `a world that once broke a promise breaks none`(name: String) async throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Regressions")
    let data = try Data(contentsOf: folder.appending(path: name + ".json"))
    let plan = try JSONDecoder().decode(WorldPlan.self, from: data)
    let result = await Simulator.run(plan, keepsHistory: true)
    #expect(result.violation == nil, "\(result.history.suffix(20).joined(separator: "\n"))")
    #expect(result.requests > 0)
  }
}
