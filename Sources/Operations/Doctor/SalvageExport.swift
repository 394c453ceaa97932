internal import APIs
internal import Core
internal import Dispatching
internal import Engine
internal import Glibc
internal import JSONText
internal import Outbox
internal import Spool

/// Writes what can be read of an outbox: undelivered items, in a form that can be dropped again, and the outcome of the
/// others.
struct SalvageExport {
  let folder: String
  /// Paths of the written files.
  private(set) var written: [String] = []

  private struct Unsent {
    var file: ResultFile
    var name: FileName
    var form: SalvageForm
  }

  private let bodies: BodyLoader
  private let outcomes: ResultFile
  private var hasOutcomes = false
  private var unsent: Unsent?
  private static let outcomesName = ResultNames.outcomes

  /// Creates the folder, for its owner only: items may be personal data.
  init(folder: String, bodies: BodyLoader) throws {
    self.folder = folder
    self.bodies = bodies
    if mkdir(folder, 0o700) != 0, errno != EEXIST {
      throw StartError(description: "create folder \"\(folder)\": \(String(cString: strerror(errno)))")
    }
    outcomes = try ResultFile(folder: folder, name: Self.outcomesName)
  }

  /// Adds a batch to its file's `NAME.ID.unsent.json`, or another extension, as the API requires.
  ///
  /// What the batch left in the claimed file is looked up there; if that file is gone, the batch is left out, and so
  /// are items whose bytes were changed.
  mutating func add(_ batch: QueuedBatch, of record: FileRecord) throws {
    guard record.state == .queued, let form = record.facts.api.flatMap({ APIs[$0]?.salvage }),
      let name = FileName(bytes: record.name),
      let whole = try? bodies.read(batch, of: record.id, inbox: record.inbox, name: record.name).batch,
      let pieces = whole.pieces, !pieces.isEmpty
    else { return }
    if unsent == nil {
      let name = ResultNames(dropped: name, id: record.id).unsent(format: form.fileExtension)
      unsent = Unsent(file: try ResultFile(folder: folder, name: name), name: name, form: form)
      try unsent?.file.append(form.open)
    } else {
      try unsent?.file.append(form.separator)
    }
    for (index, piece) in pieces.enumerated() {
      if index > 0 { try unsent?.file.append(form.separator) }
      try unsent?.file.append(whole.body[piece])
    }
  }

  /// Call after the last batch of a file.
  mutating func finish(_ file: Salvage.File) throws {
    let name = FileName(bytes: file.record.name)?.display ?? ""
    var line: [UInt8] = []
    Self.outcome(of: file, name: name).append(to: &line)
    try outcomes.append(line)
    try outcomes.append("\n")
    hasOutcomes = true
    guard let unsent else { return }
    self.unsent = nil
    try unsent.file.append(unsent.form.close)
    try unsent.file.publish()
    written.append("\(folder)/\(unsent.name.display)")
  }

  /// `outcomes.ndjson`: a line for each file, with the requests that settled items, and every reject.
  mutating func close() throws {
    guard hasOutcomes else { return outcomes.abandon() }
    try outcomes.publish()
    written.append("\(folder)/\(Self.outcomesName.display)")
  }

  private static func outcome(of file: Salvage.File, name: String) -> JSONValue {
    let (record, counts) = (file.record, file.record.counts)
    return JSONValue([
      "file": JSONValue([
        "id": JSONValue(record.id.text), "name": JSONValue(name), "inbox": JSONValue(record.inbox),
        "sha256": JSONValue(record.facts.sha256), "receivedAt": JSONValue(record.receivedAt.description),
        "owner": JSONValue(record.owner),
      ]), "state": JSONValue(record.state.rawValue), "target": JSONValue(record.facts.target),
      "counts": JSONValue([
        "items": JSONValue(counts.items), "accepted": JSONValue(counts.accepted),
        "rejected": JSONValue(counts.rejected), "unsent": JSONValue(file.waitingItems),
      ]), "whole": .bool(file.isWhole),
      "batches": .array(
        file.settled.map { batch in
          JSONValue([
            "items": JSONValue(batch.items), "accepted": JSONValue(batch.accepted),
            "rejected": JSONValue(batch.rejected), "attempts": JSONValue(batch.attempts),
            "unanswered": JSONValue(batch.unanswered), "status": JSONValue(batch.status),
            "requestId": JSONValue(batch.requestID), "sentAt": JSONValue(batch.sentAt?.description),
            "ranges": .array(
              batch.ranges.map { .array([JSONValue($0.lowerBound), JSONValue($0.upperBound)]) }),
          ])
        }),
      "orders": .array(
        file.orders.map {
          JSONValue(["at": JSONValue($0.at.description), "order": JSONValue($0.order), "by": JSONValue($0.by)])
        }),
      "rejects": .array(
        file.rejects.map { reject in
          JSONValue([
            "item": JSONValue(reject.item), "line": JSONValue(reject.line), "key": JSONValue(reject.key),
            "code": JSONValue(reject.code), "message": JSONValue(reject.message),
          ])
        }),
    ])
  }
}
