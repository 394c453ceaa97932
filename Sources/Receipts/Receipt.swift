package import Core

/// The outcome of one file: the JSON document in `outbox/receipts/`.
///
/// Members and codes are fixed by the contract (version 1), since other programs read them; members may be added, never
/// renamed.
package struct Receipt: Sendable, Equatable {
  package enum Status: String, Sendable, CaseIterable {
    case accepted
    case partial
    case rejected
  }

  package struct File: Sendable, Equatable {
    package var id: FileID
    /// As dropped, readable for humans and programs: bytes that are not UTF-8 are written `%FF`.
    package var name: String
    package var inbox: String
    package var format: String?
    package var bytes: Int
    package var sha256: String?
    package var receivedAt: Timestamp
    package var completedAt: Timestamp
    /// The owner of the dropped file: a user's name, or number if it has none; nil in receipts of an older upsertd.
    package var owner: String?
    /// Who owned the files that this one corrects or repeats, as far as known.
    package var otherOwners: [String] = []
    /// All of them, the file's own first.
    package var owners: [String] { [owner].compactMap { $0 } + otherOwners }
    /// Only of a replay: the file that was dropped again.
    package var replayOf: FileID?
    package var corrects: FileID?
    package var duplicateOf: FileID?

    package init(
      id: FileID, name: String, inbox: String, format: String?, bytes: Int, sha256: String?, receivedAt: Timestamp,
      completedAt: Timestamp, owner: String? = nil, corrects: FileID?, duplicateOf: FileID?
    ) {
      self.id = id
      self.name = name
      self.inbox = inbox
      self.format = format
      self.bytes = bytes
      self.sha256 = sha256
      self.receivedAt = receivedAt
      self.completedAt = completedAt
      self.owner = owner
      self.corrects = corrects
      self.duplicateOf = duplicateOf
    }
  }

  package struct Target: Sendable, Equatable {
    package var name: String
    package var api: APIKind
    package var url: String

    package init(name: String, api: APIKind, url: String) {
      self.name = name
      self.api = api
      self.url = url
    }
  }

  /// An operator's order for the file.
  package struct Order: Sendable, Equatable {
    package var at: Timestamp
    /// `cancel`, `retry` …
    package var order: String
    /// The user who gave it: a name, or number if there is none.
    package var by: String

    package init(at: Timestamp, order: String, by: String) {
      self.at = at
      self.order = order
      self.by = by
    }
  }

  /// The maximum number of rejects in a receipt.
  package static let firstRejects = 100

  package var file: File
  package var target: Target?
  package var counts: FileCounts
  package var batches: [SettledBatch] = []
  /// Name in `outbox/rejected/`; nil if nothing was rejected.
  package var rejectsFile: String?
  /// Whether the file's accepted items are listed in a file of their own.
  package var listsAccepted = false
  /// That file's name in `outbox/accepted/`; nil if nothing was accepted.
  package var acceptedFile: String?
  /// SHA-256 of its bytes, in hexadecimal; nil in receipts from before there were any.
  package var acceptedSHA256: String?
  /// In file order, at most `firstRejects`.
  package var rejects: [Reject] = []
  /// Nil where the file's route asks for neither control totals nor a checksum.
  package var completeness: Completeness?
  /// What somebody should look at, although the file was used.
  package var warnings: [FileWarning] = []
  package var orders: [Order] = []
  package var error: FileFault?

  package init(file: File, target: Target?, counts: FileCounts) {
    self.file = file
    self.target = target
    self.counts = counts
  }

  package var status: Status {
    if error != nil { return .rejected }
    if counts.rejected == 0 { return .accepted }
    return counts.accepted == 0 ? .rejected : .partial
  }
}
