package import Core
internal import Dispatch
internal import Engine
internal import Formats
package import Logging
package import Outbox
internal import Receipts
package import Runtime
package import Settings
internal import Spool
package import Telemetry

/// Writes the results of files whose items have all settled: rejects, receipt, then the original to its final place.
///
/// Every step may be repeated: names follow from the file's id, and a result replaces what an earlier try left.
///
/// Two loops share the files. One takes files with little to write, many together. The other takes files with possibly
/// much to write, one at a time, and inboxes that had no turn yet go before those that had one. So a file with
/// gigabytes of rejects delays neither other files' receipts nor, beyond its share, other large files.
package actor ResultPublisher {
  private let settings: Settings
  private let outbox: Outbox
  private let key: SourceKey
  private let instruments: Instruments
  private let stopFlag: StopFlag
  private let logger: Logger
  private let small = Loop(name: "results")
  private let large = Loop(name: "large results")
  private var isStopping = false
  /// Files whose results could not be written, with the time of the next try.
  private var putOff: [FileID: (due: ContinuousClock.Instant, failures: Int)] = [:]
  package private(set) var finished = FinishedCounts()
  private var tidiedAt: ContinuousClock.Instant?
  private var gaveBackAt: ContinuousClock.Instant?
  /// For each inbox, the number of its last large file.
  private var turns: [String: Int] = [:]
  private var turn = 0

  private static let manyRejects = 5000
  private static let manyAccepted = 20_000
  /// In a file of at least this many bytes, even few rejects may be much to write.
  private static let manyBytes = 8 << 20
  /// How long results are still written when the daemon stops.
  private static let patience = Duration.seconds(3)
  private static let finishing = "can't finish the results"
  private static let writing = "can't write the file's results"

  /// State that each loop has for itself.
  private struct Loop {
    let name: String
    let signal = Wakeup()
    let queue: DispatchQueue

    init(name: String) {
      self.name = name
      queue = DispatchQueue(label: "write \(name)")
    }
  }

  /// Counts for this run.
  package struct FinishedCounts: Sendable {
    package var files = 0
    package var items = 0
    package var rejectedItems = 0
    package var unusableFiles = 0

    package init(files: Int = 0, items: Int = 0, rejectedItems: Int = 0, unusableFiles: Int = 0) {
      self.files = files
      self.items = items
      self.rejectedItems = rejectedItems
      self.unusableFiles = unusableFiles
    }
  }

  package init(
    settings: Settings, outbox: Outbox, key: SourceKey, instruments: Instruments, stopFlag: StopFlag, logger: Logger
  ) {
    self.settings = settings
    self.outbox = outbox
    self.key = key
    self.instruments = instruments
    self.stopFlag = stopFlag
    self.logger = logger
  }

  /// A file is settled. The small-file loop checks whether it is a large one, so that the other loop does not search
  /// for nothing.
  package nonisolated func wake() { small.signal.raise() }

  package func stop() {
    isStopping = true
    small.signal.raise()
    large.signal.raise()
  }

  package func run() async {
    async let other: Void = run(large)
    await run(small)
    await other
  }

  private func run(_ loop: Loop) async {
    while true {
      instruments.heartbeat.beat(loop.name)
      do {
        let isIdle = try await finishWhatIsDone(loop) == 0
        if loop.name == large.name { try await deleteEnded() }
        instruments.activeFailures.end(Self.finishing, in: loop.name, logger: logger)
        if isStopping { break }
        if isIdle {
          if loop.name == small.name {
            await giveBackPages()
            await tidy()
          }
          await loop.signal.wait(atMost: Heartbeat.beat)
        }
      } catch {
        instruments.activeFailures.begin(Self.finishing, in: loop.name, error, logger: logger)
        if isStopping { break }
        await loop.signal.wait(atMost: settings.retry.initial)
      }
    }
    instruments.heartbeat.ended(loop.name)
  }

  /// Finishes one group of a loop's files, so that they share a commit; returns how many.
  private func finishWhatIsDone(_ loop: Loop) async throws -> Int {
    var done: [(record: FileRecord, status: String, receipt: String, digest: String)] = []
    var notices: [Notice] = []
    var last: FileID?
    repeat {
      let records = try await outbox.secureFinished(after: last, limit: 100, at: .now)
      let due = records.filter { putOff[$0.id].map { $0.due <= .now } ?? true }
      let group: [FileRecord]
      if loop.name == small.name {
        group = due.filter { !isLarge($0) }
        if group.count < due.count { large.signal.raise() }
      } else {
        group = nextLarge(of: due).map { [$0] } ?? []
      }
      let results = await loop.queue.run { [self] in writer(loop.name).write(group) }
      for record in group {
        switch results[record.id] {
        case .success(let written):
          let receipt = written.receipt
          let text = String(decoding: receipt.json(withBatches: false), as: UTF8.self)
          done.append((record, receipt.status.rawValue, text, written.digest))
          notices.append(receipt.notice(text))
          report(receipt)
          await count(receipt, record.id)
          putOff[record.id] = nil
          instruments.activeFailures.end(
            Self.writing, in: "file \(record.id)", logger: logger, metadata: ["file": "\(record.id)"])
        case .failure(is WritingStopped), nil:
          // The next run writes them from the beginning.
          putOff[record.id] = (.now + .seconds(3600), 0)
        case .failure(let error):
          delay(record, error)
        }
      }
      last = records.last?.id
    } while done.isEmpty && last != nil
    if !done.isEmpty {
      try await outbox.finish(done, notifying: notices)
      if done.contains(where: { Outbox.hasManyRows($0.record) }) { large.signal.raise() }
    }
    return done.count
  }

  /// The millions of rows that a file may have left are deleted between other files' commits.
  private func deleteEnded() async throws {
    while !isStopping, try await outbox.deleteEnded() { instruments.heartbeat.beat(large.name) }
  }

  /// Whether its results may be much to write: many items, or few rejected items of a large file.
  private func isLarge(_ record: FileRecord) -> Bool {
    if record.facts.listsAccepted, record.counts.accepted > Self.manyAccepted { return true }
    guard record.counts.rejected > 0, record.fault == nil else { return false }
    let isGzipped = FileType(of: record)?.isGzipped == true
    let bytes = record.facts.bytes.multipliedSaturated(by: isGzipped ? settings.limits.maxGzipRatio : 1)
    return record.counts.rejected > Self.manyRejects || bytes > Self.manyBytes
  }

  /// The next large file: from the inbox whose last turn was longest ago.
  private func nextLarge(of records: [FileRecord]) -> FileRecord? {
    let next = records.filter(isLarge).min { turns[$0.inbox, default: 0] < turns[$1.inbox, default: 0] }
    guard let next else { return nil }
    turn += 1
    turns[next.inbox] = turn
    return next
  }

  private func delay(_ record: FileRecord, _ error: any Error) {
    let failures = (putOff[record.id]?.failures ?? 0) + 1
    let wait = Backoff(initial: settings.retry.initial, max: settings.retry.max).ceiling(failures: failures)
    putOff[record.id] = (.now + wait, failures)
    instruments.activeFailures.begin(
      Self.writing, in: "file \(record.id)", error, isOneFiles: Self.isOneFiles(error), logger: logger,
      metadata: ["file": "\(record.id)", "inbox": "\(record.inbox)"])
  }

  /// Whether the trouble is this file's own: a folder has its result's name, or it can no longer be read as before. A
  /// full disk, a folder that can't be written to, or the outbox is not.
  private static func isOneFiles(_ error: any Error) -> Bool {
    switch error {
    case let error as InboxError: [.taken, .tooLarge, .nameless].contains(error.code)
    case is OutboxError: false
    default: true
    }
  }

  /// Millions of rejects take a while: each page of them, and each piece of a huge one, is a beat, and a stop does not
  /// wait for them all.
  private nonisolated func writer(_ loop: String) -> ResultsWriter {
    ResultsWriter(settings: settings, outbox: outbox, key: key, logger: logger) { [instruments, stopFlag] in
      instruments.heartbeat.beat(loop)
      if stopFlag.isRaised(for: Self.patience) { throw WritingStopped() }
    }
  }

  /// Logs one line for each finished file, and adds it to the counts of this run.
  private func report(_ receipt: Receipt) {
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
    if let corrects = receipt.file.corrects { metadata["corrects"] = "\(corrects)" }
    if let original = receipt.file.duplicateOf { metadata["duplicateOf"] = "\(original)" }
    if let error = receipt.error { metadata["code"] = "\(error.code.rawValue)" }
    logger.log(level: receipt.status == .accepted ? .info : .warning, "file is done", metadata: metadata)
  }

  private func count(_ receipt: Receipt, _ id: FileID) async {
    let rejects = receipt.counts.rejected == 0 ? [:] : try? await outbox.rejectsByCode(id)
    instruments.metrics.finished(receipt, rejects: rejects ?? [:])
  }

  /// Returns the disk space that a backlog took: 8 MB a second at most, when there is nothing else to do.
  private func giveBackPages() async {
    guard gaveBackAt.map({ $0 + .seconds(1) < .now }) ?? true else { return }
    gaveBackAt = .now
    do { try await outbox.giveBackPages(1000, keeping: 2000) } catch {
      logger.error("can't clean up the outbox", metadata: ["reason": "\(error)"])
    }
  }

  /// Once an hour, deletes results and originals past their retention time.
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
          let count = try await small.queue.run { try folders.discard(from: folder, olderThan: age, now: .now) }
          if count > 0 {
            logger.info("expired files deleted", metadata: ["folder": "\(folder)", "files": .number(count)])
          }
        } catch {
          logger.error("can't clean up the folder", metadata: ["folder": "\(folder)", "reason": "\(error)"])
        }
      }
    }
  }
}

/// The daemon is stopping in the middle of a file's results.
private struct WritingStopped: Error {}
