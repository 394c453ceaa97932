internal import ArgumentParser
internal import Core
internal import Foundation
internal import JSONText
internal import Operations
internal import Receipts
internal import Results
internal import Runtime
internal import Settings

struct ReceiptsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receipts",
    abstract: "Searches the receipts of all inboxes, newest first.",
    discussion: """
      Reads the receipts in their folders, so it needs neither daemon nor outbox. Times are when a file was claimed: a \
      date (2026-11-21), a time in UTC (2026-11-21T20:41), or how long ago (90m, 2d).

      Exit status: 0, even if none matches; 1 a file that should be a receipt is not readable as one; 2 usage, \
      configuration, or a folder that can't be read.

      Example: upsertd receipts clients --status partial --since 7d
      """)

  @Argument(
    help: ArgumentHelp(
      "Part of the dropped file's name or of a rejected item's key, or the start of a file id.", valueName: "TEXT"))
  var text: String?

  @Option(name: .long, help: ArgumentHelp("The same as TEXT.", valueName: "TEXT"))
  var name: String?

  @Option(name: .long, help: ArgumentHelp("Only receipts of this inbox.", valueName: "NAME"))
  var inbox: String?

  @Option(name: .long, help: ArgumentHelp("accepted, partial or rejected.", valueName: "S"))
  var status: Receipt.Status?

  @Option(name: .long, help: ArgumentHelp("Claimed at this time or later.", valueName: "T"))
  var since: MomentArgument?

  @Option(name: .long, help: ArgumentHelp("Claimed before this time.", valueName: "T"))
  var until: MomentArgument?

  @Option(name: .long, help: ArgumentHelp("Show at most this many; 0 for all.", valueName: "N"))
  var limit = 50

  @Flag(name: .long, help: "Print JSON: receipts without their batches.")
  var json = false

  @OptionGroup var config: ConfigOption

  func validate() throws {
    if text != nil, name != nil { throw ValidationError("specify TEXT or --name, not both") }
    if limit < 0 { throw ValidationError("--limit must be 0 or more") }
  }

  func run() async throws {
    let settings = try config.settingsInEffect().settings
    try settings.require(inbox: inbox)
    var query = ReceiptFolders.Query()
    (query.text, query.inbox, query.status) = (text ?? name, inbox, status)
    (query.since, query.until) = (since?.moment, until?.moment)
    let (findings, links) = try await reportingTrouble { [query] in
      try await Operator.namingDenials(state: settings.state) {
        let folders = ReceiptFolders(settings)
        if let refusal = folders.refusal(inbox: inbox) { throw refusal }
        let findings = try folders.search(query, limit: limit == 0 ? .max : limit)
        return (findings, try CorrectionLinks(folders))
      }
    }
    let corrections = findings.found.map { links.corrections(of: $0.receipt) }
    if json { Console.out(document(findings, corrections).laidOut) } else { show(findings, corrections, links) }
    for (entry, reason) in findings.unreadable { Console.error("upsertd: \(entry.path): \(reason)".onOneLine) }
    if let refusal = findings.refusal, let denial = Denial(refusal, state: settings.state) {
      try await reportingTrouble { () async throws -> Void in throw denial }
    }
    if !findings.unreadable.isEmpty { throw ExitCode.someRejected }
  }

  private func show(
    _ findings: ReceiptFolders.Findings, _ corrections: [Corrections?], _ links: CorrectionLinks
  ) {
    guard !findings.found.isEmpty else { return Console.error("no receipt matches") }
    var table = Table([
      .init(heading: "RECEIVED"), .init(heading: "STATUS"), .init(heading: "ITEMS", isNumber: true),
      .init(heading: "REJECTED", isNumber: true), .init(heading: "OPEN", isNumber: true),
      .init(heading: "INBOX", least: 8),
      .init(heading: "FILE", least: 12), .init(heading: "ID"),
    ])
    for found in findings.found {
      let (file, counts) = (found.receipt.file, found.receipt.counts)
      let error = found.receipt.error.map { ": \($0.code.rawValue)" } ?? ""
      table.append([
        "\(file.receivedAt.description.prefix(16).replacing("T", with: " "))", found.receipt.status.rawValue + error,
        "\(counts.items)", "\(counts.rejected)", "\(links.openItems(of: found.receipt))", file.inbox, file.name,
        file.id.text,
      ])
    }
    let styles = findings.found.map { found -> Console.Style? in
      switch found.receipt.status {
      case .accepted: nil
      case .partial: .yellow
      case .rejected: .red
      }
    }
    for line in table.lines(style: { styles[$0] }) { Console.out(line) }
    // Where they are can't be guessed: the rejects file was taken, or they were rejected again.
    for (found, corrections) in zip(findings.found, corrections) {
      guard let corrections, !corrections.isUntouched else { continue }
      Console.out(Console.fitted("  \(found.receipt.file.id): \(corrections.text)".onOneLine))
    }
    if findings.hasMore { Console.error("there may be older receipts; --limit 0 shows all") }
  }

  private func document(_ findings: ReceiptFolders.Findings, _ corrections: [Corrections?]) -> JSONValue {
    JSONValue([
      "receipts": .array(
        zip(findings.found, corrections).map { found, corrections in
          let receipt = try? JSONValue.parse(found.receipt.json(withBatches: false))
          var members = receipt?.members ?? []
          if let corrections { members.append((name: "corrections", value: corrections.json)) }
          return .object(members + [(name: "path", value: JSONValue(found.entry.path))])
        }),
      "unreadable": .array(
        findings.unreadable.map { JSONValue(["path": JSONValue($0.entry.path), "reason": JSONValue($0.reason)]) }),
      "more": .bool(findings.hasMore),
    ])
  }
}

extension Receipt.Status: ExpressibleByArgument {}

/// `2026-11-21`, `2026-11-21T20:41`, or `2d` for two days ago.
struct MomentArgument: ExpressibleByArgument, Sendable {
  var moment: Timestamp

  init?(argument: String) {
    if let moment = Timestamp(written: argument) {
      self.moment = moment
    } else if let duration = Duration(written: argument) {
      moment = Timestamp(milliseconds: Timestamp.now.milliseconds - duration.milliseconds)
    } else {
      return nil
    }
  }
}
