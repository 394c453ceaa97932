internal import Delivery
internal import Dispatch
internal import Glibc
internal import Inbox
internal import ItemFormat
internal import Logging
internal import Outbox
internal import Receipts
internal import Settings
internal import TargetAPI

/// Writes the results of files whose items have all settled: rejects, receipt, then the original to its last place.
///
/// Every step may be repeated: names follow from the file's id, and a result replaces what an earlier try left.
actor Finisher {
  private let settings: Settings
  private let outbox: Outbox
  private let instruments: Instruments
  private let stopFlag: StopFlag
  private let logger: Logger
  private let queue = DispatchQueue(label: "write results")
  let signal = Signal()
  private var isStopping = false
  /// Files whose results could not be written, with the time of the next try.
  private var putOff: [FileID: (due: Timestamp, failures: Int)] = [:]
  private(set) var finished = FinishedCounts()
  private var tidiedAt: ContinuousClock.Instant?

  /// How long results are still written when the daemon stops.
  private static let patience = Duration.seconds(3)
  private static let finishing = "results can't be finished"
  private static let writing = "the file's results can't be written"

  /// Of this run.
  struct FinishedCounts: Sendable {
    var files = 0
    var items = 0
    var rejectedItems = 0
    var unusableFiles = 0
  }

  init(
    settings: Settings, outbox: Outbox, instruments: Instruments, stopFlag: StopFlag, logger: Logger
  ) {
    self.settings = settings
    self.outbox = outbox
    self.instruments = instruments
    self.stopFlag = stopFlag
    self.logger = logger
  }

  func stop() {
    isStopping = true
    signal.raise()
  }

  func run() async {
    while true {
      instruments.pulse.beat("results")
      do {
        let isIdle = try await finishWhatIsDone() == 0
        instruments.troubles.end(Self.finishing, in: "results", logger: logger)
        if isStopping { break }
        if isIdle {
          await tidy()
          await signal.wait(atMost: Pulse.beat)
        }
      } catch {
        instruments.troubles.begin(Self.finishing, in: "results", error, logger: logger)
        if isStopping { break }
        await signal.wait(atMost: settings.retry.initial)
      }
    }
    instruments.pulse.ended("results")
  }

  /// Finishes one group of files, so that they share a commit; returns how many.
  private func finishWhatIsDone() async throws -> Int {
    var done: [(record: FileRecord, status: String, receipt: String)] = []
    var last: FileID?
    repeat {
      let records = try await outbox.secureFinished(after: last, limit: 100, at: .now)
      for record in records where putOff[record.id].map({ $0.due <= .now }) ?? true {
        do {
          let receipt = try await queue.run { [self] in try writeResults(of: record) }
          done.append(
            (record, receipt.status.rawValue, String(decoding: receipt.json(withBatches: false), as: UTF8.self)))
          tell(receipt)
          await count(receipt, of: record)
          putOff[record.id] = nil
          instruments.troubles.end(
            Self.writing, in: "file \(record.id)", logger: logger, metadata: ["file": "\(record.id)"])
        } catch is WritingStopped {
          // The next run writes them from their beginning.
          putOff[record.id] = (.now + .seconds(3600), 0)
        } catch {
          delay(record, error)
        }
        instruments.pulse.beat("results")
      }
      last = records.last?.id
    } while done.isEmpty && last != nil
    if !done.isEmpty { try await outbox.finish(done) }
    return done.count
  }

  private func delay(_ record: FileRecord, _ error: any Error) {
    let failures = (putOff[record.id]?.failures ?? 0) + 1
    let wait = Backoff(initial: settings.retry.initial, max: settings.retry.max).ceiling(failures: failures)
    putOff[record.id] = (.now + wait, failures)
    instruments.troubles.begin(
      Self.writing, in: "file \(record.id)", error, logger: logger,
      metadata: ["file": "\(record.id)", "inbox": "\(record.inbox)"])
  }

  /// Rejects, receipt, original: in this order, so that whoever sees a receipt finds the rejects that it names.
  private nonisolated func writeResults(of record: FileRecord) throws -> Receipt {
    guard let name = FileName(bytes: record.name) else {
      throw InboxError(.unusableFolder, "write the results of", record.id.text, "its name is no file name")
    }
    let folders = InboxFolders(spool: settings.spool, inbox: record.inbox)
    let names = ResultNames(dropped: name, id: record.id)
    let work = WorkFile(id: record.id, name: names.work, dropped: name)
    var receipt = try Receipt(of: record, name: name, outbox: outbox)
    if record.counts.rejected > 0, record.fault == nil {
      receipt.rejectsFile = try writeRejects(of: record, names: names, work: work, folders: folders)
    }
    let file = try ResultFile(folder: folders.receipts, name: names.receipt)
    try file.append(receipt.json())
    try file.publish()
    try putAway(work, names: names, folders: folders, isUnusable: record.fault != nil)
    return receipt
  }

  private nonisolated func putAway(
    _ work: WorkFile, names: ResultNames, folders: InboxFolders, isUnusable: Bool
  ) throws(InboxError) {
    do throws(InboxError) {
      if isUnusable {
        try folders.setAside(work, as: names.unusable)
      } else {
        try folders.archive(work, as: names.archive)
      }
    } catch {
      guard error.code == .missing else { throw error }
      logger.error("the original is gone", metadata: ["file": "\(work.id)", "name": "\(work.dropped.display)"])
    }
  }

  /// Returns the rejects file's name.
  private nonisolated func writeRejects(
    of record: FileRecord, names: ResultNames, work: WorkFile, folders: InboxFolders
  ) throws -> String? {
    guard let format = FileFormat(fileName: record.name), let shape = record.facts.shape.flatMap(DocumentShape.init)
    else { return nil }
    let rejected = names.rejected(format: format.kind.rawValue)
    guard let claimed = try folders.reopen(work) else {
      // A crash came after the original was archived: then the rejects file was complete.
      if access("\(folders.rejected)/\(rejected.display)", F_OK) == 0 { return rejected.display }
      logger.error(
        "the original is gone, so there is no rejects file; the receipt names the first refused items",
        metadata: ["file": "\(record.id)"])
      return nil
    }
    let writer = RejectsWriter(
      outbox: outbox, file: record, format: format, shape: shape, api: record.facts.api.annotator,
      descriptor: claimed.descriptor, path: "\(folders.work)/\(claimed.workName.display)",
      gzip: GzipLimits(maxRatio: settings.limits.maxGzipRatio, maxOutputBytes: settings.limits.maxFileBytes),
      maxItemBytes: max(4 << 20, 2 * settings.limits.maxItemBytes), onProgress: progress())
    try writer.write(to: try ResultFile(folder: folders.rejected, name: rejected))
    return rejected.display
  }

  /// Millions of rejects take a while: each page of them is a beat, and a stop does not wait for them all.
  private nonisolated func progress() -> () throws -> Void {
    { [instruments, stopFlag] in
      instruments.pulse.beat("results")
      if stopFlag.isRaised(for: Self.patience) { throw WritingStopped() }
    }
  }

  /// One line for each file that is done, and the counts of this run.
  private func tell(_ receipt: Receipt) {
    finished.files += 1
    finished.items += receipt.counts.items
    finished.rejectedItems += receipt.counts.rejected
    if receipt.error != nil { finished.unusableFiles += 1 }
    var metadata: Logger.Metadata = [
      "file": "\(receipt.file.id)", "inbox": "\(receipt.file.inbox)", "name": "\(receipt.file.name)",
      "status": "\(receipt.status.rawValue)", "items": .number(receipt.counts.items),
      "accepted": .number(receipt.counts.accepted), "rejected": .number(receipt.counts.rejected),
      "requests": .number(receipt.counts.requests),
      "seconds": .stringConvertible((receipt.file.completedAt - receipt.file.receivedAt).seconds),
    ]
    if let target = receipt.target { metadata["target"] = "\(target.name)" }
    if let error = receipt.error { metadata["code"] = "\(error.code.rawValue)" }
    logger.log(level: receipt.status == .accepted ? .info : .warning, "file is done", metadata: metadata)
  }

  private func count(_ receipt: Receipt, of record: FileRecord) async {
    let rejects = receipt.counts.rejected == 0 ? [:] : try? await outbox.refusedByCode(record.id)
    InboxMeters(record.inbox, instruments.metrics).finished(receipt, rejects: rejects ?? [:])
  }

  /// Once an hour: archived files beyond their time go, and empty pages go back to the disk.
  private func tidy() async {
    guard tidiedAt.map({ $0 + .seconds(3600) < .now }) ?? true else { return }
    tidiedAt = .now
    for inbox in settings.inboxes {
      guard let age = inbox.archiveRetention else { continue }
      let folders = InboxFolders(spool: settings.spool, inbox: inbox.name)
      do {
        let count = try await queue.run { try folders.discardArchived(olderThan: age, now: .now) }
        if count > 0 {
          logger.info(
            "archived files are past their time", metadata: ["inbox": "\(inbox.name)", "files": .number(count)])
        }
      } catch {
        logger.error("archive can't be tidied", metadata: ["inbox": "\(inbox.name)", "reason": "\(error)"])
      }
    }
    do { try await outbox.giveBackPages(2000) } catch {
      logger.error("outbox can't be tidied", metadata: ["reason": "\(error)"])
    }
  }
}

/// The daemon stops in the middle of a file's results.
private struct WritingStopped: Error {}

extension Optional<APIKind> {
  /// How a refused item gets its reason; a file that was never known to be for an API gets the plain way.
  var annotator: any TargetAPI {
    switch self {
    case .liquid: LiquidItems(defaults: nil, validate: false)
    case .lusid, nil: LusidInvestorRecords(schema: .current, validate: false)
    }
  }
}
