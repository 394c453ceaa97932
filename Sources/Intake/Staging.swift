internal import APIs
internal import Core
internal import Engine
internal import Settings
internal import Synchronization

/// Takes what reading a file yields: holds it in memory, and stages it in the outbox whenever it reaches a few
/// megabytes.
///
/// A small file is still held completely when its reading ends, and shares with others the commit that makes it
/// sendable.
struct Staging: ReadingSink, Sendable {
  private let store: any IntakeStore
  private let file: NewFile
  private let reservation: Reservation
  private var batches: [(ordinal: Int, batch: QueuedBatch)] = []
  private var rejects: [Reject] = []
  /// In memory.
  private(set) var heldBytes = 0
  private var queuedBytes = 0
  private var target = ""
  /// Whether anything of the file may be in the outbox.
  private(set) var hasRow = false

  /// Commits are large enough that their own cost is negligible, and small enough to be held in memory.
  static let commitBytes = 2 << 20
  /// A small row takes longer than its bytes show, and everybody waits for a commit.
  private static let commitRejects = 2000
  /// The memory that an item and its place in the file, or a reject, takes.
  private static let itemBytes = 80
  /// The memory that a batch takes in addition.
  private static let batchBytes = 500
  private static let refusalBytes = 200

  init(store: any IntakeStore, file: NewFile, reservation: Reservation) {
    self.store = store
    self.file = file
    self.reservation = reservation
  }

  mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: RouteTargets.Destination) throws {
    target = destination.target.name
    batches.append((ordinal, batch))
    heldBytes += batch.body.literals.count + batch.items.count * Self.itemBytes + Self.batchBytes
    queuedBytes += batch.body.count
    if heldBytes >= Self.commitBytes { try flush() }
  }

  mutating func reject(_ reject: Reject) throws {
    rejects.append(reject)
    heldBytes += Self.refusalBytes + reject.message.utf8.count
    if heldBytes >= Self.commitBytes || rejects.count >= Self.commitRejects { try flush() }
  }

  /// Creates the file's row, so that everyone sees that it is being read; discards what an earlier try left of it.
  mutating func begin(onProgress: () -> Void) throws {
    try store.discardStaged(of: file.id, onProgress: onProgress)
    try store.commit { try $0.begin(file) }
    hasRow = true
  }

  private mutating func flush() throws {
    try store.commitLarge { try stage(in: $0) }
    staged()
  }

  /// Stages what is held, in a commit that the caller shares with others; call `staged()` once it is made.
  func stage(in commit: any IntakeCommit) throws {
    if !hasRow { try commit.begin(file) }
    guard !batches.isEmpty || !rejects.isEmpty else { return }
    try commit.stage(batches, rejects: rejects, of: file.id, target: target)
  }

  /// What was held is in the outbox.
  mutating func staged() {
    hasRow = true
    reservation.use(SpaceEstimate(queueBytes: queuedBytes, diskBytes: heldBytes))
    batches.removeAll(keepingCapacity: true)
    rejects.removeAll(keepingCapacity: true)
    (heldBytes, queuedBytes) = (0, 0)
  }

  /// The whole file is unusable: discards what was read of it.
  mutating func discard() {
    batches = []
    rejects = []
    (heldBytes, queuedBytes) = (0, 0)
  }
}

/// The room reserved for a file from its claim until it is in the outbox.
final class Reservation: Sendable {
  private let state: Mutex<(left: SpaceEstimate, isEnded: Bool)>

  init(_ need: SpaceEstimate) { state = Mutex((need, false)) }

  /// What the file will still take.
  var need: SpaceEstimate { state.withLock { $0.left } }

  var isEnded: Bool { state.withLock { $0.isEnded } }

  /// A part of the file is in the outbox, and is counted there.
  func use(_ part: SpaceEstimate) {
    state.withLock { state in
      state.left.queueBytes = max(0, state.left.queueBytes - part.queueBytes)
      state.left.diskBytes = max(0, state.left.diskBytes - part.diskBytes)
    }
  }

  /// The file is in the outbox, or is not read for now. The reservation counts until the outbox is measured again.
  func end() { state.withLock { $0.isEnded = true } }
}

/// The daemon is stopping in the middle of a file: the next run reads it from its beginning.
package struct ReadingStopped: Error {}

/// An operator cancelled the file while it was being read.
struct ReadingCancelled: Error {}
