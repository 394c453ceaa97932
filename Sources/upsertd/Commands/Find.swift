internal import ArgumentParser
internal import Core
internal import Foundation
internal import Operations
internal import Settings

struct Find: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what became of a record: every file, line, request and outcome.",
    discussion: """
      KEY is one identifier's value, one value of item.key, or the whole key as receipts write it; it must match exactly. \
      Receipts, results files, rejects and the queue are searched, and the originals of files without a results file, \
      for the text alone. What was searched is said on standard error.

      Exit status: 0, even if nothing is found; 2 usage, configuration, or something that can't be read.

      Example: upsertd find IR-0002 --inbox investors --since 30d
      """)

  @Argument(help: ArgumentHelp("The record's key, or one of its values.", valueName: "KEY"))
  var key: String

  @Option(name: .long, help: ArgumentHelp("Only files of this inbox.", valueName: "I"), completion: .inboxes)
  var inbox: String?

  @Option(name: .long, help: ArgumentHelp("Only files claimed at this time or later.", valueName: "D"))
  var since: MomentArgument?

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  @OptionGroup var config: ConfigOption

  func validate() throws {
    if key.isEmpty { throw ValidationError("KEY is empty") }
  }

  func run() async throws {
    let settings = try config.settingsInEffect().settings
    try settings.require(inbox: inbox)
    var query = RecordSearch.Query(key: key)
    (query.inbox, query.since) = (inbox, since?.moment)
    let findings = try await reportingTrouble { [query] in try await RecordSearch.run(query, settings: settings) }
    if json { Console.out(findings.json) } else { show(findings) }
    if findings.found.isEmpty { Console.error("nothing found; \(findings.extent)") }
    for note in findings.notes { Console.error("note: \(note)".onOneLine) }
    for reason in findings.unreadable { Console.error("upsertd: \(reason)".onOneLine) }
    if !findings.unreadable.isEmpty { throw ExitCode.unusable }
  }

  private func show(_ findings: RecordFindings) {
    var last: FileID?
    for finding in findings.found {
      if finding.file != last { showFile(finding) }
      last = finding.file
      let line = Console.fitted("  " + text(of: finding).onOneLine)
      Console.out(finding.outcome == "rejected" ? Console.styled(line, .yellow) : line)
      for id in finding.correctedBy { Console.out("    its rejects file was dropped again as file \(id)") }
    }
  }

  private func showFile(_ finding: RecordFinding) {
    let target = finding.target.map { " → \($0)" } ?? ""
    let head = "\(finding.inbox)/\(finding.name)\(target)".onOneLine
    Console.out("\(finding.receivedAt)  \(Console.styled(head, .bold))  \(finding.file)")
    if let owner = finding.owners.first {
      let others = finding.owners.dropFirst()
      let shared = others.isEmpty ? "" : "; others who had a hand in it: \(others.joined(separator: ", "))"
      Console.out("  dropped by \(owner)\(shared)".onOneLine)
    }
    if let corrects = finding.corrects { Console.out("  corrects file \(corrects)") }
  }

  private func text(of finding: RecordFinding) -> String {
    var parts: [String] = []
    if let item = finding.item { parts.append("item \(item)") }
    if let line = finding.line {
      parts.append(finding.source == .rejects ? "line \(line) of the rejects file" : "line \(line)")
    }
    var text = parts.joined(separator: ", ") + ": "
    text += finding.outcome ?? "accepted or rejected, see the receipt"
    if let code = finding.code { text += " (\(code))" }
    if let key = finding.key { text += ", key \(key)" }
    if let batch = finding.batch { text += ", batch \(batch)" }
    if let request = finding.requestID { text += ", request \(request)" }
    if let attempts = finding.attempts, let unanswered = finding.unanswered, attempts > 1 || unanswered > 0 {
      text += ", \(counted(attempts, "attempt")), \(unanswered) unanswered"
    }
    if let sentAt = finding.sentAt { text += ", sent \(sentAt)" }
    if let answeredAt = finding.answeredAt { text += ", answered \(answeredAt)" }
    if let id = finding.recordID { text += ", record \(id)" }
    if let version = finding.recordVersion { text += ", version \(version)" }
    if finding.source == .original || finding.source == .rejects { text += " (by the text alone)" }
    if let message = finding.message { text += ": \(message)" }
    return text
  }
}
