package import Core
internal import Dispatch
internal import Engine
internal import Logging
package import Outbox
internal import Runtime
internal import Settings
internal import Spool
internal import Telemetry

/// What `upsertd replay` can't do, human-readable.
package struct ReplayRefusal: Error, CustomStringConvertible {
  package var description: String
}

extension Intake {
  /// Drops a finished file of this inbox, or its rejects file, again: under a new id, as if it were dropped now.
  ///
  /// It does not pass through `inbox/`, so that no dropper can touch it, or pass for it. First its bytes are copied,
  /// then it is written down that the new id is a replay, and only then the copy becomes a claimed file. A crash leaves
  /// a hidden copy, which the next start removes, or a whole replay.
  ///
  /// - Parameter by: who orders it; its owner.
  /// - Returns: the new id, and the name under which it was dropped.
  /// - Throws: `ReplayRefusal`, `InboxError`, `OutboxError`, `ReadingStopped`.
  package func replay(_ file: FinishedFile, rejects: Bool, by: String) async throws -> (id: FileID, name: String) {
    guard let dropped = FileName(bytes: file.name) else { throw ReplayRefusal(description: "its name is unknown") }
    let names = ResultNames(dropped: dropped, id: file.id)
    let (folders, stopFlag) = (folders, context.stopFlag)
    let (copy, name) = try await copying.run { () throws -> (ReplayCopy, FileName) in
      guard let source = try rejects ? folders.rejects(of: names) : folders.original(of: names) else {
        throw ReplayRefusal(
          description: rejects
            ? "file \(file.id) has no rejects file in \(folders.rejected)"
            : "the original of file \(file.id) is no longer in \(folders.archive)")
      }
      // Whole files in rejected/ are there to be corrected, as rejects files are.
      let isArchived = source.folder == folders.archive
      let copy = try folders.copyForReplay(of: source, expecting: isArchived ? file.sha256 : nil) {
        if stopFlag.isRaised { throw ReadingStopped() }
      }
      return (copy, rejects ? source.name : dropped)
    }
    do {
      return try await claim(copy, as: name, of: file, by: by)
    } catch {
      await copying.run { folders.discard(copy) }
      throw error
    }
  }

  private func claim(
    _ copy: ReplayCopy, as name: FileName, of file: FinishedFile, by: String
  ) async throws -> (id: FileID, name: String) {
    if context.stopFlag.isRaised { throw ReadingStopped() }
    let verdict = FileReading.verdict(
      name: name.bytes, size: Int(copy.size), inbox: inbox, settings: context.settings)
    let id = await context.publisher.claimReplay(
      for: verdict == nil ? claimer.awaitedTargets(of: name) : [], isOrdered: inbox.ordering != .none)
    replaying.insert(id)
    defer { replaying.remove(id) }
    var replay = Replay(of: file.id, owner: by)
    if copy.owner != UserID.ofProcess, let owner = [copy.owner.name].first(where: { $0 != by }) {
      replay.otherOwners = [owner]
    }
    let work = WorkFile(id: id, name: ResultNames(dropped: name, id: id).work, dropped: name)
    let folders = folders
    do {
      try await context.outbox.keep(replay, for: id)
      try await copying.run { try folders.claim(copy, as: work) }
    } catch {
      await context.publisher.left([id])
      throw error
    }
    logger.info(
      "file is dropped again",
      metadata: ["file": "\(id)", "name": "\(name.display)", "of": "\(file.id)", "by": "\(by)"])
    meters.claimed()
    unread.append(
      UnreadWork(
        work: work,
        file: NewFile(
          id: id, inbox: inbox.name, name: name.bytes, owner: by, receivedAt: .now, claimedAt: context.now(),
          replay: replay),
        verdict: verdict, size: copy.size))
    await watcher.scanNow()
    return (id, name.display)
  }
}
