internal import Delivery
internal import Dispatch
internal import Inbox
internal import JSONText
internal import Outbox
internal import Settings

/// What the page at `/` asks for, as JSON: it looks for itself each time, and does nothing while nobody asks.
///
/// Keys, reject codes and messages are shown, as receipts hold them; the refused items themselves are not: the address has no password,
/// and the folders' modes say who may read them.
struct Dashboard: Sendable {
  /// As they are now; a reload changes them.
  let settings: @Sendable () async throws -> Settings
  let outbox: Outbox
  let pulse: Pulse
  let startedAt: Timestamp
  let flow: FlowHistory
  let counts: @Sendable () -> FlowCounts

  /// Results that wait longer than this to be written are in trouble.
  private static let writingTakes = Duration.seconds(30)
  private static let queue = DispatchQueue(label: "read receipts")

  func status() async throws -> StatusReport { try await StatusReport(settings: try await settings(), outbox: outbox) }

  /// How it stands, and what came in since `since` (RFC 3339); where that is no time, since a day ago.
  func overview(since: String?) async throws -> [UInt8] {
    let settings = try await settings()
    let now = Timestamp.now
    let report = try await StatusReport(settings: settings, outbox: outbox)
    let backlogs = try await outbox.backlogs()
    let since = since.flatMap { Timestamp(written: $0) } ?? now + .seconds(-86_400)
    let flows = try await outbox.flow(since: since)
    let unwritten = try await outbox.unwrittenFiles(doneBefore: now + (.zero - Self.writingTakes))
    let troubles = Trouble.all(in: report, backlogs: backlogs, hanging: pulse.hanging, unwritten: unwritten)
    let inboxes = report.inboxes.map { inbox in
      json(of: inbox, folder: InboxFolders(spool: settings.spool, inbox: inbox.name).inbox, flows[inbox.name])
    }
    let targets = report.targets.map { target in
      json(of: target, settings.targets.first { $0.name == target.name }, backlogs[target.name] ?? Backlog())
    }
    return JSONValue.object([
      ("version", .string(Version.text)), ("now", .time(now)), ("startedAt", .time(startedAt)), ("since", .time(since)),
      ("configuration", .string(settings.path)), ("troubles", .array(troubles.map(\.json))),
      ("queue", json(of: report)), ("inboxes", .array(inboxes)), ("targets", .array(targets)),
    ]).document
  }

  func history() async throws -> [UInt8] {
    let minutes = flow.minutes(at: .now, counts: counts(), queue: try await outbox.queue())
    return JSONValue.object([("minutes", .array(minutes.map(\.json)))]).document
  }

  func files(_ filter: FileFilter) async throws -> [UInt8] {
    let files = try await outbox.files(filter)
    return JSONValue.object([
      ("files", .array(files.map(\.json))), ("hasMore", .bool(files.count == filter.limit)),
    ]).document
  }

  /// All there is to tell of one file; nil where no file has this id.
  func file(_ text: String) async throws -> [UInt8]? {
    guard let id = FileID(text.uppercased()) else { return nil }
    let summary = try await outbox.summary(of: id)
    let folders = ReceiptFolders(try await settings())
    let found = try await Self.queue.run { () throws -> (path: String, text: [UInt8])? in
      var query = ReceiptFolders.Query()
      query.text = id.text
      guard let entry = try folders.entries(query).first else { return nil }
      return (entry.path, try folders.text(of: entry))
    }
    guard summary != nil || found != nil else { return nil }
    return JSONValue.object([
      ("id", .string(id.text)), ("file", summary?.json ?? .null), ("receiptPath", .text(found?.path)),
      ("receipt", try found.map { try JSONValue.parse($0.text) } ?? .null),
    ]).document
  }

  // MARK: - Parts

  private func json(of report: StatusReport) -> JSONValue {
    .object([
      ("files", .count(report.queueFiles)), ("batches", .count(report.queueBatches)),
      ("items", .count(report.queueItems)), ("bytes", .count(report.queueBytes)),
      ("oldestAt", .time(report.queueOldestAt)),
    ])
  }

  private func json(of inbox: StatusReport.InboxStatus, folder: String, _ flow: InboxFlow?) -> JSONValue {
    let flow = flow ?? InboxFlow()
    return .object([
      ("name", .string(inbox.name)), ("folder", .string(folder)), ("waiting", .count(inbox.waiting)),
      ("unclaimed", .count(inbox.unclaimed.count { $0.kind != .arriving })), ("paused", .bool(inbox.isPaused)),
      (
        "since",
        .object([
          ("files", .count(flow.files)), ("underWay", .count(flow.filesUnderWay)),
          ("partial", .count(flow.filesPartial)), ("rejectedFiles", .count(flow.filesRejected)),
          ("items", .count(flow.items)), ("accepted", .count(flow.accepted)), ("rejected", .count(flow.rejected)),
        ])
      ),
    ])
  }

  private func json(
    of target: StatusReport.TargetStatus, _ settings: Target?, _ backlog: Backlog
  ) -> JSONValue {
    .object([
      ("name", .string(target.name)), ("api", .text(settings?.api.rawValue)), ("url", .text(settings?.url)),
      ("state", .string(target.state)), ("reason", .text(target.reason)), ("until", .time(target.until)),
      ("batches", .count(backlog.batches)), ("items", .count(backlog.items)), ("bytes", .count(backlog.bytes)),
      ("oldestAt", .time(backlog.oldestAt)),
    ])
  }
}

extension FileSummary {
  var json: JSONValue {
    .object([
      ("id", .string(id.text)), ("name", .string(FileName(bytes: name)?.display ?? "")), ("inbox", .string(inbox)),
      ("state", .string(state)), ("receivedAt", .time(receivedAt)), ("completedAt", .time(completedAt)),
      ("items", .count(items)), ("accepted", .count(accepted)), ("rejected", .count(rejected)),
      ("target", .text(target)), ("problem", .text(problem)), ("nextAt", .time(nextAt)),
    ])
  }
}
