package import Core
internal import JSONText
internal import Outbox
internal import Receipts
package import Settings
internal import Spool

/// Whether receipts, rejects files, originals and the outbox agree.
///
/// Files move on during the check, so contradictions are checked a second time, and count only if they are still there.
package struct Verification: Sendable {
  package var disagreements: [Inconsistency] = []
  /// Things that are allowed, but worth knowing.
  package var notes: [String] = []
  package var receipts = 0
  package var rejectsFiles = 0
  package var resultsFiles = 0
  package var originals = 0
  package var underWay = 0

  /// Between the two looks: longer than writing one file's results takes.
  private static let pause = Duration.seconds(1)

  /// - Parameter isQuick: does not read originals and results files: the originals' sizes are checked, no digests are.
  package static func run(isQuick: Bool, settings: Settings) async throws -> Verification {
    var digests: [String: String] = [:]
    var first = try await look(isQuick: isQuick, settings: settings, &digests)
    guard !first.disagreements.isEmpty else { return first }
    try await Task.sleep(for: pause)
    let second = try await look(isQuick: isQuick, settings: settings, &digests)
    let still = Set(second.disagreements)
    first.disagreements.removeAll { !still.contains($0) }
    return first
  }

  private static func look(
    isQuick: Bool, settings: Settings, _ digests: inout [String: String]
  ) async throws -> Verification {
    let (kept, known) = (digests, settings)
    let (result, new) = try await Operator.looking(at: settings) { outbox in
      var look = ConsistencyScan(settings: known, isQuick: isQuick, digests: kept)
      try await look.run(outbox)
      return (look.result, look.digests)
    }
    digests = new
    return result
  }

  /// For programs, as JSON.
  package var json: [UInt8] {
    JSONValue([
      "agree": .bool(disagreements.isEmpty), "disagreements": .array(disagreements.map(\.json)),
      "notes": .array(notes.map { JSONValue($0) }),
      "looked": JSONValue([
        "receipts": JSONValue(receipts), "rejectsFiles": JSONValue(rejectsFiles),
        "resultsFiles": JSONValue(resultsFiles), "originals": JSONValue(originals),
        "underWay": JSONValue(underWay),
      ]),
    ]).laidOut
  }
}

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
