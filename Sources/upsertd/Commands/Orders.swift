internal import Daemon
internal import ArgumentParser
internal import Core
internal import Foundation
internal import Operations

struct Retry: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Retries waiting batches now, and releases holds.",
    discussion: "Example: upsertd retry --target lusid")

  @Argument(help: ArgumentHelp("Only this file.", valueName: "FILE-ID"))
  var file: FileID?

  @Option(name: .long, help: ArgumentHelp("Only this target.", valueName: "T"))
  var target: String?

  @OptionGroup var config: ConfigOption

  func validate() throws {
    if file != nil, target != nil { throw ValidationError("specify a file id or --target, not both") }
  }

  func run() async throws { try await carryOut(.retry(file: file, target: target), config) }
}

struct Cancel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rejects the items of a file that have not been sent yet (code `cancelled`).",
    discussion: """
      If a request is under way, its answer still decides its items. The file's receipt and rejects file follow.

      Example: upsertd cancel 01JD8Z0Q3V5W7X9Y1A2B3C4D5E
      """)

  @Argument(help: ArgumentHelp("The file's id, as in its receipt and in `upsertd status`.", valueName: "FILE-ID"))
  var file: FileID

  @OptionGroup var config: ConfigOption

  func run() async throws { try await carryOut(.cancel(file), config) }
}

struct Pause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pauses an inbox (nothing is claimed) or a target (nothing is sent), even across restarts.",
    discussion: "Example: upsertd pause lusid")

  @Argument(help: ArgumentHelp("An inbox or a target.", valueName: "NAME"))
  var name: String

  @OptionGroup var config: ConfigOption

  func run() async throws { try await carryOut(.pause(name), config) }
}

struct Resume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Resumes a paused inbox or target.", discussion: "Example: upsertd resume lusid")

  @Argument(help: ArgumentHelp("An inbox or a target.", valueName: "NAME"))
  var name: String

  @OptionGroup var config: ConfigOption

  func run() async throws { try await carryOut(.resume(name), config) }
}

/// Asks the running daemon, or acts itself if none is running; prints what was done.
private func carryOut(_ order: Order, _ config: ConfigOption) async throws {
  let (settings, isFromDaemon) = try config.settingsInEffect()
  let result = try await reportingTrouble {
    try await Operator.carryOut(order, settings: settings, mayActItself: !isFromDaemon, logger: .quiet)
  }
  guard result.isDone else {
    Console.error("upsertd: \(result.message)".onOneLine)
    throw ExitCode.unusable
  }
  Console.out(result.message.onOneLine)
}

extension FileID: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument.uppercased()) }
}
