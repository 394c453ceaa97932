package import Core
package import Engine
internal import Spool
internal import Formats
internal import Runtime
package import Telemetry

/// A file that was read to its end, or is known to be unusable.
struct ReadFile: Sendable {
  let file: NewFile
  /// As it was dropped.
  let name: FileName
  let rejectsDuplicates: Bool
  var result: ReadingResult
  var staging: Staging
  /// Called once it is sendable, or done.
  let tell: @Sendable (ReadingResult) -> Void
}

/// Gives claimed files their ids and places, and makes files that were read sendable, each in its turn. One for all
/// inboxes.
///
/// A file that was read but has to wait for an earlier one is staged in the outbox: only what its publication needs is
/// held in memory. Whoever delivers the awaited file also publishes those that waited for it.
package actor Publisher {
  private let store: any IntakeStore
  private let ledger: UnreadLedger
  private let onPublished: @Sendable ([PublishedFile]) -> Void
  private let onFinishing: @Sendable () -> Void
  private let onAlarms: @Sendable ([InboxAlarm]) -> Void
  private var expectations: Expectations
  private var ids = FileIDSource()
  private var order = PublicationOrder()
  /// Files that were read and are staged. All of them wait for an earlier one, or for an outbox that accepts their
  /// publication.
  private var staged: [FileID: StagedFile] = [:]
  private var stagedByInbox: [String: Int] = [:]
  /// Files whose reading takes a while, or that can't be read.
  private var unread: [FileID: UnreadFile] = [:]
  /// Whether the ledger is empty.
  private var toldNobody = true
  /// Commits block, so they have a thread of their own.
  private let executor = QueueExecutor(label: "publish")

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private struct StagedFile: Sendable {
    let file: NewFile
    let name: FileName
    let rejectsDuplicates: Bool
    var result: ReadingResult
    let tell: @Sendable (ReadingResult) -> Void

    init(_ read: ReadFile) {
      file = read.file
      name = read.name
      rejectsDuplicates = read.rejectsDuplicates
      result = read.result
      tell = read.tell
    }

    /// Nil if nothing of it is sent.
    var target: String? { result.fault == nil ? result.facts.target : nil }
  }

  /// In one commit.
  private static let mostFiles = 500

  /// - Parameters:
  ///   - onPublished: called with published files, in this order.
  ///   - onFinishing: a file's results can be written.
  ///   - onAlarms: called with alarms about expected files, once they are stored.
  package init(
    store: any IntakeStore, ledger: UnreadLedger, expectations: Expectations = Expectations(),
    onPublished: @escaping @Sendable ([PublishedFile]) -> Void, onFinishing: @escaping @Sendable () -> Void,
    onAlarms: @escaping @Sendable ([InboxAlarm]) -> Void = { _ in }
  ) {
    self.store = store
    self.ledger = ledger
    self.expectations = expectations
    self.onAlarms = onAlarms
    self.onPublished = onPublished
    self.onFinishing = onFinishing
  }

  // MARK: - Places

  /// No id from here on sorts before `id`, which an earlier run assigned.
  package func skip(past id: FileID) { ids.skip(past: id) }

  /// Ids for files that are about to be claimed. They have their places before any later id is given out.
  ///
  /// - Parameter targets: those that it may be for.
  func claim(
    _ files: [(file: ExpectedFiles.ReadyFile, targets: Set<String>)], in inbox: String, isOrdered: Bool
  ) -> [FileID] {
    files.map { file, targets in
      let id = ids.next(at: .now)
      order.claimed(id, targets: targets, isOrdered: isOrdered)
      expectations.ready(id, in: inbox, file)
      return id
    }
  }

  /// Restores the place of a file that was claimed earlier and is to be read.
  func takeOver(_ file: NewFile, targets: Set<String>, isOrdered: Bool) {
    ids.skip(past: file.id)
    order.claimed(file.id, targets: targets, isOrdered: isOrdered)
    expectations.ready(file.id, in: file.inbox, ExpectedFiles.ReadyFile(name: file.name, at: file.receivedAt))
  }

  /// A file is known to be unusable, though it has not been read to its end: nothing waits for it any more.
  func isOfNoUse(_ id: FileID) async {
    order.read(id, target: nil)
    unread[id] = nil
    doNotAwait([id])
    await publish()
  }

  /// Files were given back, or are gone.
  func left(_ ids: [FileID]) async {
    for id in ids {
      order.left(id)
      unread[id] = nil
    }
    doNotAwait(ids)
    await publish()
  }

  // MARK: - Expected files

  /// These files of an inbox are ready and can't be claimed yet, and no others.
  func waiting(_ files: [ExpectedFiles.ReadyFile], in inbox: String) { expectations.waiting(files, in: inbox) }

  /// Tells what became due by the time of day.
  ///
  /// - Returns: when to call again, at the latest; nil if no file is expected.
  /// - Throws: if the outbox takes no alarms now. They are told by a later call.
  func checkExpectations() throws(OutboxError) -> Timestamp? {
    let now = Timestamp.now
    var changed = expectations
    let alarms = changed.passed(now)
    let changes = changed.changes(alarms, at: now)
    if !changes.isEmpty { try store.commit { try $0.keep(changes) } }
    changed.stored()
    expectations = changed
    if !alarms.isEmpty { onAlarms(alarms) }
    return expectations.nextChange(after: now)
  }

  /// These files do not count.
  private func doNotAwait(_ ids: [FileID]) {
    let awaited = ids.filter { expectations.awaits($0) }
    guard !awaited.isEmpty else { return }
    for id in awaited { expectations.forget(id) }
    // If this fails, the next check tells it.
    _ = try? checkExpectations()
  }

  // MARK: - Slow files

  /// A file's reading takes a while, or it can't be read now. It keeps its place.
  func note(_ file: UnreadFile) {
    unread[file.id] = file
    tellWhoWaits()
  }

  /// How many files of an inbox were read and wait.
  func waitingCount(inbox: String) -> Int { stagedByInbox[inbox] ?? 0 }

  private func tellWhoWaits() {
    guard !(unread.isEmpty && toldNobody) else { return }
    toldNobody = unread.isEmpty
    ledger.set(
      unread.values.map { file in
        var file = file
        let waiting = order.waiting(for: file.id)
        file.waitingFiles = waiting.count
        file.waitingInboxes = Set(waiting.compactMap { staged[$0]?.file.inbox }).sorted()
        return file
      })
  }

  // MARK: - Publication

  /// Takes files that were read: those whose turn has come are published, with those that waited for them, and the
  /// others are staged, all in one commit.
  ///
  /// - Throws: if none of it was stored. The files must be read again, and keep their places.
  func take(_ files: [ReadFile]) async throws(OutboxError) {
    let new = Dictionary(files.map { ($0.file.id, StagedFile($0)) }, uniquingKeysWith: { $1 })
    for file in new.values { order.read(file.file.id, target: file.target) }
    let ready = order.publishable(limit: Self.mostFiles).compactMap { new[$0] ?? staged[$0] }
    do throws(OutboxError) {
      try commit(ready) { commit in for file in files { try file.staging.stage(in: commit) } }
    } catch {
      for file in files { order.unread(file.file.id) }
      throw error
    }
    for file in files {
      unread[file.file.id] = nil
      staged[file.file.id] = StagedFile(file)
      stagedByInbox[file.file.inbox, default: 0] += 1
    }
    await finish(ready)
    await publish()
  }

  /// Publishes files that only a failing outbox has held up.
  ///
  /// - Throws: if it still fails.
  func publishWaiting() async throws(OutboxError) {
    await publish()
    if let failure { throw failure }
  }

  /// Why publishable files have not been published.
  private var failure: OutboxError?

  private func publish() async {
    while true {
      let ready = order.publishable(limit: Self.mostFiles).compactMap { staged[$0] }
      failure = nil
      guard !ready.isEmpty else { return tellWhoWaits() }
      do throws(OutboxError) {
        try commit(ready)
      } catch {
        failure = error
        return tellWhoWaits()
      }
      await finish(ready)
    }
  }

  /// Rejects as a whole a file that was read and waits.
  ///
  /// - Returns: whether there is such a file.
  func reject(_ id: FileID, _ fault: FileFault) async throws(OutboxError) -> Bool {
    guard var file = staged[id] else { return false }
    file.result.fault = fault
    try commit([file])
    staged[id] = file
    await finish([file])
    await publish()
    return true
  }

  /// They are published, or done: nothing waits for them any more.
  private func finish(_ files: [StagedFile]) async {
    guard !files.isEmpty else { return }
    for file in files {
      let id = file.file.id
      order.left(id)
      staged[id] = nil
      let left = (stagedByInbox[file.file.inbox] ?? 0) - 1
      stagedByInbox[file.file.inbox] = left > 0 ? left : nil
    }
    for file in files { file.tell(file.result) }
    let published = files.compactMap { file in
      file.target.map {
        PublishedFile(id: file.file.id, target: $0, isOrdered: file.result.facts.ordering != .none)
      }
    }
    if !published.isEmpty { onPublished(published) }
    onFinishing()
  }

  /// Publishes files, and stores what that means for expected ones, in one commit.
  private func commit(
    _ files: [StagedFile], after prepare: (any IntakeCommit) throws -> Void = { _ in }
  ) throws(OutboxError) {
    let now = Timestamp.now
    let before = expectations
    let (expected, alarms) = try store.commit { commit in
      try prepare(commit)
      var (expected, alarms) = (before, [InboxAlarm]())
      for file in files {
        let counts = try Self.publish(file, in: commit)
        let id = file.file.id
        guard expected.awaits(id) else { continue }
        alarms += counts ? expected.read(id, items: file.result.items, now: now) : expected.gone(id, now: now)
      }
      let changes = expected.changes(alarms, at: now)
      if !changes.isEmpty { try commit.keep(changes) }
      return (expected, alarms)
    }
    expectations = expected
    expectations.stored()
    if !alarms.isEmpty { onAlarms(alarms) }
  }

  /// Makes the file's batches sendable, or records why it can't be used.
  ///
  /// - Returns: whether it counts for `expect`.
  private static func publish(_ file: StagedFile, in commit: any IntakeCommit) throws -> Bool {
    var facts = file.result.facts
    var fault = file.result.fault
    let id = file.file.id
    facts.corrects = ResultNames.correctedFileID(of: file.name)
    if let sha256 = facts.sha256,
      let original = try commit.original(sha256: sha256, inbox: file.file.inbox, before: id)
    {
      facts.duplicateOf = original.id
      if file.rejectsDuplicates, original.wasUsed, fault == nil {
        fault = FileFault(
          .duplicateFile, "the same bytes were dropped here before, as file \(original.id) (duplicates: reject)")
      }
    }
    if let fault {
      try commit.fail(id, facts: facts, fault: fault)
    } else {
      try commit.publish(id, facts: facts, items: file.result.items, rejected: file.result.rejected)
    }
    return fault == nil && facts.duplicateOf == nil && !file.result.isRejectsFile
  }
}
