internal import Core
package import Engine
package import Outbox
internal import Receipts
internal import Runtime
package import Spool

extension Receipt {
  /// The file's outcome as the outbox has it. Blocks.
  package init(of record: FileRecord, name: FileName, outbox: Outbox) throws {
    let facts = record.facts
    var target: Target?
    if let name = facts.target, let api = facts.api, let url = facts.url {
      target = Target(name: name, api: api, url: url)
    }
    self.init(
      file: File(
        id: record.id, name: name.display, inbox: record.inbox, format: facts.format, bytes: facts.bytes,
        sha256: facts.sha256, receivedAt: record.receivedAt, completedAt: record.completedAt ?? .now,
        owner: record.owner, corrects: facts.corrects, duplicateOf: facts.duplicateOf),
      target: target, counts: record.counts)
    file.otherOwners = record.otherOwners
    file.replayOf = facts.replayOf
    error = record.fault
    completeness = facts.completeness
    warnings = facts.warnings
    orders = try outbox.orders(record.id).map { Order(at: $0.at, order: $0.order, by: $0.by) }
    // Items that were rejected without ever being sent belong to no request.
    batches = try outbox.settled(record.id).filter { $0.attempts > 0 }
    rejects = try outbox.rejects(record.id, after: 0, limit: Self.firstRejects)
  }
}

extension Receipt {
  /// The notice about a file that is done.
  ///
  /// - Parameter text: this receipt without its batches, as JSON.
  func notice(_ text: String) -> Notice {
    let event: Notice.Event =
      switch status {
      case .accepted: .accepted
      case .partial: .partial
      case .rejected: .rejected
      }
    let outcome =
      if let error {
        "could not be used (\(error.code.rawValue)); nothing of it was sent"
      } else if counts.rejected == 0 {
        "was accepted, with \(counted(counts.items, "item"))"
      } else {
        "is done, with \(counts.rejected) of \(counted(counts.items, "item")) rejected"
      }
    return Notice(
      event, at: file.completedAt, inbox: file.inbox, target: target?.name, file: file.id,
      message: "file \"\(file.name)\" in inbox \"\(file.inbox)\" \(outcome)", receipt: text)
  }
}
