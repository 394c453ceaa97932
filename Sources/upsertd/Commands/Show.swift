internal import ArgumentParser
internal import Core
internal import Foundation
internal import Operations

struct Show: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the full history of one file, as a timeline.",
    discussion: """
      Covers its claim, each request and rejected item, its receipt, and where its rejects file and original are now; \
      also which file it corrects, and which file corrects it. Works for files under way and for finished ones.

      Exit status: 0 done; 2 no such file, or several ids begin with it, or configuration or state can't be used.

      Example: upsertd show 01JD8Z0Q3V5W7X9Y1A2B3C4D5E
      """)

  @Argument(
    help: ArgumentHelp(
      "The file's id or its beginning, or a name, which means the newest file with that name.",
      valueName: "FILE-ID"), completion: .files(for: nil))
  var file: String

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  @OptionGroup var config: ConfigOption

  func run() async throws {
    let settings = try config.settingsInEffect().settings
    switch try await reportingTrouble({ try await FileSearch.story(of: file, settings: settings) }) {
    case .found(let story, let older):
      if json { Console.out(story.json) } else { show(story) }
      if !older.isEmpty {
        let rest = counted(older.count, "older file")
        Console.error("there \(older.count == 1 ? "is" : "are") \(rest) with this name; `upsertd receipts` lists them")
      }
    case .ambiguous(let ids, let more):
      Console.error("upsertd: several ids begin with \"\(file)\":\n  \(ids.map(\.text).joined(separator: "\n  "))")
      if more > 0 { Console.error("  and \(more) more; write more of the id, or see `upsertd receipts`") }
      throw ExitCode.unusable
    case .unknown(let unclaimed):
      let hint = unclaimed.isEmpty ? "; see `upsertd receipts` and `upsertd queue`" : ""
      Console.error("upsertd: file \"\(file)\" was never claimed\(hint)".onOneLine)
      for reason in unclaimed { Console.error("  not claimed: \(reason)".onOneLine) }
      throw ExitCode.unusable
    }
  }

  private func show(_ story: FileHistory) {
    let target = story.target.map { " → \($0)" } ?? ""
    let head = "\(story.inbox)/\(story.name)\(target)".onOneLine
    Console.out("\(Console.styled(head, .bold))  \(story.state)  \(story.id)")
    for event in story.events {
      let time = event.at.map { String($0.description.prefix(19)).replacing("T", with: " ") } ?? ""
      let line = Console.fitted("  \(time.padded(to: 19))  \(event.kind.padded(to: 9))  \(event.text)".onOneLine)
      Console.out(event.isTrouble ? Console.styled(line, .yellow) : line)
    }
  }
}
