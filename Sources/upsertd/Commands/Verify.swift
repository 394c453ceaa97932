internal import ArgumentParser
internal import Core
internal import Foundation
internal import Operations

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks that receipts, rejects files, originals and the outbox agree, and lists every disagreement.",
    discussion: """
      Counts must add up, a rejects file must contain as many items as were rejected, an original must exist with the \
      receipt's SHA-256 (or be past its retention), every result must have a receipt, and work/ must contain exactly \
      what the outbox has under way. It only reads, even while the daemon is running; anything that is changing is \
      checked twice.

      Exit status: 0 everything agrees; 1 something does not; 2 configuration, outbox or folders can't be read.

      Example: upsertd verify --quick
      """)

  @Flag(name: .long, help: "Do not read the originals; compare only their sizes.")
  var quick = false

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  @OptionGroup var config: ConfigOption

  func run() async throws {
    let settings = try config.settingsInEffect().settings
    let result = try await reportingTrouble { try await Verification.run(isQuick: quick, settings: settings) }
    if json { Console.out(result.json) } else { show(result) }
    if !result.disagreements.isEmpty { throw ExitCode.someRejected }
  }

  private func show(_ result: Verification) {
    for found in result.disagreements {
      let what = found.path ?? found.file?.text ?? found.inbox
      Console.out("\(Console.styled(found.kind.rawValue, .red))  \("\(what): \(found.reason)".onOneLine)")
    }
    for note in result.notes { Console.out("note: \(note)".onOneLine) }
    let looked =
      "\(counted(result.receipts, "receipt")), \(counted(result.rejectsFiles, "rejects file")), \(counted(result.resultsFiles, "results file")), \(counted(result.originals, "original")), \(counted(result.underWay, "file")) under way"
    let verdict =
      result.disagreements.isEmpty
      ? Console.styled("all agree", .green)
      : Console.styled(counted(result.disagreements.count, "disagreement"), .red)
    Console.out("\(looked): \(verdict)")
  }
}
