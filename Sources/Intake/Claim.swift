internal import Core
internal import Engine
internal import Spool
internal import Synchronization

/// An open claimed file that is about to be read.
struct Claim: Sendable {
  var claimed: ClaimedFile
  var file: NewFile
  /// Why it is unusable, if that is known.
  var verdict: FileFault?
  /// Nil if no reading has failed.
  var trouble: ReadingTrouble?
  var reservation = Reservation(.none)

  /// The claim as waiting work, if it is not read now.
  var work: UnreadWork {
    UnreadWork(work: claimed.work, file: file, verdict: verdict, trouble: trouble, size: claimed.size)
  }
}

/// A claimed file that waits in `work/` to be read.
struct UnreadWork: Sendable {
  var work: WorkFile
  var file: NewFile
  var verdict: FileFault?
  var trouble: ReadingTrouble?
  /// Bytes, when it was last opened; 0 if it has not been opened.
  var size: Int64 = 0
}

/// Files that an operator cancelled before they were read; a reading checks after every chunk.
final class CancelledFiles: Sendable {
  private let ids = Mutex<Set<FileID>>([])

  func contains(_ id: FileID) -> Bool { ids.withLock { $0.contains(id) } }

  func insert(_ id: FileID) { ids.withLock { _ = $0.insert(id) } }

  func remove(_ id: FileID) { ids.withLock { _ = $0.remove(id) } }
}
