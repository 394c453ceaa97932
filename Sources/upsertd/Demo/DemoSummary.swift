internal import Sandbox

/// The receipts as a table, the rejected items with their reasons, and one receipt as it is.
struct DemoSummary {
  var receipts: [ReceiptFile]
  var folder: DemoFolder
  var narrator: Narrator

  func show() {
    narrator.heading("Receipts")
    showTable()
    narrator.heading("Rejected, and why")
    showRejects()
    if let receipt = receipts.first(where: { $0.file == SampleFile.accounts.name && $0.rejected > 0 }) {
      narrator.heading("One complete receipt")
      narrator.printLine(Console.styled(folder.short(receipt.path), .dim))
      for line in receipt.text.split(separator: "\n") { showWrapped(line) }
    }
  }

  private func showTable() {
    func row(_ file: String, _ status: String, _ numbers: [String]) -> String {
      file.fitted(to: 24).padded(to: 26) + status.padded(to: 8) + numbers.map { $0.flushRight(to: 9) }.joined()
    }
    narrator.printLine(
      Console.styled(row("file", "status", ["items", "accepted", "rejected", "requests", "retries"]), .dim))
    for receipt in receipts {
      let numbers = [receipt.items, receipt.accepted, receipt.rejected, receipt.requests, receipt.retries]
      narrator.printLine(row(receipt.file, receipt.status, numbers.map(String.init)))
    }
  }

  private func showRejects() {
    for receipt in receipts where receipt.rejected > 0 {
      let correction = receipts.first { $0.corrects == receipt.id }
      narrator.printLine(receipt.file + (correction == nil ? "" : " (since fixed and accepted)"))
      for reject in receipt.rejects {
        narrator.narrate(reject.message, behind: "  line \(reject.line)".padded(to: 12) + reject.code.padded(to: 20))
      }
    }
  }

  /// Breaks a long line between members: the JSON stays the same.
  private func showWrapped(_ line: Substring) {
    let indent = String(line.prefix { $0 == " " })
    var current = ""
    for (index, part) in line.split(separator: ", \"").enumerated() {
      let piece = index == 0 ? String(part) : "\"" + part
      if current.isEmpty {
        current = piece
      } else if current.count + 2 + piece.count > narrator.width - 4 {
        narrator.printLine(current + ",")
        current = indent + "  " + piece
      } else {
        current += ", " + piece
      }
    }
    narrator.printLine(current)
  }
}

/// Where everything is, and what to try next.
struct DemoFarewell {
  var folder: DemoFolder
  var isKept: Bool
  /// The sandbox's.
  var port: UInt16
  var narrator: Narrator

  /// The command as it was invoked, so that the suggested commands can be copied.
  private var program: String { CommandLine.arguments.first ?? "upsertd" }

  func show() {
    narrator.heading("What is where in \(folder.path)")
    narrator.printLine("spool/<inbox>/outbox/receipts/    a receipt for each dropped file")
    narrator.printLine("spool/<inbox>/outbox/rejected/    rejected items, to fix and drop again")
    narrator.printLine("spool/<inbox>/archive/            the originals")
    narrator.printLine("upsertd.yaml  upsertd.log         configuration and log")
    if isKept {
      narrator.heading("Look around: the folder is kept for you")
      narrator.command("\(program) status --config \(folder.configuration)")
      narrator.command("less \(folder.path)/spool/*/outbox/*/*")
      narrator.heading("Drop your own files: start the APIs and the daemon again")
      narrator.command("\(program) sandbox --port \(port) &")
      narrator.command("\(program) run --config \(folder.configuration)")
    } else {
      narrator.heading("The folder is now removed. What next?")
      narrator.command("\(program) demo --keep", "the same, but keeps the folder to look around in")
      narrator.command("\(program) sandbox --port 8080", "both APIs, to try your own files and configuration")
      narrator.command("\(program) --help")
    }
  }
}

/// Something that went differently than the demo says it should.
struct DemoFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
