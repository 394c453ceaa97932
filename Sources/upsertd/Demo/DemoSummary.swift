/// The receipts as a table, the refused items with their reasons, and one receipt as it is.
struct DemoSummary {
  var receipts: [ReceiptFile]
  var folder: DemoFolder
  var narrator: Narrator

  func tell() {
    narrator.heading("Receipts")
    tellTable()
    narrator.heading("Refused, and why")
    tellRejects()
    if let receipt = receipts.first(where: { $0.target == "liquid" && $0.rejected > 0 }) {
      narrator.heading("One of the receipts")
      narrator.tell(folder.short(receipt.path))
      for line in receipt.text.split(separator: "\n") { tellWrapped(line) }
    }
  }

  private func tellTable() {
    func row(_ file: String, _ status: String, _ numbers: [String]) -> String {
      file.padded(to: 38) + status.padded(to: 9) + numbers.map { $0.leading(to: 10) }.joined()
    }
    narrator.tell(
      Console.styled(row("file", "status", ["items", "accepted", "rejected", "requests", "retries"]), .dim))
    for receipt in receipts {
      let numbers = [receipt.items, receipt.accepted, receipt.rejected, receipt.requests, receipt.retries]
      narrator.tell(row(receipt.file.fitted(to: 36), receipt.status, numbers.map(String.init)))
    }
  }

  private func tellRejects() {
    for receipt in receipts where receipt.rejected > 0 {
      for reject in receipt.rejects {
        let place = "\(receipt.file):\(reject.line)".padded(to: 24) + reject.code.padded(to: 20)
        narrator.tell(place + reject.message.fitted(to: narrator.width - 3 - place.count))
      }
    }
  }

  /// Breaks a long line between members: still the same JSON.
  private func tellWrapped(_ line: Substring) {
    let indent = String(line.prefix { $0 == " " })
    var current = ""
    for member in line.split(separator: ", \"").enumerated() {
      let piece = member.offset == 0 ? String(member.element) : "\"" + member.element
      if current.isEmpty {
        current = piece
      } else if current.count + 2 + piece.count > narrator.width - 4 {
        narrator.tell(current + ",")
        current = indent + "  " + piece
      } else {
        current += ", " + piece
      }
    }
    narrator.tell(current)
  }
}
