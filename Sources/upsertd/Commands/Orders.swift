internal import ArgumentParser
internal import Core
internal import Daemon
internal import Foundation
internal import Operations
internal import Settings

struct Retry: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Retries waiting batches now, and releases holds; with --notices, sends the notices that wait.",
    discussion: "Example: upsertd retry --target lusid")

  @Argument(help: ArgumentHelp("Only this file.", valueName: "FILE-ID"))
  var file: FileID?

  @Option(name: .long, help: ArgumentHelp("Only this target.", valueName: "T"))
  var target: String?

  @Flag(name: .long, help: "Instead, retry the notices that wait for receivers of `notify`.")
  var notices = false

  @OptionGroup var config: ConfigOption

  func validate() throws {
    if [file != nil, target != nil, notices].count(where: \.self) > 1 {
      throw ValidationError("specify a file id, --target or --notices, not several")
    }
  }

  func run() async throws {
    try await carryOut(notices ? .retryNotices : .retry(file: file, target: target), config)
  }
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

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Drops an archived file, or its rejects file, again.",
    discussion: """
      It becomes a new file of the same inbox, with an id and a receipt of its own, which names the old one in \
      `replayOf`. If later files had some of its keys, their newer values would be overwritten: replay says how many, \
      and wants --yes.

      Exit status: 0 done; 2 no such file, --yes is needed, or configuration or state can't be used.

      Example: upsertd replay 01JD8Z0Q3V5W7X9Y1A2B3C4D5E
      """)

  @Argument(help: ArgumentHelp("The file's id, as in its receipt.", valueName: "FILE-ID"))
  var file: FileID

  @Flag(name: .long, help: "Drop its rejects file instead of its original.")
  var rejected = false

  @Flag(name: .long, help: "Do it even though later files had some of its keys.")
  var yes = false

  @OptionGroup var config: ConfigOption

  func run() async throws {
    let (settings, isFromDaemon) = try config.settingsInEffect()
    if !yes {
      let later = try await reportingTrouble {
        try await LaterKeys.find(file, rejects: rejected, settings: settings, isWhole: !isFromDaemon)
      }
      if let doubt = later?.doubt { Console.error("note: \(doubt)".onOneLine) }
      if let warning = later?.warning {
        Console.error("upsertd: \(warning); add --yes to send the older values after the newer ones".onOneLine)
        throw ExitCode.unusable
      }
    }
    try await carryOut(.replay(file, rejects: rejected), config)
  }
}

struct Release: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lets a file of an inbox with `release: manual` be sent.",
    discussion: """
      The file counts as dropped now: it is sent after everything that was dropped before. Whoever owns the dropped \
      file can't release it; for root, the user who logged in counts.

      Exit status: 0 done; 2 no such file waits, or not this user may release it, or configuration or state can't be \
      used.

      Example: upsertd release 01JD8Z0Q3V5W7X9Y1A2B3C4D5E
      """)

  @Argument(help: ArgumentHelp("The file's id, as in `upsertd queue`.", valueName: "FILE-ID"))
  var file: FileID

  @OptionGroup var config: ConfigOption

  func run() async throws { try await carryOut(.release(file), config) }
}

/// Asks the running daemon, or acts itself if none is running; prints what was done.
private func carryOut(_ order: Order, _ config: ConfigOption) async throws {
  let (settings, isFromDaemon) = try config.settingsInEffect()
  let result = try await reportingTrouble {
    try await Operator.namingDenials(state: settings.state) {
      try await Operator.carryOut(order, settings: settings, mayActItself: !isFromDaemon, logger: .quiet)
    }
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
