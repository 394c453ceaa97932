package import Delivery
internal import Engine
internal import Inbox
internal import Outbox
package import Receipts
internal import Results

/// What has happened to one file so far, from all places that know about it: outbox, receipt, folders.
package struct FileStory: Sendable {
  package struct Event: Sendable {
    /// Nil if no time was recorded.
    package var at: Timestamp?
    /// `received`, `corrects`, `duplicate`, `read`, `order`, `request`, `waiting`, `target`, `refused`, `done`, `receipt`, `rejects`,
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
  package var counts: Receipt.Counts?
  package var receiptPath: String?
  package var rejectsPath: String?
  /// Where the original is now; nil if it is nowhere.
  package var originalPath: String?
  package var corrects: FileID?
  package var correctedBy: [FileID] = []
  package var duplicateOf: FileID?
  package var repeatedAs: [FileID] = []
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
  var refused: [Refusal] = []
  var finished: FinishedFile?
  var receipt: ReceiptFolders.Found?
  /// Why an existing receipt can't be read.
  var receiptFault: String?
  var correctedBy: [FileID] = []
  var repeatedAs: [FileID] = []
}
