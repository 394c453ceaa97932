internal import ArgumentParser
internal import Foundation
internal import Sandbox

struct SandboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sandbox",
    abstract: "Serves both APIs and their token endpoints on 127.0.0.1, in memory, for trying things out.",
    discussion: """
      Accepts any credentials except the password `wrong`. Runs until interrupted.

      Example: upsertd sandbox --port 8080 --fail-rate 0.05
      """)

  @Option(name: .long, help: ArgumentHelp("The port; 0 picks any free one.", valueName: "P"))
  var port: UInt16 = 0

  @Option(name: .long, help: ArgumentHelp("How long each answer takes, such as 100ms.", valueName: "D"))
  var latency: DurationArgument?

  @Option(name: .long, help: ArgumentHelp("The share of requests, 0 to 1, that get a 503.", valueName: "R"))
  var failRate: Double = 0

  @Option(name: .long, help: ArgumentHelp("Requests per second; more are answered with 429.", valueName: "N"))
  var rateLimit: Int?

  func validate() throws {
    guard (0...1).contains(failRate) else { throw ValidationError("--fail-rate must be between 0 and 1") }
    if let rateLimit, rateLimit < 1 { throw ValidationError("--rate-limit must be at least 1") }
  }

  // Takes --config like every command, but does not use it.
  @OptionGroup var config: ConfigOption

  func run() async throws {
    let sandbox = Sandbox(
      SandboxOptions(
        port: port, latency: latency?.duration ?? .zero, failRate: failRate, rateLimit: rateLimit))
    _ = try await reportingTrouble { try await sandbox.start() }
    guard let addresses = await sandbox.addresses else { return }
    let lines = (addresses.lines + [("Statistics", addresses.stats)]).map {
      "\($0.what):".padded(to: 18) + $0.address
    }
    Console.out(lines.joined(separator: "\n"))
    // Serves until a signal ends the process.
    try await Task.sleep(for: .seconds(365 * 86_400))
  }
}
