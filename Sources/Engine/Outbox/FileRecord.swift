package import Core

/// What the outbox knows about one claimed file.
package struct FileRecord: Sendable, Equatable {
  package enum State: String, Sendable {
    case reading
    case queued
    case finishing
  }

  package var id: FileID
  package var inbox: String
  /// As dropped; bytes.
  package var name: [UInt8]
  package var state: State
  /// By the wall clock, for display.
  package var receivedAt: Timestamp
  /// By the queue's clock; the file's age counts from here.
  package var claimedAt: QueueTime
  /// Who owned it when it was dropped: a user name, or the number if it has no name.
  package var owner: String?
  /// Who owned the files that this one corrects or repeats, without repeats, in order.
  package var otherOwners: [String] = []
  /// Whether it was read, and waits for its release.
  package var waitsForRelease = false
  /// Its place in the line, if it was released after its claim; see `LineFile`.
  package var line: FileID?
  package var completedAt: Timestamp?
  package var facts: FileFacts
  package var counts: FileCounts
  /// Why the whole file could not be used.
  package var fault: FileFault?

  package init(
    id: FileID, inbox: String, name: [UInt8], state: State, receivedAt: Timestamp, claimedAt: QueueTime,
    owner: String? = nil, completedAt: Timestamp? = nil, facts: FileFacts = FileFacts(),
    counts: FileCounts = FileCounts(), fault: FileFault? = nil
  ) {
    self.id = id
    self.inbox = inbox
    self.name = name
    self.state = state
    self.receivedAt = receivedAt
    self.claimedAt = claimedAt
    self.owner = owner
    self.completedAt = completedAt
    self.facts = facts
    self.counts = counts
    self.fault = fault
  }
}

extension FileRecord {
  /// Whoever had a hand in its bytes, as far as that is known.
  package var owners: [String] { [owner].compactMap { $0 } + otherOwners }

  /// What dispatch knows it by.
  package var place: FileID { line ?? id }
}

/// What reading a file found out.
package struct FileFacts: Sendable, Equatable {
  /// `csv`, `json` ...; nil if neither route nor extension says it.
  package var format: String?
  package var shape: String?
  /// The delimiter between a CSV's cells.
  package var delimiter: UInt8?
  package var api: APIKind?
  package var target: String?
  /// The complete URL of its requests.
  package var url: String?
  package var successMode: SuccessMode = .partial
  package var ordering: Ordering = .key
  /// Size as dropped.
  package var bytes = 0
  /// Hexadecimal, of the bytes as dropped.
  package var sha256: String?
  /// The file that this rejects file came from.
  package var corrects: FileID?
  /// The first file with the same bytes in this inbox.
  package var duplicateOf: FileID?
  /// Only of a replay: the file that was dropped again.
  package var replayOf: FileID?
  /// Of a CSV's header row; nil if an older upsertd read the file.
  package var headerTag: SourceTag?
  /// How a CSV is written, as far as its rejects file has to be written the same; nil if an older upsertd read the file.
  package var dialect: String?
  /// How far the file agrees with its control totals and checksum; nil where the route asks for neither.
  package var completeness: Completeness?
  /// `results: all`: the outcomes of accepted items are kept until they are in the results file.
  package var listsAccepted = false
  /// What somebody should look at, although the file was used.
  package var warnings: [FileWarning] = []

  package init() {}
}

/// That a claimed file is one that was dropped before, and was dropped again by `upsertd replay`.
///
/// It is written down, durably, before the file gets its name in `work/`: so no crash makes a replay an ordinary file.
/// The other way round, only upsertd writes it, and an id is never given twice: no dropper, and no crash, makes an
/// ordinary file a replay.
package struct Replay: Sendable, Equatable {
  /// The file that was dropped again.
  package var of: FileID
  /// Who ordered it: the owner of the new file.
  package var owner: String
  /// Others who may have had a hand in its bytes: whoever changed the rejects file.
  package var otherOwners: [String]

  package init(of: FileID, owner: String, otherOwners: [String] = []) {
    self.of = of
    self.owner = owner
    self.otherOwners = otherOwners
  }
}
