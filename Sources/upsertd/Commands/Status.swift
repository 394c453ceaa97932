internal import ArgumentParser
internal import Foundation
internal import Operations
internal import Settings

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows inboxes, the queue, targets on hold and why, and the last receipts.",
    discussion: """
      Works with or without a running daemon.

      Example: upsertd status --watch
      """)

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  @Flag(name: .long, help: "Refresh every second until interrupted.")
  var watch = false

  @OptionGroup var config: ConfigOption

  func run() async throws {
    let settings = try config.settingsInEffect().settings
    try await reportingTrouble {
      repeat {
        let report = try await Operator.status(settings)
        if watch, Console.outIsTerminal { Console.out("\u{1B}[2J\u{1B}[H") }
        if !json, Operator.isDaemonRunning(settings) == false {
          Console.error(
            "no daemon is running: nothing is claimed or sent until `systemctl start upsertd` or `upsertd run`")
        }
        if json { Console.out(report.json) } else { Console.out(StatusTable(report).text) }
        if watch { try await Task.sleep(for: .seconds(1)) }
      } while watch
    }
  }
}
