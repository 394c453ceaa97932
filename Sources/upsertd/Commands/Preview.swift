internal import ArgumentParser
internal import Core
internal import Foundation
internal import Operations
internal import Settings

struct Preview: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a file would become, and which items would be rejected locally; sends nothing.",
    discussion: """
      Prints a summary first: how many items would be sent in how many requests, how many would be rejected before \
      sending and why, and the first three items as they would be sent. With --all, every request follows the \
      summary, as its method and URL, its headers (without the token) and its exact body, and every rejected item \
      where it occurs. The file is only read.

      Exit status: 0 all items would be sent; 1 some would be rejected, or the file can't be used; 2 usage or \
      configuration.

      Example: upsertd preview clients.csv --inbox investors --config upsertd.yaml
      """)

  @Argument(help: ArgumentHelp("The file, named as it would be dropped.", valueName: "FILE"), completion: .file())
  var file: String

  @Option(name: .long, help: ArgumentHelp("The inbox whose routes apply.", valueName: "NAME"), completion: .inboxes)
  var inbox: String

  @Flag(name: .long, help: "Print every request and every rejected item.")
  var all = false

  @Flag(name: .long, help: "Print one JSON document; with --all, it has every request and every rejected item.")
  var json = false

  @OptionGroup var config: ConfigOption

  func run() async throws {
    let settings = try config.load()
    guard let inbox = settings.inbox(named: inbox) else {
      Console.error(
        "upsertd: unknown inbox \"\(self.inbox)\"; configured: \(settings.inboxes.map(\.name).joined(separator: ", "))"
          .onOneLine)
      throw ExitCode.unusable
    }
    let rejected = try await reportingTrouble {
      try json
        ? FilePreview.writeDocument(path: file, inbox: inbox, settings: settings, all: all) { Console.out($0) }
        : FilePreview.show(path: file, inbox: inbox, settings: settings, all: all) { Console.out($0) }
    }
    if rejected { throw ExitCode.someRejected }
  }
}
