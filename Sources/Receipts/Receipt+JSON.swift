internal import Core
internal import JSONText

extension Receipt {
  /// The document, with one line for each part, batch and reject.
  ///
  /// `status` shows receipts without batches.
  package func json(withBatches: Bool = true) -> [UInt8] {
    var parts = ["\"version\": 1", "\"status\": \(quoted(status.rawValue))", "\"file\": \(fileJSON)"]
    parts.append("\"target\": " + (target.map(json(of:)) ?? "null"))
    parts.append(
      """
      "counts": {"items": \(counts.items), "accepted": \(counts.accepted), "rejected": \(counts.rejected), \
      "unchanged": \(counts.unchanged), "requests": \(counts.requests)}
      """)
    if withBatches { parts.append("\"batches\": " + list(batches.enumerated().map { json(of: $1, sequence: $0 + 1) })) }
    parts.append(
      "\"rejects\": {\"file\": \(quoted(rejectsFile)), \"first\": \(list(rejects.map(json(of:))))}")
    if listsAccepted {
      parts.append("\"results\": {\"file\": \(quoted(acceptedFile)), \"sha256\": \(quoted(acceptedSHA256))}")
    }
    if let completeness { parts.append("\"completeness\": \(json(of: completeness))") }
    if !warnings.isEmpty { parts.append("\"warnings\": " + list(warnings.map(json(of:)))) }
    if !orders.isEmpty { parts.append("\"orders\": " + list(orders.map(json(of:)))) }
    if let error { parts.append("\"error\": \(json(of: error))") }
    return Array("{\n  \(parts.joined(separator: ",\n  "))\n}\n".utf8)
  }

  private var fileJSON: String {
    var members = [
      "\"id\": \(quoted(file.id.text))", "\"name\": \(quoted(file.name))", "\"inbox\": \(quoted(file.inbox))",
      "\"format\": \(quoted(file.format))", "\"bytes\": \(file.bytes)", "\"sha256\": \(quoted(file.sha256))",
      "\"receivedAt\": \"\(file.receivedAt)\"", "\"completedAt\": \"\(file.completedAt)\"",
    ]
    if let owner = file.owner { members.append("\"owner\": \(quoted(owner))") }
    if !file.otherOwners.isEmpty {
      members.append("\"otherOwners\": [\(file.otherOwners.map { quoted($0) }.joined(separator: ", "))]")
    }
    if let original = file.replayOf { members.append("\"replayOf\": \"\(original)\"") }
    if let corrects = file.corrects { members.append("\"corrects\": \"\(corrects)\"") }
    if let original = file.duplicateOf { members.append("\"duplicateOf\": \"\(original)\"") }
    return "{\(members.joined(separator: ", "))}"
  }

  private func json(of target: Target) -> String {
    "{\"name\": \(quoted(target.name)), \"api\": \(quoted(target.api.rawValue)), \"url\": \(quoted(target.url))}"
  }

  private func json(of batch: SettledBatch, sequence: Int) -> String {
    let ranges = batch.ranges.map { "[\($0.lowerBound), \($0.upperBound)]" }.joined(separator: ", ")
    return """
      {"sequence": \(sequence), "items": \(batch.items), "accepted": \(batch.accepted), "rejected": \(batch.rejected), \
      "attempts": \(batch.attempts), "unanswered": \(batch.unanswered), "status": \(batch.status.map(String.init) ?? "null"), \
      "requestId": \(quoted(batch.requestID)), "sentAt": \(quoted(batch.sentAt?.description))\
      \(ranges.isEmpty ? "" : ", \"ranges\": [\(ranges)]")}
      """
  }

  private func json(of reject: Reject) -> String {
    """
    {"item": \(reject.item), "line": \(reject.line), "key": \(quoted(reject.key)), "code": \(quoted(reject.code)), \
    "message": \(quoted(reject.message))}
    """
  }

  private func json(of completeness: Completeness) -> String {
    func pair(_ pair: Completeness.Pair, _ value: (String) -> String) -> String {
      "{\"expected\": \(value(pair.expected)), \"found\": \(value(pair.found))}"
    }
    var members: [String] = []
    if let count = completeness.count { members.append("\"count\": \(pair(count, number))") }
    if !completeness.sums.isEmpty {
      let sums = completeness.sums.sorted { $0.key < $1.key }.map { "\(quoted($0.key)): \(pair($0.value, quoted))" }
      members.append("\"sums\": {\(sums.joined(separator: ", "))}")
    }
    if let checksum = completeness.checksum { members.append("\"checksum\": \(pair(checksum, quoted))") }
    return "{\(members.joined(separator: ", "))}"
  }

  /// A whole number as JSON writes it, however many digits it has; as a string if the text is not one.
  private func number(_ text: String) -> String {
    let digits = text.utf8.drop { $0 == UInt8(ascii: "0") }
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return quoted(text)
    }
    return digits.isEmpty ? "0" : String(decoding: digits, as: UTF8.self)
  }

  private func json(of warning: FileWarning) -> String {
    "{\"code\": \(quoted(warning.code)), \"message\": \(quoted(warning.message))}"
  }

  private func json(of order: Order) -> String {
    "{\"at\": \"\(order.at)\", \"order\": \(quoted(order.order)), \"by\": \(quoted(order.by))}"
  }

  private func json(of fault: FileFault) -> String {
    var members = ["\"code\": \(quoted(fault.code.rawValue))", "\"message\": \(quoted(fault.message))"]
    if let line = fault.line { members.append("\"line\": \(line)") }
    if let column = fault.column { members.append("\"column\": \(column)") }
    return "{\(members.joined(separator: ", "))}"
  }

  private func list(_ lines: [String]) -> String {
    lines.isEmpty ? "[]" : "[\n    \(lines.joined(separator: ",\n    "))\n  ]"
  }

  private func quoted(_ text: String?) -> String {
    guard let text else { return "null" }
    var bytes: [UInt8] = []
    appendQuoted(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
