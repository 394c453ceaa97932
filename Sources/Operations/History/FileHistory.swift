package import Core
internal import Engine
internal import JSONText
internal import Outbox
internal import Receipts
internal import Results
internal import Spool

/// What has happened to one file so far, from all places that know about it: outbox, receipt, folders.
package struct FileHistory: Sendable {
  package struct Event: Sendable {
    /// Nil if no time was recorded.
    package var at: Timestamp?
    /// `received`, `replays`, `replayed`, `corrects`, `duplicate`, `read`, `checked`, `order`, `request`, `waiting`, `target`, `rejected`, `done`, `receipt`, `rejects`,
    /// `original`, `corrected`, `repeated`.
    package var kind: String
    /// Human-readable.
    package var text: String
    /// Whether somebody may have to act.
    package var isTrouble = false
  }

  package var id: FileID
  package var name: String
  package var inbox: String
  package var target: String?
  /// `claimed`, what `QueueReport` says about a file under way, or the receipt's status.
  package var state: String
  /// When it was claimed, as in its receipt.
  var receivedAt: Timestamp
  var counts: FileCounts?
  var receiptPath: String?
  var rejectsPath: String?
  /// Where the original is now; nil if it is nowhere.
  var originalPath: String?
  var corrects: FileID?
  var correctedBy: [FileID] = []
  /// Of its rejected items; nil if there are none, or no receipt yet.
  var corrections: Corrections?
  var duplicateOf: FileID?
  var repeatedAs: [FileID] = []
  var replayOf: FileID?
  var replayedAs: [FileID] = []
  /// Timed ones in order of time; the current state of a file under way comes last.
  package var events: [Event] = []
}

/// The known facts about a file, before they are put into words.
package struct FileEvidence {
  var work: WorkFile?
  var record: FileRecord?
  var queued: QueueReport.File?
  /// What operators ordered.
  var orders: [Receipt.Order] = []
  var settled: [SettledBatch] = []
  var waiting: [QueuedRequest] = []
  /// The first of them.
  var rejects: [Reject] = []
  /// How many there are of each code; nil for a finished file.
  var rejectedByCode: [String: Int]?
  var finished: FinishedFile?
  var receipt: ReceiptFolders.Found?
  /// Why an existing receipt can't be read.
  var receiptFault: String?
  var correctedBy: [FileID] = []
  var corrections: Corrections?
  var repeatedAs: [FileID] = []
  var replayedAs: [FileID] = []

  /// Whether its results are written, whatever has become of them since.
  var isDone: Bool { receipt != nil || receiptFault != nil || finished != nil }
}

extension FileHistory {
  /// For programs, as JSON.
  package var json: [UInt8] {
    JSONValue([
      "id": JSONValue(id.text), "name": JSONValue(name), "inbox": JSONValue(inbox), "target": JSONValue(target),
      "state": JSONValue(state), "receivedAt": JSONValue(receivedAt.description),
      "counts": counts.map { counts in
        JSONValue([
          "items": JSONValue(counts.items), "accepted": JSONValue(counts.accepted),
          "rejected": JSONValue(counts.rejected), "unchanged": JSONValue(counts.unchanged),
          "requests": JSONValue(counts.requests),
        ])
      } ?? .null,
      "receipt": JSONValue(receiptPath), "rejects": JSONValue(rejectsPath), "original": JSONValue(originalPath),
      "corrects": JSONValue(corrects?.text), "correctedBy": .array(correctedBy.map { JSONValue($0.text) }),
      "corrections": corrections?.json ?? .null,
      "duplicateOf": JSONValue(duplicateOf?.text), "repeatedAs": .array(repeatedAs.map { JSONValue($0.text) }),
      "replayOf": JSONValue(replayOf?.text), "replayedAs": .array(replayedAs.map { JSONValue($0.text) }),
      "events": .array(
        events.map {
          JSONValue(["at": JSONValue($0.at?.description), "kind": JSONValue($0.kind), "text": JSONValue($0.text)])
        }),
    ]).laidOut
  }
}
