internal import Core
internal import Dispatch
internal import Engine
internal import Formats
internal import Logging
internal import Outbox
internal import Runtime
internal import Settings
internal import Spool
internal import Synchronization
internal import Telemetry

/// Reads claimed files of one inbox, for the publisher.
struct FileReader: Sendable {
  let inbox: Inbox
  let folders: InboxFolders
  let context: Intake.Context
  let queue: DispatchQueue
  let cancelled: CancelledFiles
  let meters: InboxMetrics
  let logger: Logger

  static let failing = "can't read the file"

  /// Nil if the file changed during the reading.
  ///
  /// - Throws: `ReadError`, `OutboxError`, `ReadingStopped`, `ReadingCancelled`.
  func read(_ claim: Claim) async throws -> ReadFile? {
    let (claimed, context) = (claim.claimed, context)
    let takesTime =
      claim.verdict == nil
      && (claimed.size > Claimer.smallBytes || inbox.fileType(of: claimed.name.bytes)?.isGzipped == true)
    if takesTime {
      var note = UnreadFile(id: claimed.id, inbox: inbox.name, name: claimed.name.display)
      note.since = .now
      await context.publisher.note(note)
    }
    defer { context.instruments.reading.ended(claimed.id) }
    var (result, staging, hasChanged) = try await queue.run {
      var reading = reading(claim)
      var staging = Staging(store: context.store, file: claim.file, reservation: claim.reservation)
      // Shows everyone that it is being read.
      if takesTime { try staging.begin(onProgress: context.beating(inbox)) }
      var result = try reading.run(into: &staging)
      if result.fault == nil, inbox.rejectsDuplicates, staging.hasRow {
        result.fault = try context.store.commit { try Publisher.duplicateFault(claim.file, result.facts, in: $0) }
      }
      if result.fault != nil { staging.discard() }
      return (result, staging, claimed.hasChanged())
    }
    if result.fault != nil, result.unfinishedDigest != nil || staging.hasRow, !hasChanged {
      // What is left to do takes long, and nobody has to wait for it.
      await context.publisher.isOfNoUse(claimed.id)
      (result, hasChanged) = try await queue.run { [result, staging] in
        var result = result
        if result.unfinishedDigest != nil {
          do { try reading(claim).complete(&result) } catch is ReadError {
            // The fault is known. A missing digest is no reason to wait.
          }
        }
        if staging.hasRow { try context.store.discardStaged(of: claimed.id, onProgress: context.beating(inbox)) }
        return (result, claimed.hasChanged())
      }
    }
    return hasChanged ? nil : readFile(claim.work, result, staging, isRead: true)
  }

  /// A claimed file that can't, or should not, be read: it is rejected as a whole.
  func rejected(_ work: UnreadWork, _ fault: FileFault) async throws -> ReadFile {
    try await queue.run {
      var staging = Staging(store: context.store, file: work.file, reservation: Reservation(.none))
      var reading = FileReading(
        inbox: inbox, settings: context.settings, name: work.work.dropped.bytes, path: folders.work, descriptor: -1,
        size: Int(folders.size(of: work.work) ?? work.size), refersToFile: false, verdict: fault)
      var result = try reading.run(into: &staging)
      result.unfinishedDigest = nil
      return readFile(work, result, staging, isRead: false)
    }
  }

  private func readFile(
    _ work: UnreadWork, _ result: ReadingResult, _ staging: Staging, isRead: Bool
  ) -> ReadFile {
    let (id, name) = (work.file.id, work.work.dropped)
    return ReadFile(
      file: work.file, name: name, rejectsDuplicates: inbox.rejectsDuplicates,
      waitsForRelease: inbox.waitsForRelease && work.file.line == nil, result: result, staging: staging
    ) { [context, meters, logger] result in
      if isRead {
        context.instruments.activeFailures.end(
          Self.failing, in: "file \(id)", logger: logger, metadata: ["file": "\(id)"])
        meters.read(
          items: result.items, bytes: result.readBytes, rejected: result.rejected, for: result.facts.target)
      } else {
        context.instruments.activeFailures.forget("file \(id)")
      }
      Self.logRead(result, of: id, name, logger)
    } logHeld: { [logger] result in
      logger.notice(
        "file is waiting for its release",
        metadata: [
          "file": "\(id)", "name": "\(name.display)", "items": .number(result.items),
          "rejected": .number(result.rejected),
        ])
    }
  }

  /// A beat of the inbox's pulse; the reading ends if the daemon stops or an operator cancels the file.
  private func reading(_ claim: Claim) -> FileReading {
    let (id, displayed) = (claim.claimed.id, claim.claimed.name.display)
    let beat = context.beating(inbox)
    return FileReading(
      inbox: inbox, settings: context.settings, name: claim.claimed.name.bytes,
      path: "\(folders.work)/\(claim.claimed.workName.display)", descriptor: claim.claimed.descriptor,
      size: Int(claim.claimed.size), refersToFile: true, verdict: claim.verdict,
      sideFile: claim.claimed.sideFile, key: context.key
    ) { read in
      beat()
      context.instruments.reading.note(
        id, ReadingTracker.Entry(name: displayed, read: read, size: Int(claim.claimed.size)))
      if context.stopFlag.isRaised { throw ReadingStopped() }
      if cancelled.contains(id) { throw ReadingCancelled() }
    }
  }

  private static func logRead(_ result: ReadingResult, of id: FileID, _ name: FileName, _ logger: Logger) {
    var metadata: Logger.Metadata = ["file": "\(id)", "name": "\(name.display)"]
    if let fault = result.fault {
      metadata["code"] = "\(fault.code.rawValue)"
      logger.warning("file can't be used", metadata: metadata)
      return
    }
    metadata["target"] = "\(result.facts.target ?? "none")"
    metadata["items"] = .number(result.items)
    metadata["rejected"] = .number(result.rejected)
    logger.info("file is queued", metadata: metadata)
    for warning in result.facts.warnings {
      metadata["code"] = "\(warning.code)"
      metadata["reason"] = "\(warning.message)"
      logger.warning("file was read, but looks wrong", metadata: metadata)
    }
  }
}

extension ReadingResult {
  /// How many bytes of the file were read; none of one that is too large to be used.
  fileprivate var readBytes: Int { facts.sha256 == nil ? unfinishedDigest?.count ?? 0 : facts.bytes }
}

extension ReadFile {
  /// The same file, with nothing of it to be sent.
  func rejected(_ fault: FileFault) -> ReadFile {
    var file = self
    file.result.fault = fault
    (file.result.items, file.result.rejected) = (0, 0)
    file.staging.discard()
    return file
  }
}

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
