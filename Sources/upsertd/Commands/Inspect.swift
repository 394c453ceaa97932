internal import APIs
internal import ArgumentParser
internal import Core
internal import Foundation
internal import Inspection
internal import JSONText
internal import Operations
internal import Settings

struct Inspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a file looks like, and proposes a route and a mapping that load it; sends nothing.",
    discussion: """
      Looks at the file's first MiB and its end: encoding, delimiter, header, columns with samples, types and dates, \
      totals, and what is not data. What the file does not show is listed as unsure. Without --inbox no configuration \
      is needed. With it, the whole file is read with the inbox's route; if all is well, nothing is proposed.

      Exit status: 0 done; 2 usage or configuration, or the file can't be opened.

      Example: upsertd inspect clients.csv --api liquid
      """)

  @Argument(help: ArgumentHelp("The file, named as it would be dropped.", valueName: "FILE"), completion: .file())
  var file: String

  @Option(
    name: .long, help: ArgumentHelp("The inbox whose routes are compared with the file.", valueName: "NAME"),
    completion: .inboxes)
  var inbox: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The API that the proposal is for; otherwise the inbox's, or the one that the file looks like.", valueName: "API"),
    completion: .list(APIs.all.map(\.kind.rawValue)))
  var api: String?

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  @OptionGroup var config: ConfigOption

  func validate() throws {
    guard let api, APIs[APIKind(rawValue: api)] == nil else { return }
    let known = APIs.all.map(\.kind.rawValue).joined(separator: " or ")
    throw ValidationError("--api must be \(known), but is \"\(api)\"".onOneLine)
  }

  func run() async throws {
    var purpose = Inspection.Purpose(api: api.map(APIKind.init(rawValue:)))
    guard let name = inbox else { return print(try await inspect(purpose), nil) }
    let settings = try config.load(withSecrets: false)
    guard let inbox = settings.inbox(named: name) else {
      Console.error(
        "upsertd: unknown inbox \"\(name)\"; configured: \(settings.inboxes.map(\.name).joined(separator: ", "))"
          .onOneLine)
      throw ExitCode.unusable
    }
    purpose.inbox = name
    // Without a route, reading the file says so.
    let route = inbox.route(for: file.utf8.split(separator: UInt8(ascii: "/")).last.map { Array($0) } ?? [])
    if let route { purpose = Inspection.Purpose(route, of: name, settings: settings, api: purpose.api) }
    let inspection = try await inspect(purpose)
    let outcome = try await reportingTrouble {
      try FilePreview.outcome(path: file, inbox: inbox, settings: settings, mostRejects: 5)
    }
    let verdict = ReadingVerdict(
      inbox: name, items: outcome.items, rejected: outcome.rejected, fault: outcome.fault, rejects: outcome.rejects,
      differences: route.map(inspection.differences(from:)) ?? [])
    print(inspection, verdict)
  }

  private func inspect(_ purpose: Inspection.Purpose) async throws -> Inspection {
    try await reportingTrouble { Inspection(try FileSample.read(path: file), for: purpose) }
  }

  private func print(_ inspection: Inspection, _ verdict: ReadingVerdict?) {
    if json {
      Console.out(inspection.json(verdict).laidOut)
    } else {
      Console.out(inspection.report(verdict).joined(separator: "\n"))
    }
  }
}
