internal import APIs
package import Core
internal import Dispatch
internal import JSONText
package import Outbox
internal import Receipts
internal import Results
internal import Runtime
package import Settings
internal import Spool
package import Telemetry

/// The JSON that the page at `/` requests: it is looked up for each request, and nothing is done while no one asks.
///
/// Keys, reject codes and messages are shown, as in receipts, but the rejected items themselves are not: the address
/// has no password, and the folders' modes decide who may read them.
package struct Dashboard: Sendable {
  /// The current settings; a reload changes them.
  let settings: @Sendable () async throws -> Settings
  let outbox: Outbox
  let instruments: Instruments
  let startedAt: Timestamp
  let flow: FlowHistory
  private let reports = SharedResult<StatusReport>()

  package init(
    settings: @escaping @Sendable () async throws -> Settings, outbox: Outbox, instruments: Instruments,
    startedAt: Timestamp, flow: FlowHistory
  ) {
    self.settings = settings
    self.outbox = outbox
    self.instruments = instruments
    self.startedAt = startedAt
    self.flow = flow
  }

  /// Results that wait longer than this to be written are in trouble.
  private static let writingTakes = Duration.seconds(30)
  private static let queue = DispatchQueue(label: "read receipts")

  /// Computed once for all simultaneous callers: it goes through every inbox, which may hold any number of files.
  func status() async throws -> StatusReport {
    try await reports.value { [settings, outbox, instruments] in
      try await StatusReport(settings: try await settings(), outbox: outbox, instruments: instruments)
    }
  }

  func metrics() async throws -> MetricsPage {
    MetricsPage(
      report: try? await status(), backlogs: (try? await outbox.backlogs()) ?? [:], settings: try await settings(),
      instruments: instruments)
  }

  /// The current state, and what came in since `since` (RFC 3339), or in the last day if that is not a valid time.
  func overview(since: String?) async throws -> [UInt8] {
    let settings = try await settings()
    let now = Timestamp.now
    let report = try await status()
    let backlogs = try await outbox.backlogs()
    let problems = try await outbox.problems()
    let since = since.flatMap { Timestamp(written: $0) } ?? now + .seconds(-86_400)
    let flows = try await outbox.flow(since: since)
    let unwritten = try await outbox.unwrittenFiles(doneBefore: now + (.zero - Self.writingTakes))
    let blockages =
      Blockage.all(in: instruments, unwritten: unwritten)
      + Blockage.all(in: report, backlogs: backlogs, problems: problems)
    let inboxes = report.inboxes.map { inbox in
      json(of: inbox, folder: InboxFolders(spool: settings.spool, inbox: inbox.name).inbox, flows[inbox.name])
    }
    let targets = report.targets.map { target in
      json(of: target, settings.targets.first { $0.name == target.name }, backlogs[target.name] ?? TargetBacklog())
    }
    return JSONValue([
      "version": JSONValue(Version.text), "now": JSONValue(now.description),
      "startedAt": JSONValue(startedAt.description), "since": JSONValue(since.description),
      "configuration": JSONValue(settings.path), "stuck": .array(Blockage.sorted(blockages).map(\.json)),
      "queue": json(of: report), "inboxes": .array(inboxes), "targets": .array(targets),
      "receivers": .array(report.receivers.map(\.json)),
    ]).document
  }

  func history() async throws -> [UInt8] {
    let minutes = flow.minutes(at: .now, counts: FlowCounts(instruments.metrics), queue: try await outbox.queue())
    return JSONValue(["minutes": .array(minutes.map(\.json))]).document
  }

  func files(_ filter: FileFilter) async throws -> [UInt8] {
    let files = try await shown(try await outbox.files(filter))
    return JSONValue([
      "files": .array(files.map(\.json)), "hasMore": .bool(files.count == filter.limit),
    ]).document
  }

  /// Everything known about one file; nil if no file has this id.
  func file(_ text: String) async throws -> [UInt8]? {
    guard let id = FileID(text.uppercased()) else { return nil }
    let summary = try await shown(try await outbox.summary(of: id).map { [$0] } ?? []).first
    let folders = ReceiptFolders(try await settings())
    let sending = instruments.sending.part(of: id).items
    // One at a time, so that many callers take no more memory than one.
    return try await Self.queue.run { () throws -> [UInt8]? in
      guard let entry = try folders.entry(of: id) else {
        return summary.map { Self.document(of: id, $0, sending: sending, path: nil, receipt: nil, fault: nil) }
      }
      do {
        let text = try folders.text(of: entry, atMost: Self.mostReceiptBytes)
        // Anybody may have put it there: a file that is not a receipt is not shown as one.
        _ = try Receipt(json: text, apis: APIs.kinds)
        return Self.document(of: id, summary, path: entry.path, receipt: try JSONValue.parse(text), fault: nil)
      } catch {
        guard let summary else { throw error }
        return Self.document(of: id, summary, path: entry.path, receipt: nil, fault: "\(error)")
      }
    }
  }

  /// With reason and next attempt of the targets that they wait for.
  private func shown(_ files: [FileSummary]) async throws -> [FileSummary] {
    guard files.contains(where: \.isUnderWay) else { return files }
    let targets = Dictionary(
      try await StatusReport.targets(try await settings(), outbox).map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let now = Timestamp.now
    return files.map { file in
      file.target.flatMap { targets[$0] }.map { file.waiting(for: $0, at: now) } ?? file
    }
  }

  private static func document(
    of id: FileID, _ summary: FileSummary?, sending: Int = 0, path: String?, receipt: JSONValue?, fault: String?
  ) -> [UInt8] {
    JSONValue([
      "id": JSONValue(id.text), "file": summary?.json ?? .null, "sendingItems": JSONValue(sending),
      "receiptPath": JSONValue(path),
      "receipt": receipt ?? .null, "receiptFault": JSONValue(fault),
    ]).document
  }

  /// A larger receipt, of some ten thousand requests, must be viewed in its folder: as a tree in memory it would take a
  /// hundred times as much.
  private static let mostReceiptBytes = 1 << 20

  // MARK: - Parts

  private func json(of report: StatusReport) -> JSONValue {
    JSONValue([
      "files": JSONValue(report.queueFiles), "batches": JSONValue(report.queueBatches),
      "items": JSONValue(report.queueItems), "bytes": JSONValue(report.queueBytes),
      "oldestAt": JSONValue(report.queueOldestAt?.description),
    ])
  }

  private func json(of inbox: StatusReport.InboxStatus, folder: String, _ flow: InboxFlow?) -> JSONValue {
    let flow = flow ?? InboxFlow()
    return JSONValue([
      "name": JSONValue(inbox.name), "folder": JSONValue(folder), "waiting": JSONValue(inbox.waiting),
      "unclaimed": JSONValue(inbox.unclaimedCounts.reduce(0) { $0 + ($1.key.isArriving ? 0 : $1.value) }),
      "unread": JSONValue(inbox.unreadCount),
      "paused": .bool(inbox.isPaused), "expected": .array(inbox.expected.map(\.json)),
      "since": JSONValue([
        "files": JSONValue(flow.files), "underWay": JSONValue(flow.filesUnderWay),
        "partial": JSONValue(flow.filesPartial), "rejectedFiles": JSONValue(flow.filesRejected),
        "items": JSONValue(flow.items), "accepted": JSONValue(flow.accepted), "rejected": JSONValue(flow.rejected),
        "droppedAgain": JSONValue(flow.droppedAgain), "correctedFiles": JSONValue(flow.filesCorrected),
      ]),
    ])
  }

  private func json(
    of target: StatusReport.TargetStatus, _ settings: Target?, _ backlog: TargetBacklog
  ) -> JSONValue {
    JSONValue([
      "name": JSONValue(target.name), "api": JSONValue(settings?.api.rawValue), "url": JSONValue(settings?.url),
      "state": JSONValue(target.state.rawValue), "reason": JSONValue(target.reason),
      "since": JSONValue(target.since?.description), "until": JSONValue(target.until?.description),
      "unreachable": .bool(target.isUnreachable), "advice": JSONValue(target.advice),
      "command": JSONValue(target.command),
      "batches": JSONValue(backlog.batches), "items": JSONValue(backlog.items), "bytes": JSONValue(backlog.bytes),
      "oldestAt": JSONValue(backlog.oldestAt?.description),
    ])
  }
}

extension FileSummary {
  /// With what `upsertd queue` says about a file that waits for this target.
  func waiting(for target: StatusReport.TargetStatus, at now: Timestamp) -> FileSummary {
    guard state == "queued" else { return self }
    var file = self
    let due = nextAt.flatMap { $0 > now ? $0 : nil }
    file.nextAt = target.nextAttempt(ofWhatIsDueAt: due)
    if target.state != .delivering { file.problem = target.why }
    return file
  }
}

extension StatusReport.ReceiverStatus {
  var json: JSONValue {
    JSONValue([
      "name": JSONValue(name), "waiting": JSONValue(waiting), "dropped": JSONValue(dropped),
      "failure": JSONValue(failure), "failingSince": JSONValue(failingSince?.description),
      "failedAt": JSONValue(failedAt?.description),
    ])
  }
}

extension FileSummary {
  var json: JSONValue {
    JSONValue([
      "id": JSONValue(id.text), "name": JSONValue(FileName(bytes: name)?.display ?? ""), "inbox": JSONValue(inbox),
      "state": JSONValue(state), "receivedAt": JSONValue(receivedAt.description),
      "completedAt": JSONValue(completedAt?.description),
      "items": JSONValue(items), "accepted": JSONValue(accepted), "rejected": JSONValue(rejected),
      "target": JSONValue(target), "problem": JSONValue(problem), "nextAt": JSONValue(nextAt?.description),
    ])
  }
}
