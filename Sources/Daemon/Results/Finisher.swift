internal import Delivery
internal import Dispatch
internal import Engine
internal import Inbox
internal import Logging
internal import Outbox
internal import Receipts
internal import Settings

/// Writes the results of files whose items have all settled: rejects, receipt, then the original to its last place.
///
/// Every step may be repeated: names follow from the file's id, and a result replaces what an earlier try left.
actor Finisher {
  private let settings: Settings
  private let outbox: Outbox
  private let key: SourceKey
  private let instruments: Instruments
  private let stopFlag: StopFlag
  private let logger: Logger
  private let queue = DispatchQueue(label: "write results")
  let signal = Signal()
  private var isStopping = false
  /// Files whose results could not be written, with the time of the next try.
  private var putOff: [FileID: (due: ContinuousClock.Instant, failures: Int)] = [:]
  private(set) var finished = FinishedCounts()
  private var tidiedAt: ContinuousClock.Instant?
  private var gaveBackAt: ContinuousClock.Instant?

  private static let manyRejects = 5000
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
    settings: Settings, outbox: Outbox, key: SourceKey, instruments: Instruments, stopFlag: StopFlag, logger: Logger
  ) {
    self.settings = settings
    self.outbox = outbox
    self.key = key
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
          await giveBackPages()
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
    var done: [(record: FileRecord, status: String, receipt: String, digest: String)] = []
    var last: FileID?
    repeat {
      let records = try await outbox.secureFinished(after: last, limit: 100, at: .now)
      let due = records.filter { putOff[$0.id].map { $0.due <= .now } ?? true }
      // Who has only few rejects does not wait for who has many.
      let few = due.filter { $0.counts.rejected <= Self.manyRejects }
      let many = due.filter { $0.counts.rejected > Self.manyRejects }
      for group in [few] + many.map({ [$0] }) {
        let results = await queue.run { [self] in writer.write(group) }
        for record in group {
          switch results[record.id] {
          case .success(let written):
            let receipt = written.receipt
            done.append(
              (
                record, receipt.status.rawValue, String(decoding: receipt.json(withBatches: false), as: UTF8.self),
                written.digest
              ))
            tell(receipt)
            await count(receipt, record.id)
            putOff[record.id] = nil
            instruments.troubles.end(
              Self.writing, in: "file \(record.id)", logger: logger, metadata: ["file": "\(record.id)"])
          case .failure(is WritingStopped), nil:
            // The next run writes them from their beginning.
            putOff[record.id] = (.now + .seconds(3600), 0)
          case .failure(let error):
            delay(record, error)
          }
        }
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
      Self.writing, in: "file \(record.id)", error, isOneFiles: Self.isOneFiles(error), logger: logger,
      metadata: ["file": "\(record.id)", "inbox": "\(record.inbox)"])
  }

  /// Whether it is this file's own trouble: a folder has its result's name, it can't be read as what it was; not a full disk, a folder
  /// that can't be written to, or the outbox.
  private static func isOneFiles(_ error: any Error) -> Bool {
    switch error {
    case let error as InboxError: [.taken, .tooLarge, .nameless].contains(error.code)
    case is OutboxError: false
    default: true
    }
  }

  /// Millions of rejects take a while: each page of them is a beat, and a stop does not wait for them all.
  private nonisolated var writer: ResultsWriter {
    ResultsWriter(settings: settings, outbox: outbox, key: key, logger: logger) { [instruments, stopFlag] in
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

  private func count(_ receipt: Receipt, _ id: FileID) async {
    let rejects = receipt.counts.rejected == 0 ? [:] : try? await outbox.refusedByCode(id)
    instruments.metrics.finished(receipt, rejects: rejects ?? [:])
  }

  /// What a backlog took goes back to the disk: 8 MB a second at most, when there is nothing else to do.
  private func giveBackPages() async {
    guard gaveBackAt.map({ $0 + .seconds(1) < .now }) ?? true else { return }
    gaveBackAt = .now
    do { try await outbox.giveBackPages(1000, keeping: 2000) } catch {
      logger.error("outbox can't be tidied", metadata: ["reason": "\(error)"])
    }
  }

  /// Once an hour: results and originals beyond their time go.
  private func tidy() async {
    guard tidiedAt.map({ $0 + .seconds(3600) < .now }) ?? true else { return }
    tidiedAt = .now
    for inbox in settings.inboxes {
      let folders = InboxFolders(spool: settings.spool, inbox: inbox.name)
      let kept = [
        (folders.archive, inbox.retention.archive), (folders.rejected, inbox.retention.rejected),
        (folders.receipts, inbox.retention.receipts), (folders.accepted, inbox.retention.accepted),
      ]
      for (folder, age) in kept {
        guard let age else { continue }
        do {
          let count = try await queue.run { try folders.discard(from: folder, olderThan: age, now: .now) }
          if count > 0 {
            logger.info("files are past their time", metadata: ["folder": "\(folder)", "files": .number(count)])
          }
        } catch {
          logger.error("folder can't be tidied", metadata: ["folder": "\(folder)", "reason": "\(error)"])
        }
      }
    }
  }
}

/// The daemon stops in the middle of a file's results.
private struct WritingStopped: Error {}
