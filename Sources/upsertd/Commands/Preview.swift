internal import ArgumentParser
internal import Foundation
internal import Operations
internal import Settings

struct Preview: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the exact requests a file would become, and which items would be rejected locally; sends nothing.",
    discussion: """
      Each request is printed as its method and URL, its headers (without the token), and its body as it would be \
      sent. Items that would be rejected before sending are listed where they occur, one per line. The file is only \
      read.

      Exit status: 0 all items would be sent; 1 some would be rejected, or the file can't be used; 2 usage or \
      configuration.

      Example: upsertd preview clients.csv --inbox investors --config upsertd.yaml
      """)

  @Argument(help: ArgumentHelp("The file, named as it would be dropped.", valueName: "FILE"))
  var file: String

  @Option(name: .long, help: ArgumentHelp("The inbox whose routes apply.", valueName: "NAME"))
  var inbox: String

  @OptionGroup var config: ConfigOption

  func run() async throws {
    let settings = try config.load()
    guard let inbox = settings.inbox(named: inbox) else {
      Console.error(
        "upsertd: unknown inbox \"\(self.inbox)\"; configured: \(settings.inboxes.map(\.name).joined(separator: ", "))")
      throw ExitCode.unusable
    }
    let rejected = try await reportingTrouble {
      try FilePreview.show(path: file, inbox: inbox, settings: settings) { Console.out($0) }
    }
    if rejected { throw ExitCode.someRejected }
  }
}
