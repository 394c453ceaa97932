package import Core
internal import Dispatch
package import Engine
internal import Formats
internal import Runtime
internal import Spool
package import Telemetry

/// A file that was read to its end, or is known to be unusable.
struct ReadFile: Sendable {
  let file: NewFile
  /// As it was dropped.
  let name: FileName
  let rejectsDuplicates: Bool
  /// Whether somebody has to release it, if there is anything to send.
  let waitsForRelease: Bool
  var result: ReadingResult
  var staging: Staging
  /// Called once it is sendable, or done.
  let logRead: @Sendable (ReadingResult) -> Void
  /// Called once it waits for its release.
  let logHeld: @Sendable (ReadingResult) -> Void
}

/// Gives claimed files their ids and places, and makes files that were read sendable, each in its turn. One for all
/// inboxes.
///
/// A file that was read but has to wait for an earlier one is staged in the outbox: only what its publication needs is
/// held in memory. Whoever delivers the awaited file also publishes those that waited for it.
///
/// A file that has to be released is staged in the same way, without a place. Its release gives it a new one, behind all
/// files that were claimed by then: `NewFile.line`.
package actor Publisher {
  private let store: any IntakeStore
  private let tracker: UnreadFileTracker
  private let onPublished: @Sendable ([PublishedFile]) -> Void
  private let onFinishing: @Sendable () -> Void
  private let onAlarms: @Sendable ([InboxAlarm]) -> Void
  private var expectations: Expectations
  private var ids = FileIDSource()
  private var order = PublicationOrder()
  /// Files that were read and are staged. All of them wait for an earlier one, or for an outbox that accepts their
  /// publication.
  private var staged: [FileID: StagedFile] = [:]
  /// The places of released files that are not published.
  private var lines: [FileID: FileID] = [:]
  /// Those of files whose release is being written down.
  private var releasing: [FileID: FileID] = [:]
  private var stagedByInbox: [String: Int] = [:]
  /// Files whose reading takes a while, or that can't be read.
  private var unread: [FileID: UnreadFile] = [:]
  /// Whether the tracker is empty.
  private var announcedNobody = true
  /// Commits block, so they have a thread of their own.
  private let executor = QueueExecutor(label: "publish")
  /// Discarding what was staged of a large file takes long.
  private let discarding = DispatchQueue(label: "discard")

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private struct StagedFile: Sendable {
    let file: NewFile
    let name: FileName
    let rejectsDuplicates: Bool
    var isHeld: Bool
    var result: ReadingResult
    let logRead: @Sendable (ReadingResult) -> Void

    init(_ read: ReadFile) {
      result = read.result
      isHeld = read.waitsForRelease && result.fault == nil && result.items > result.rejected
      file = read.file
      name = read.name
      rejectsDuplicates = read.rejectsDuplicates
      logRead = read.logRead
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
    store: any IntakeStore, tracker: UnreadFileTracker, expectations: Expectations = Expectations(),
    onPublished: @escaping @Sendable ([PublishedFile]) -> Void, onFinishing: @escaping @Sendable () -> Void,
    onAlarms: @escaping @Sendable ([InboxAlarm]) -> Void = { _ in }
  ) {
    self.store = store
    self.tracker = tracker
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
    _ files: [(file: ExpectedFiles.Arrival, targets: Set<String>)], in inbox: String, isOrdered: Bool
  ) -> [FileID] {
    files.map { file, targets in
      let id = claimReplay(for: targets, isOrdered: isOrdered)
      expectations.ready(id, in: inbox, file)
      return id
    }
  }

  /// The id of a file that is dropped again, which is nobody's file of the day.
  func claimReplay(for targets: Set<String>, isOrdered: Bool) -> FileID {
    let id = ids.next(at: .now)
    order.claimed(id, targets: targets, isOrdered: isOrdered)
    return id
  }

  /// Restores the place of a file that was claimed earlier and is to be read.
  func takeOver(_ file: NewFile, targets: Set<String>, isOrdered: Bool) {
    ids.skip(past: file.id)
    if let line = file.line {
      ids.skip(past: line)
      lines[file.id] = line
    }
    order.claimed(file.line ?? file.id, targets: targets, isOrdered: isOrdered)
    // A replay is nobody's file of the day.
    if file.replay == nil {
      expectations.ready(file.id, in: file.inbox, ExpectedFiles.Arrival(name: file.name, at: file.receivedAt))
    }
  }

  /// By what `order` knows a file.
  private func place(of id: FileID) -> FileID { lines[id] ?? id }

  /// Releases a file that waits for it: it has its place from now on.
  ///
  /// - Parameters:
  ///   - target: the one that it is for.
  ///   - store: writes that down, durably, with the place; false if the file does not wait.
  /// - Returns: whether it was released.
  package func release(
    _ id: FileID, target: String, isOrdered: Bool,
    store: @Sendable (_ line: FileID) async throws(OutboxError) -> Bool
  ) async throws(OutboxError) -> Bool {
    // Before anything is awaited: what is claimed from here on comes after it.
    let line = ids.next(at: .now)
    order.claimed(line, targets: [target], isOrdered: isOrdered)
    releasing[id] = line
    let isReleased: Bool
    do throws(OutboxError) {
      isReleased = try await store(line)
    } catch {
      releasing[id] = nil
      await left(atPlace: line)
      throw error
    }
    // It may have been cancelled, or found unusable, meanwhile.
    guard releasing.removeValue(forKey: id) == line, isReleased else {
      await left(atPlace: line)
      return isReleased
    }
    order.left(id)
    lines[id] = line
    // If it is being read again, since the daemon has just started, it is published as soon as it was.
    if staged[id]?.isHeld == true {
      staged[id]?.isHeld = false
      order.read(line, target: target)
      await publish()
    }
    return true
  }

  private func left(atPlace line: FileID) async {
    order.left(line)
    await publish()
  }

  /// A file is known to be unusable, though it has not been read to its end: nothing waits for it any more.
  func isOfNoUse(_ id: FileID) async {
    order.read(place(of: id), target: nil)
    unread[id] = nil
    doNotAwait([id])
    await publish()
  }

  /// Files were given back, or are gone.
  func left(_ ids: [FileID]) async {
    for id in ids {
      order.left(place(of: id))
      (lines[id], releasing[id]) = (nil, nil)
      unread[id] = nil
    }
    doNotAwait(ids)
    await publish()
  }

  // MARK: - Expected files

  /// These files of an inbox are ready and can't be claimed yet, and no others.
  func waiting(_ files: [ExpectedFiles.Arrival], in inbox: String) { expectations.waiting(files, in: inbox) }

  /// Reports what became due by the time of day.
  ///
  /// - Returns: when to call again, at the latest; nil if no file is expected.
  /// - Throws: if the outbox takes no alarms now. A later call reports them.
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
    // If this fails, the next check reports it.
    _ = try? checkExpectations()
  }

  // MARK: - Slow files

  /// A file's reading takes a while, or it can't be read now. It keeps its place.
  func note(_ file: UnreadFile) {
    unread[file.id] = file
    reportWaiting()
  }

  /// How many files of an inbox were read and wait.
  func waitingCount(inbox: String) -> Int { stagedByInbox[inbox] ?? 0 }

  private func reportWaiting() {
    guard !(unread.isEmpty && announcedNobody) else { return }
    announcedNobody = unread.isEmpty
    tracker.set(
      unread.values.map { file in
        var file = file
        let waiting = order.waiting(for: place(of: file.id))
        file.waitingFiles = waiting.count
        file.waitingInboxes = Set(waiting.compactMap { staged[own($0)]?.file.inbox }).sorted()
        return file
      })
  }

  // MARK: - Publication

  /// Takes files that were read: those whose turn has come are published, with those that waited for them, and the
  /// others are staged, all in one commit.
  ///
  /// - Throws: if none of it was stored. The files must be read again, and keep their places.
  func take(_ files: [ReadFile]) async throws(OutboxError) {
    let new = Dictionary(
      files.map { file in
        var staged = StagedFile(file)
        if lines[file.file.id] != nil { staged.isHeld = false }
        return (file.file.id, staged)
      }, uniquingKeysWith: { $1 })
    for file in new.values where !file.isHeld { order.read(place(of: file.file.id), target: file.target) }
    let ready = order.publishable(limit: Self.mostFiles).map { own($0) }.compactMap { new[$0] ?? staged[$0] }
    var refused: Set<FileID> = []
    do throws(OutboxError) {
      refused = try commit(ready, holding: new.values.filter(\.isHeld)) { commit in
        for file in files { try file.staging.stage(in: commit) }
      }
    } catch {
      for file in files { order.unread(place(of: file.file.id)) }
      throw error
    }
    for file in files {
      let id = file.file.id
      unread[id] = nil
      staged[id] = new[id]
      stagedByInbox[file.file.inbox, default: 0] += 1
      guard new[id]?.isHeld == true else { continue }
      order.left(id)
      if !refused.contains(id) { file.logHeld(file.result) }
    }
    await finish(ready + new.values.filter { refused.contains($0.file.id) })
    await publish()
  }

  /// The own id of the file that has this place.
  private func own(_ place: FileID) -> FileID {
    lines.isEmpty ? place : lines.first { $0.value == place }?.key ?? place
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
      let ready = order.publishable(limit: Self.mostFiles).compactMap { staged[own($0)] }
      failure = nil
      guard !ready.isEmpty else { return reportWaiting() }
      do throws(OutboxError) {
        try commit(ready)
      } catch {
        failure = error
        return reportWaiting()
      }
      await finish(ready)
    }
  }

  /// Rejects as a whole a file that was read and waits.
  ///
  /// - Returns: whether there is such a file.
  func reject(
    _ id: FileID, _ fault: FileFault, onProgress: @escaping @Sendable () -> Void
  ) async throws(OutboxError) -> Bool {
    guard staged[id] != nil else { return false }
    // From here on, whoever publishes it rejects it.
    staged[id]?.result.fault = fault
    staged[id]?.isHeld = false
    do {
      try await discarding.run { [store] in try store.discardStaged(of: id, onProgress: onProgress) }
    } catch let error as OutboxError {
      throw error
    } catch {
      // Nothing else is thrown there.
    }
    guard let file = staged[id] else { return true }
    try commit([file])
    await finish([file])
    await publish()
    return true
  }

  /// They are published, or done: nothing waits for them any more.
  private func finish(_ files: [StagedFile]) async {
    guard !files.isEmpty else { return }
    let places = files.map { place(of: $0.file.id) }
    for (file, place) in zip(files, places) {
      let id = file.file.id
      order.left(place)
      (lines[id], releasing[id]) = (nil, nil)
      staged[id] = nil
      let left = (stagedByInbox[file.file.inbox] ?? 0) - 1
      stagedByInbox[file.file.inbox] = left > 0 ? left : nil
    }
    for file in files { file.logRead(file.result) }
    let published = zip(files, places).compactMap { file, place in
      file.isHeld
        ? nil
        : file.target.map {
          PublishedFile(id: place, target: $0, isOrdered: file.result.facts.ordering != .none)
        }
    }
    if !published.isEmpty { onPublished(published) }
    onFinishing()
  }

  /// Why a file of an inbox with `duplicates: reject` can't be used; nil if it can. `publish` decides in the end: an
  /// earlier file with the same bytes may still be unread now.
  static func duplicateFault(_ file: NewFile, _ facts: FileFacts, in commit: any IntakeCommit) throws -> FileFault? {
    guard file.replay == nil, let sha256 = facts.sha256,
      let original = try commit.original(sha256: sha256, inbox: file.inbox, before: file.id), original.wasUsed
    else { return nil }
    return duplicateFault(original.id)
  }

  private static func duplicateFault(_ original: FileID) -> FileFault {
    FileFault(.duplicateFile, "the same bytes were dropped here before, as file \(original) (duplicates: reject)")
  }

  /// Publishes files, lets others wait for their release, and stores what that means for expected ones, in one commit.
  ///
  /// - Returns: those of `held` that can't be used, and wait for nothing.
  @discardableResult
  private func commit(
    _ files: [StagedFile], holding held: [StagedFile] = [],
    after prepare: (any IntakeCommit) throws -> Void = { _ in }
  ) throws(OutboxError) -> Set<FileID> {
    let now = Timestamp.now
    let before = expectations
    let (expected, alarms, refused) = try store.commit { commit in
      try prepare(commit)
      var (expected, alarms) = (before, [InboxAlarm]())
      for file in files {
        let reason = try publish(file, in: commit)
        let id = file.file.id
        guard expected.awaits(id) else { continue }
        alarms +=
          reason == nil
          ? expected.read(id, items: file.result.items, now: now) : expected.gone(id, because: reason, now: now)
      }
      var refused: Set<FileID> = []
      // One that waits for its release came, but counts once it is released.
      for file in held {
        guard let fault = try hold(file, in: commit) else { continue }
        refused.insert(file.file.id)
        guard expected.awaits(file.file.id) else { continue }
        alarms += expected.gone(file.file.id, because: Self.reason(fault), now: now)
      }
      let changes = expected.changes(alarms, at: now)
      if !changes.isEmpty { try commit.keep(changes) }
      return (expected, alarms, refused)
    }
    expectations = expected
    expectations.stored()
    if !alarms.isEmpty { onAlarms(alarms) }
    return refused
  }

  /// Makes the file's batches sendable, or records why it can't be used.
  ///
  /// - Returns: why it does not count for `expect`; nil if it does.
  private func publish(_ file: StagedFile, in commit: any IntakeCommit) throws -> String? {
    let (facts, fault) = try write(file, waits: false, in: commit)
    if let fault { return Self.reason(fault) }
    if let original = facts.duplicateOf { return "it has the same bytes as file \(original)" }
    return file.result.isRejectsFile ? "it corrects rejected items" : nil
  }

  /// Lets the file wait for its release, unless it can't be used.
  ///
  /// - Returns: why it can't be used; nil if it waits.
  private func hold(_ file: StagedFile, in commit: any IntakeCommit) throws -> FileFault? {
    try write(file, waits: true, in: commit).fault
  }

  private static func reason(_ fault: FileFault) -> String { "it was rejected as \(fault.code.rawValue)" }

  private func write(
    _ file: StagedFile, waits: Bool, in commit: any IntakeCommit
  ) throws -> (facts: FileFacts, fault: FileFault?) {
    let (id, result) = (file.file.id, file.result)
    let (facts, fault) = try verdict(on: file, in: commit)
    if let fault {
      try commit.fail(id, facts: facts, fault: fault)
    } else if waits {
      try commit.hold(id, facts: facts, items: result.items, rejected: result.rejected)
    } else {
      try commit.publish(id, facts: facts, items: result.items, rejected: result.rejected)
    }
    return (facts, fault)
  }

  /// What other files say about this one.
  private func verdict(
    on file: StagedFile, in commit: any IntakeCommit
  ) throws -> (facts: FileFacts, fault: FileFault?) {
    var facts = file.result.facts
    facts.corrects = ResultNames.correctedFileID(of: file.name)
    facts.replayOf = file.file.replay?.of
    // The same bytes on purpose are no duplicate. A released file counts as dropped when it is released.
    if facts.replayOf == nil, let sha256 = facts.sha256,
      let original = try commit.original(sha256: sha256, inbox: file.file.inbox, before: place(of: file.file.id))
    {
      facts.duplicateOf = original.id
      if file.rejectsDuplicates, original.wasUsed, file.result.fault == nil {
        return (facts, Self.duplicateFault(original.id))
      }
    }
    return (facts, file.result.fault)
  }
}
