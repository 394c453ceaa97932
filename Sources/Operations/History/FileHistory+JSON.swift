internal import Core
internal import JSONText
internal import Receipts

extension FileHistory {
  /// For programs, as JSON.
  package var json: [UInt8] {
    JSONValue([
      "id": JSONValue(id.text), "name": JSONValue(name), "inbox": JSONValue(inbox), "target": JSONValue(target),
      "state": JSONValue(state), "receivedAt": JSONValue(id.time.description),
      "counts": counts.map { counts in
        JSONValue([
          "items": JSONValue(counts.items), "accepted": JSONValue(counts.accepted),
          "rejected": JSONValue(counts.rejected), "unchanged": JSONValue(counts.unchanged),
          "requests": JSONValue(counts.requests),
        ])
      } ?? .null,
      "receipt": JSONValue(receiptPath), "rejects": JSONValue(rejectsPath), "original": JSONValue(originalPath),
      "corrects": JSONValue(corrects?.text), "correctedBy": .array(correctedBy.map { JSONValue($0.text) }),
      "duplicateOf": JSONValue(duplicateOf?.text), "repeatedAs": .array(repeatedAs.map { JSONValue($0.text) }),
      "events": .array(
        events.map {
          JSONValue(["at": JSONValue($0.at?.description), "kind": JSONValue($0.kind), "text": JSONValue($0.text)])
        }),
    ]).laidOut
  }
}
