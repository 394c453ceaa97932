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
