package import Core
internal import JSONText

/// A contradiction between two places.
package struct Inconsistency: Sendable, Hashable {
  package enum Kind: String, Sendable {
    // Receipts.
    case receiptUnreadable = "receipt-unreadable"
    case receiptMisplaced = "receipt-misplaced"
    case receiptTwice = "receipt-twice"
    case receiptCounts = "receipt-counts"
    case receiptChanged = "receipt-changed"
    case receiptInvented = "receipt-invented"
    case receiptMissing = "receipt-missing"
    // Rejects files.
    case rejectsMissing = "rejects-missing"
    case rejectsUnreadable = "rejects-unreadable"
    case rejectsCount = "rejects-count"
    case rejectsUnknown = "rejects-unknown"
    // Results files.
    case resultsMissing = "results-missing"
    case resultsDigest = "results-sha256"
    case resultsUnknown = "results-unknown"
    // Originals.
    case originalMissing = "original-missing"
    case originalBytes = "original-bytes"
    case originalDigest = "original-sha256"
    case originalUnknown = "original-unknown"
    // Claimed files.
    case workUnknown = "work-unknown"
    case workFinished = "work-finished"
    case workMissing = "work-missing"
    case leftover
    // The outbox.
    case outboxCounts = "outbox-counts"
    case outboxReceipt = "outbox-receipt"
    case outboxHistory = "outbox-history"
  }

  package var kind: Kind
  package var inbox: String
  package var file: FileID?
  package var path: String?
  /// Human-readable: what disagrees, and what to do if that is known.
  package var reason: String

  init(_ kind: Kind, inbox: String, file: FileID?, path: String? = nil, _ reason: String) {
    self.kind = kind
    self.inbox = inbox
    self.file = file
    self.path = path
    self.reason = reason
  }

  var json: JSONValue {
    JSONValue([
      "kind": JSONValue(kind.rawValue), "inbox": JSONValue(inbox), "file": JSONValue(file?.text),
      "path": JSONValue(path), "reason": JSONValue(reason),
    ])
  }
}
