internal import APIs
internal import Core
internal import Dispatch
internal import Engine
internal import Logging
internal import Outbox
internal import Receipts
internal import Runtime
internal import Settings
internal import Spool

/// Finds claimed files in `work/` that are not published.
struct WorkSearch: Sendable {
  let inbox: Inbox
  let folders: InboxFolders
  let context: Intake.Context
  let queue: DispatchQueue
  let logger: Logger

  /// Files that an earlier run claimed and did not publish, in the order of the claims.
  ///
  /// A finished one is put away: only its last rename was missing. History shows that it is finished, or, if the outbox
  /// is a fresh one, its receipt. Rows without a file are deleted.
  /// - Parameters:
  ///   - known: all files with a row.
  ///   - rows: those of them that have not been read.
  /// - Throws: `InboxError`, `OutboxError`.
  func unpublished(known: Set<FileID>, rows: [FileRecord]) async throws -> [UnreadWork] {
    let work = try await queue.run { [folders] in try folders.workFiles() }
    let replays = try await context.outbox.replays()
    var mine = Dictionary(rows.filter { $0.inbox == inbox.name }.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    // No id from here on may sort before one that is in use.
    for file in work { await context.publisher.skip(past: file.id) }
    var unread: [UnreadWork] = []
    for file in work {
      if let row = mine.removeValue(forKey: file.id) {
        unread.append(await self.unread(file, row: row, replay: replays[file.id]))
      } else if !known.contains(file.id), try await !isPutAway(file) {
        unread.append(await self.unread(file, replay: replays[file.id]))
      }
    }
    // The run ended between giving a file back and deleting its row, or somebody removed the file since. It is not
    // rejected: its disk may not be mounted yet, and then the next search finds it.
    for row in mine.values.sorted(by: { $0.id < $1.id }) {
      guard let name = FileName(bytes: row.name) else { continue }
      let isInInbox = await queue.run { [folders] in InboxFolders.size(of: name, in: folders.inbox) != nil }
      guard !isInInbox else { continue }
      logger.error(
        "a file that an earlier run claimed is no longer in work/; it has no receipt",
        metadata: ["file": "\(row.id)", "name": "\(name.display)"])
    }
    let (store, lost) = (context.store, mine.keys.sorted())
    if !lost.isEmpty { try await queue.run { try store.commit { for id in lost { try $0.forget(id) } } } }
    return unread
  }

  /// Claimed files that are unknown because their claim seemed to fail: a rename over NFS whose answer was lost.
  func strays(besides known: Set<FileID>) async throws -> [UnreadWork] {
    let work = try await queue.run { [folders] in try folders.workFiles() }.filter { !known.contains($0.id) }
    guard !work.isEmpty else { return [] }
    let rows = try await context.outbox.filesUnderWay().ids
    let replays = try await context.outbox.replays()
    var strays: [UnreadWork] = []
    for file in work where !rows.contains(file.id) {
      guard try await context.outbox.finishedStatus(file.id) == nil else { continue }
      logger.warning(
        "found a claimed file that was not recorded as claimed; reading it now",
        metadata: ["file": "\(file.id)", "name": "\(file.dropped.display)"])
      strays.append(await unread(file, replay: replays[file.id]))
    }
    return strays
  }

  /// A file in `work/` that may be unknown to the outbox.
  func unread(_ file: WorkFile, row: FileRecord? = nil, replay: Replay? = nil) async -> UnreadWork {
    let size = await queue.run { [folders] in folders.size(of: file) } ?? 0
    var new = NewFile(
      id: file.id, inbox: inbox.name, name: file.dropped.bytes, owner: replay?.owner ?? row?.owner,
      // An id's time is that of the claim, unless the clock was ahead.
      receivedAt: row?.receivedAt ?? min(file.id.time, .now), claimedAt: row?.claimedAt ?? context.now(),
      replay: replay)
    new.line = row?.line
    return UnreadWork(
      work: file, file: new,
      verdict: FileReading.verdict(
        name: file.dropped.bytes, size: Int(size), inbox: inbox, settings: context.settings))
  }

  private func isPutAway(_ file: WorkFile) async throws -> Bool {
    let names = ResultNames(dropped: file.dropped, id: file.id)
    let folders = folders
    let receipt = await queue.run {
      (try? InboxFolders.contents(of: names.receipt, in: folders.receipts)).flatMap {
        try? Receipt(json: $0, apis: APIs.kinds)
      }
    }
    let status = try await context.outbox.finishedStatus(file.id)
    guard receipt != nil || status != nil else {
      if context.outbox.isNew {
        logger.warning(
          "the outbox is new: a claimed file is read from the beginning, and items already sent will be sent again",
          metadata: ["file": "\(file.id)", "name": "\(file.dropped.display)"])
      }
      return false
    }
    logger.notice("a finished file was still in work/", metadata: ["file": "\(file.id)"])
    let isUsable = receipt?.error == nil
    try await queue.run {
      if isUsable {
        try folders.archive(file, as: names.archive)
      } else {
        try folders.setAside(file, as: names.unusable)
      }
    }
    return true
  }
}
