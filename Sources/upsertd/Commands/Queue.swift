internal import ArgumentParser
internal import Core
internal import Foundation
internal import Operations
internal import Runtime
internal import Settings

struct Queue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the files under way: target, since when, why each one waits, and the next attempt.",
    discussion: """
      Files are listed in order of arrival. `upsertd show FILE-ID` shows the full history of one of them, `upsertd \
      status` what is still in the inboxes.

      Exit status: 0, even if nothing waits; 2 configuration or state can't be used, or there is no such inbox or \
      target.

      Example: upsertd queue --target lusid --older-than 1h
      """)

  @Option(name: .long, help: ArgumentHelp("Only files of this inbox.", valueName: "NAME"), completion: .inboxes)
  var inbox: String?

  @Option(name: .long, help: ArgumentHelp("Only files for this target.", valueName: "T"), completion: .targets)
  var target: String?

  @Option(name: .long, help: ArgumentHelp("Only files claimed at least this long ago, such as 90m.", valueName: "D"))
  var olderThan: DurationArgument?

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  @OptionGroup var config: ConfigOption

  func run() async throws {
    let settings = try config.settingsInEffect().settings
    try settings.require(inbox: inbox)
    var query = QueueReport.Query()
    (query.inbox, query.target, query.olderThan) = (inbox, target, olderThan?.duration)
    let report = try await reportingTrouble { [query] in try await Operator.queue(query, settings: settings) }
    if let target, settings.target(named: target) == nil, report.files.isEmpty {
      throw settings.unknown("target", target, settings.targets.map(\.name))
    }
    if json { Console.out(report.json) } else { show(report) }
  }

  private func show(_ report: QueueReport) {
    let now = Timestamp.now
    for file in report.files {
      let arrow = file.target.map { " → \($0)" } ?? ""
      let waiting =
        file.batches == 0 ? "" : ", \(counted(file.items, "item")) in \(counted(file.batches, "batch", "batches"))"
      let head = "\(file.inbox)/\(Console.name(file.name))\(arrow)\(waiting), for \((now - file.since).spelled)"
      Console.out(Console.fitted("\(file.id)  \(head.onOneLine)"))
      let next = file.nextAttempt.map {
        $0 > now ? ", next attempt in \(($0 - now).spelled)" : ", next attempt now"
      }
      let why = Console.fitted("    \(file.state)\(next ?? ""): \(file.why)".onOneLine)
      Console.out(Console.styled(why, file.style))
    }
    let sum =
      report.files.isEmpty
      ? "nothing is under way"
      : "\(counted(report.files.count, "file")), \(counted(report.items, "item")) in \(counted(report.batches, "batch", "batches")), \(counted(report.bytes, "byte"))"
    Console.out(sum)
    if report.isDaemonRunning == false, !report.files.isEmpty {
      Console.error("no daemon is running: nothing is sent until `systemctl start upsertd` or `upsertd run`")
    }
  }
}

extension QueueReport.File {
  fileprivate var style: Console.Style {
    switch state {
    case "held", "paused": .red
    case "slowed", "delayed": .yellow
    default: .dim
    }
  }
}

extension Settings {
  /// - Throws: `ExitCode.unusable`, after an error message, if `name` is not an inbox.
  func require(inbox name: String?) throws {
    if let name, inbox(named: name) == nil { throw unknown("inbox", name, inboxes.map(\.name)) }
  }

  /// Prints that there is no such thing, and what there is.
  func unknown(_ kind: String, _ name: String, _ names: [String]) -> ExitCode {
    Console.error("upsertd: unknown \(kind) \"\(name)\"; configured: \(names.joined(separator: ", "))".onOneLine)
    return .unusable
  }
}
