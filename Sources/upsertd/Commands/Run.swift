internal import ArgumentParser
internal import Daemon
internal import Foundation
internal import Logging
internal import Operations
internal import Settings

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the daemon; with --once, processes everything and exits.",
    discussion: """
      SIGTERM and SIGINT stop it within ten seconds: nothing new is claimed, requests under way finish, and queued \
      items are sent by the next run. SIGHUP reloads the configuration.

      Exit status: 0 done; 1 done, but items were rejected (--once); 2 configuration or state can't be used; 75 items \
      are left queued (--once).

      Example: upsertd run --once --deadline 10m --config upsertd.yaml
      """)

  @OptionGroup var config: ConfigOption

  @Flag(name: .long, help: "Exit when the inboxes are empty and nothing is queued.")
  var once = false

  @Option(name: .long, help: ArgumentHelp("With --once: exit after this time at the latest.", valueName: "D"))
  var deadline: DurationArgument?

  func validate() throws {
    if deadline != nil, !once { throw ValidationError("--deadline requires --once") }
  }

  func run() async throws {
    // First of all: from here on a stop always completes, whatever hangs.
    _ = ProcessSignals.shared
    let settings = try config.load()
    let progress = once && Console.errorIsTerminal ? Progress() : nil
    // On a terminal the progress line shows what happens; the log, above it, is limited to problems.
    let makeLogger: @Sendable (Settings.Log) -> Logger = { log in
      guard let progress else { return .upsertd(log) }
      var log = log
      if log.level < .warning { log.level = .warning }
      return .upsertd(log) { progress.log($0) }
    }
    var show: (@Sendable (RunProgress.Sample) -> Void)?
    if let progress { show = { progress.show($0) } }
    let mode: Service.Mode = once ? .once(deadline: deadline?.duration) : .untilStopped
    let outcome = try await reportingTrouble { [show] in
      let service = try await Service(
        settings: settings, environment: ProcessInfo.processInfo.environment, makeLogger: makeLogger, signals: .shared,
        progress: show)
      return try await service.run(mode)
    }
    guard once else { return }
    if let progress {
      progress.end()
      outcome.summary.lines.forEach { Console.error($0) }
    }
    if outcome.queuedItems > 0 || outcome.waitingFiles > 0 { throw ExitCode.leftQueued }
    if outcome.rejectedItems > 0 || outcome.unusableFiles > 0 { throw ExitCode.someRejected }
  }
}

extension LogLevel {
  fileprivate static func < (a: LogLevel, b: LogLevel) -> Bool {
    (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
  }
}

/// `10m`, as in the configuration.
struct DurationArgument: ExpressibleByArgument, Sendable {
  var duration: Duration

  init?(argument: String) {
    guard let duration = Duration(written: argument) else { return nil }
    self.duration = duration
  }
}
