package import Core
internal import Engine
internal import Synchronization

/// An outbox in memory, fast enough for simulated worlds, that can fail like a disk.
///
/// It follows the protocols of `Engine`, which a shared conformance suite checks. In addition it rejects, as
/// `.damaged`, writes that no correct caller makes: counts below zero, items beyond a file's, two rows for one item. So
/// a simulated world finds such a write at once.
///
/// # Faults
///
/// - `failNext`: a disk that fails once; the pending write is lost.
/// - `isFull`: every commit fails until it is false again.
/// - `restart`: the process ends and starts again. Every commit stays.
/// - `cutPower`: the machine loses power. Some of the commits since the last durable one are lost: always the last
///   ones.
package final class MemoryOutbox: Sendable {
  struct State: Sendable {
    var content = MemoryContent()
    /// The content before each commit that a power cut may take back, oldest first.
    var atRisk: [MemoryContent] = []
    var readsToFail = 0
    var writesToFail = 0
    var isFull = false
    var commits = 0
  }

  private let state = Mutex(State())
  /// How many of the last commits a power cut may take back.
  private let mostAtRisk: Int

  /// - Parameter mostAtRisk: each costs a copy of what changes; 0 if no power cut is to happen.
  package init(mostAtRisk: Int = 0) { self.mostAtRisk = mostAtRisk }

  // MARK: - Faults

  /// Makes the next reads, or commits, fail.
  package func failNext(reads: Int = 0, writes: Int = 0) {
    state.withLock {
      $0.readsToFail += reads
      $0.writesToFail += writes
    }
  }

  package var isFull: Bool {
    get { state.withLock { $0.isFull } }
    set { state.withLock { $0.isFull = newValue } }
  }

  /// The start of a daemon: drops what was staged of files being read.
  package func restart() {
    state.withLock { state in
      (state.readsToFail, state.writesToFail) = (0, 0)
      for place in state.content.files.indices where state.content.files[place].record.state == .reading {
        state.content.files[place].batches = []
        state.content.files[place].rejects = []
      }
      state.atRisk = []
    }
  }

  /// Commits that a power cut now may take back, up to `mostAtRisk`.
  package var commitsAtRisk: Int { state.withLock { $0.atRisk.count } }

  /// Takes back the last `count` commits at risk, and starts again.
  package func cutPower(losing count: Int) {
    state.withLock { state in
      guard count > 0, !state.atRisk.isEmpty else { return }
      state.content = state.atRisk[max(0, state.atRisk.count - count)]
    }
    restart()
  }

  /// Makes a batch's row unreadable.
  package func damage(_ name: BatchName) {
    state.withLock { state in
      guard let place = state.content.place(of: name) else { return }
      state.content.files[place.file].batches[place.batch].isDamaged = true
    }
  }

  /// Its current content.
  package var content: MemoryContent { state.withLock { $0.content } }

  /// The number of commits.
  package var commits: Int { state.withLock { $0.commits } }

  // MARK: - Reading and writing

  private static func failing(_ reason: String) -> OutboxError { OutboxError(.failing, path: "memory", reason: reason) }

  static func contradiction(_ reason: String) -> OutboxError { OutboxError(.damaged, path: "memory", reason: reason) }

  func read<Value: Sendable>(
    _ body: (borrowing MemoryContent) throws(OutboxError) -> Value
  ) throws(OutboxError) -> Value {
    try state.withLock { (state) throws(OutboxError) -> Value in
      if state.readsToFail > 0 {
        state.readsToFail -= 1
        throw Self.failing("disk I/O error")
      }
      return try body(state.content)
    }
  }

  /// One commit: everything that `body` changes, or nothing if it throws.
  ///
  /// - Parameter isDurable: whether no power cut can take back this commit or any before it.
  func write<Value: Sendable>(
    isDurable: Bool = false, _ body: (inout MemoryContent) throws(OutboxError) -> Value
  ) throws(OutboxError) -> Value {
    try state.withLock { (state) throws(OutboxError) -> Value in
      if state.isFull { throw Self.failing("database or disk is full") }
      if state.writesToFail > 0 {
        state.writesToFail -= 1
        throw Self.failing("disk I/O error")
      }
      let before = state.content
      let value: Value
      do throws(OutboxError) {
        value = try body(&state.content)
      } catch {
        state.content = before
        throw error
      }
      state.commits += 1
      if isDurable {
        state.atRisk = []
      } else if mostAtRisk > 0 {
        state.atRisk.append(before)
        if state.atRisk.count > mostAtRisk { state.atRisk.removeFirst() }
      }
      return value
    }
  }
}
