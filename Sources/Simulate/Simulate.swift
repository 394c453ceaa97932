internal import Foundation
internal import Simulation

/// Runs simulated worlds, one per seed, and reports what they showed; `Scripts/simulate` builds and runs it.
@main
struct Simulate {
  static func main() async {
    guard let options = Options(CommandLine.arguments.dropFirst()) else {
      FileHandle.standardError.write(Data(Options.usage.utf8))
      exit(2)
    }
    if let path = options.plan {
      exit(await show(planAt: path))
    }
    let campaign = Campaign(options)
    await campaign.run()
    exit(await campaign.report() ? 0 : 1)
  }

  /// Runs one plan, and prints its whole history.
  private static func show(planAt path: String) async -> Int32 {
    do {
      let plan = try JSONDecoder().decode(WorldPlan.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
      let result = await Campaign.run(plan, keepsHistory: true)
      print(result.history.joined(separator: "\n"))
      return result.violation == nil ? 0 : 1
    } catch {
      FileHandle.standardError.write(Data("\(path): \(error)\n".utf8))
      return 2
    }
  }
}
