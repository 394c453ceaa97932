package import Delivery
internal import Engine
internal import Inbox
internal import Outbox
package import Receipts

/// What happened to one file so far, from all places that know something of it: outbox, receipt, folders.
package struct FileStory: Sendable {
  package struct Event: Sendable {
    /// Nil where no time was written down.
    package var at: Timestamp?
    /// `received`, `corrects`, `duplicate`, `read`, `order`, `request`, `waiting`, `target`, `refused`, `done`, `receipt`, `rejects`,
    /// `original`, `corrected`, `repeated`.
    package var kind: String
    /// For people.
    package var text: String
    /// Whether somebody may have to do something.
    package var isTrouble = false
  }

  package var id: FileID
  package var name: String
  package var inbox: String
  package var target: String?
  /// `claimed`, what `QueueReport` says of a file under way, or the receipt's status.
  package var state: String
  package var counts: Receipt.Counts?
  package var receiptPath: String?
  package var rejectsPath: String?
  /// Where the original is now; nil where it is nowhere.
  package var originalPath: String?
  package var corrects: FileID?
  package var correctedBy: [FileID] = []
  package var duplicateOf: FileID?
  package var repeatedAs: [FileID] = []
  package var events: [Event] = []
}

/// What is known of a file, before it is told.
struct FileEvidence {
  var work: WorkFile?
  var record: FileRecord?
  var queued: QueueReport.File?
  /// What operators asked for.
  var orders: [Receipt.Order] = []
  var settled: [SettledBatch] = []
  var waiting: [QueuedRequest] = []
  /// The first of them.
  var refused: [Refusal] = []
  var finished: FinishedFile?
  var receipt: ReceiptFolders.Found?
  /// Why the receipt that there is can't be read.
  var receiptFault: String?
  var correctedBy: [FileID] = []
  var repeatedAs: [FileID] = []
}
