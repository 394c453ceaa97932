package import Core
package import Engine

/// An outbox that a simulated world runs on.
package protocol WorldOutbox: AnyObject {
  var store: any (DispatchStore & IntakeStore & ResultStore) { get }
  /// Whether the file has a row, or history.
  func knows(_ file: FileID) async throws -> FileKnowledge
  /// The process dies; a new one opens the outbox.
  func crash() async throws
  /// The machine loses power and up to this many of the last commits.
  ///
  /// - Returns: whether any commit was lost.
  func cutPower(commits: Int, fraction: Double) async throws -> Bool
  /// A call has returned after which no commit so far can be lost.
  func becameDurable()
  /// The world is over.
  func close()
}

package enum FileKnowledge: Sendable {
  case unknown
  /// Read, but not to its end.
  case reading
  /// Queued, or finishing.
  case read
  /// Finished, with only its history left.
  case finished
}

/// The outbox in memory, for nearly all worlds.
package final class MemoryWorldOutbox: WorldOutbox {
  package let outbox = MemoryOutbox(mostAtRisk: 30)

  package init() {}

  package var store: any (DispatchStore & IntakeStore & ResultStore) { outbox }

  package func knows(_ file: FileID) -> FileKnowledge {
    let content = outbox.content
    if let place = content.place(of: file) { return content.files[place].record.state == .reading ? .reading : .read }
    return content.finished.contains { $0.id == file } ? .finished : .unknown
  }

  package func crash() { outbox.restart() }

  package func cutPower(commits: Int, fraction: Double) -> Bool {
    let lost = min(commits, outbox.commitsAtRisk)
    outbox.cutPower(losing: lost)
    return lost > 0
  }

  /// It knows this itself.
  package func becameDurable() {}

  package func close() {}
}

/// The disk below the outbox: it fails once, or is full for a while.
struct Disk {
  let outbox: any WorldOutbox
  var readsToFail = 0
  var writesToFail = 0
  var isFullUntil: Int64 = 0
  /// When it last failed.
  private(set) var failedAt: Int64 = -1_000_000

  private static func failing(_ reason: String) -> OutboxError { OutboxError(.failing, path: "outbox", reason: reason) }

  /// - Throws: if the next read is to fail.
  mutating func read(at now: Int64) throws(OutboxError) -> any (DispatchStore & IntakeStore & ResultStore) {
    guard readsToFail == 0 else {
      readsToFail -= 1
      failedAt = now
      throw Self.failing("disk I/O error")
    }
    return outbox.store
  }

  /// - Throws: if the next commit is to fail.
  mutating func write(at now: Int64) throws(OutboxError) -> any (DispatchStore & IntakeStore & ResultStore) {
    guard now >= isFullUntil else {
      failedAt = now
      throw Self.failing("database or disk is full")
    }
    guard writesToFail == 0 else {
      writesToFail -= 1
      failedAt = now
      throw Self.failing("disk I/O error")
    }
    return outbox.store
  }
}

/// The storage that one target's dispatch keeps outside memory; it can fail for a while.
final class KeyRunDisk: KeyRunStorage {
  private let words = Guarded<[UInt64]>([])
  private let isFailing: Guarded<Bool>

  /// - Parameter isFailing: shared by all of them.
  init(isFailing: Guarded<Bool>) { self.isFailing = isFailing }

  func write(_ more: [UInt64], at index: Int) throws(KeyRuns.WriteError) {
    if isFailing.value { throw KeyRuns.WriteError(reason: "no space left on device") }
    words.value.replaceSubrange(index..., with: more)
  }

  func read(from index: Int, count: Int) -> [UInt64]? {
    let all = words.value
    guard !isFailing.value, index + count <= all.count else { return nil }
    return Array(all[index..<index + count])
  }

  func removeAll() { words.value = [] }
}
