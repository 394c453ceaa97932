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

  @Argument(
    help: ArgumentHelp("Only this file: its id or the beginning of it, or its name.", valueName: "FILE-ID"),
    completion: .files(for: .underWay))
  var file: String?

  @Option(name: .long, help: ArgumentHelp("Only this target.", valueName: "T"), completion: .targets)
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
    if notices { return try await carryOut(.retryNotices, config) }
    guard let file else { return try await carryOut(.retry(file: nil, target: target), config) }
    try await carryOut(on: file, for: .underWay, config) { .retry(file: $0, target: nil) }
  }
}

struct Cancel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rejects the items of a file that have not been sent yet (code `cancelled`).",
    discussion: """
      If a request is under way, its answer still decides its items. The file's receipt and rejects file follow.

      Example: upsertd cancel 01JD8Z0Q3V5W7X9Y1A2B3C4D5E
      """)

  @Argument(
    help: ArgumentHelp("The file's id or the beginning of it, or its name.", valueName: "FILE-ID"),
    completion: .files(for: .underWay))
  var file: String

  @OptionGroup var config: ConfigOption

  func run() async throws { try await carryOut(on: file, for: .underWay, config) { .cancel($0) } }
}

struct Pause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pauses an inbox (nothing is claimed) or a target (nothing is sent), even across restarts.",
    discussion: "Example: upsertd pause lusid")

  @Argument(help: ArgumentHelp("An inbox or a target.", valueName: "NAME"), completion: .inboxesAndTargets)
  var name: String

  @OptionGroup var config: ConfigOption

  func run() async throws { try await carryOut(.pause(name), config) }
}

struct Resume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Resumes a paused inbox or target.", discussion: "Example: upsertd resume lusid")

  @Argument(help: ArgumentHelp("An inbox or a target.", valueName: "NAME"), completion: .inboxesAndTargets)
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

  @Argument(
    help: ArgumentHelp("The file's id or the beginning of it, or its name.", valueName: "FILE-ID"),
    completion: .files(for: .replay))
  var file: String

  @Flag(name: .long, help: "Drop its rejects file instead of its original.")
  var rejected = false

  @Flag(name: .long, help: "Do it even though later files had some of its keys.")
  var yes = false

  @OptionGroup var config: ConfigOption

  func run() async throws {
    let (settings, isFromDaemon) = try config.settingsInEffect()
    let file = try await chosen(file, for: .replay, settings)
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
    try await carryOut(.replay(file, rejects: rejected), settings, mayActItself: !isFromDaemon)
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

  @Argument(
    help: ArgumentHelp("The file's id or the beginning of it, or its name.", valueName: "FILE-ID"),
    completion: .files(for: .release))
  var file: String

  @OptionGroup var config: ConfigOption

  func run() async throws { try await carryOut(on: file, for: .release, config) { .release($0) } }
}

/// Carries out an order on the one file that `text` means.
private func carryOut(
  on text: String, for purpose: FileChoice.Purpose, _ config: ConfigOption, _ order: (FileID) -> Order
) async throws {
  let (settings, isFromDaemon) = try config.settingsInEffect()
  try await carryOut(order(try await chosen(text, for: purpose, settings)), settings, mayActItself: !isFromDaemon)
}

/// The one file that `text` means.
///
/// - Throws: `ExitCode.unusable`, after saying why, if there is none, or if there are several.
private func chosen(_ text: String, for purpose: FileChoice.Purpose, _ settings: Settings) async throws -> FileID {
  switch try await reportingTrouble({ try await FileSearch.choice(of: text, for: purpose, settings: settings) }) {
  case .one(let id): return id
  case .several(let files, let more):
    Console.error("upsertd: \"\(text)\" may mean several files; say which by its id:".onOneLine)
    for file in files {
      Console.error("  \(file.id)  \(file.inbox)/\(file.name)  \(file.state.rawValue)".onOneLine)
    }
    if more > 0 { Console.error("  and \(more) more") }
    throw ExitCode.unusable
  case .none:
    Console.error(
      "upsertd: no file is named \"\(text)\", and no id begins with it; see `upsertd queue` and `upsertd receipts`"
        .onOneLine)
    throw ExitCode.unusable
  }
}

/// Asks the running daemon, or acts itself if none is running; prints what was done.
private func carryOut(_ order: Order, _ config: ConfigOption) async throws {
  let (settings, isFromDaemon) = try config.settingsInEffect()
  try await carryOut(order, settings, mayActItself: !isFromDaemon)
}

/// The same with settings that are known; `mayActItself` is false if they are the daemon's.
private func carryOut(_ order: Order, _ settings: Settings, mayActItself: Bool) async throws {
  let result = try await reportingTrouble {
    try await Operator.namingDenials(state: settings.state) {
      try await Operator.carryOut(order, settings: settings, mayActItself: mayActItself, logger: .quiet)
    }
  }
  guard result.isDone else {
    Console.error("upsertd: \(result.message)".onOneLine)
    throw ExitCode.unusable
  }
  Console.out(result.message.onOneLine)
}
