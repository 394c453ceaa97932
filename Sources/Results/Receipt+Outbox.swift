internal import Core
package import Engine
package import Outbox
internal import Receipts
internal import Runtime
package import Spool

extension Receipt {
  /// The file's outcome as the outbox has it. Blocks.
  package init(of record: FileRecord, name: FileName, outbox: Outbox) throws {
    var counts = Counts()
    counts.items = record.counts.items
    counts.accepted = record.counts.accepted
    counts.rejected = record.counts.rejected
    counts.unchanged = record.counts.unchanged
    counts.requests = record.counts.requests
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
      target: target, counts: counts)
    file.otherOwners = record.otherOwners
    file.replayOf = facts.replayOf
    error = record.fault
    completeness = facts.completeness
    warnings = facts.warnings
    orders = try outbox.orders(record.id).map { Order(at: $0.at, order: $0.order, by: $0.by) }
    // Items that were rejected without ever being sent belong to no request.
    batches = try outbox.settled(record.id).filter { $0.attempts > 0 }
    rejects = try outbox.rejects(record.id, after: 0, limit: Self.firstRejects).map { reject in
      Reject(
        item: reject.item, line: reject.line, key: reject.key, code: reject.code, message: reject.message)
    }
  }
}
