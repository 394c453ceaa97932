package import Delivery
internal import Dispatch
internal import Engine
internal import Inbox
internal import JSONText
package import Outbox
package import Settings

/// What waits, where, and why: `upsertd status`, and `/api/status`.
///
/// It looks for itself, at the folders and into the outbox, so it works beside a daemon and without one.
package struct StatusReport: Sendable {
  package struct InboxStatus: Sendable {
    package var name: String
    /// Files that are ready or on their way in.
    package var waiting: Int
    /// Files that stay, and why.
    package var unclaimed: [StayingFile] = []
    /// Claimed files that wait in `work/` to be read, for the first time or again.
    package var unread: [UnreadFile] = []
    package var isPaused: Bool
  }

  package struct TargetStatus: Sendable {
    package var name: String
    /// `delivering`, `slowed`, `held` or `paused`.
    package var state: String
    package var reason: String?
    package var until: Timestamp?
  }

  package var inboxes: [InboxStatus] = []
  package var queue = QueueCounts()
  package var targets: [TargetStatus] = []
  /// Receipts without batches, newest first.
  package var recent: [String] = []
  /// Why no file is claimed in any inbox; empty where files are.
  package var obstacles: [String] = []

  /// Folders are looked at here: they may be on a slow server.
  static let folderQueue = DispatchQueue(label: "status", attributes: .concurrent)

  /// - Parameter outbox: nil where there is none yet.
  package init(settings: Settings, outbox: Outbox?) async throws {
    let unread = await Self.folderQueue.run { ControlSocket.unreadFiles(state: settings.state) }
    try await self.init(settings: settings, outbox: outbox, ledger: nil, unread: unread)
  }

  /// For the daemon itself, which knows since when a file stays, and why one is not read.
  init(settings: Settings, outbox: Outbox?, instruments: Instruments) async throws {
    try await self.init(
      settings: settings, outbox: outbox, ledger: instruments.ledger, unread: instruments.unread.all)
  }

  /// - Parameter unread: what the daemon says; nil where it can't be asked.
  private init(settings: Settings, outbox: Outbox?, ledger: StayLedger?, unread: [UnreadFile]?) async throws {
    let isAlone = unread == nil
    let pausedInboxes = try await outbox?.paused(.inbox) ?? []
    queue = try await outbox?.queue() ?? QueueCounts()
    recent = try await outbox?.recentReceipts(limit: 20) ?? []
    let queuedBytes = queue.bytes
    let room = await Self.folderQueue.run { try? Room(settings, queuedBytes: queuedBytes) }
    obstacles = room?.obstacle.map { [$0.description] } ?? []
    let known = try await outbox?.filesUnderWay().ids ?? []
    // Without a daemon all that is not published is unread.
    var unread = unread ?? []
    if isAlone { unread = try await outbox?.unreadFiles().map(UnreadFile.init) ?? [] }
    for inbox in settings.inboxes {
      let isPaused = pausedInboxes.contains(inbox.name)
      var (status, work) = await Self.folderQueue.run {
        let work = (try? InboxFolders(spool: settings.spool, inbox: inbox.name).workFiles()) ?? []
        return (Self.look(at: inbox, settings, isPaused: isPaused, room, ledger), work)
      }
      status.unread = unread.filter { $0.inbox == inbox.name }
      let told = Set(status.unread.map(\.id))
      for file in work where !known.contains(file.id) && !told.contains(file.id) {
        guard try await outbox?.finishedStatus(file.id) == nil else { continue }
        status.unread.append(UnreadFile(id: file.id, inbox: inbox.name, name: file.dropped.display))
      }
      inboxes.append(status)
    }
    if let outbox {
      targets = try await Self.targets(settings, outbox)
    } else {
      targets = settings.targets.map { TargetStatus(name: $0.name, state: "delivering") }
    }
  }

  private static func look(
    at inbox: Inbox, _ settings: Settings, isPaused: Bool, _ room: Room?, _ ledger: StayLedger?
  ) -> InboxStatus {
    let folders = InboxFolders(spool: settings.spool, inbox: inbox.name)
    let look = Watcher.lookOnce(
      folders: folders,
      terms: WatchTerms(
        pollInterval: settings.watch.pollInterval, settle: settings.watch.settle, ignore: { inbox.ignores($0) },
        marker: inbox.marker))
    var status = InboxStatus(name: inbox.name, waiting: look.ready.count, isPaused: isPaused)
    if let fault = look.fault {
      status.unclaimed.append(StayingFile(name: "inbox/", kind: .folder, reason: "\(fault)"))
    }
    func stay(_ name: FileName, _ kind: StayingFile.Kind, _ reason: String) {
      let since = ledger?.since(name, kind, inbox: inbox.name)
      status.unclaimed.append(StayingFile(name: name.display, kind: kind, reason: reason, since: since))
    }
    // One for which there is no room holds up those behind it.
    var obstacle: Obstacle? = isPaused ? .paused : nil
    var room = room
    for file in look.ready {
      obstacle = obstacle ?? room?.take(FileNeed(file, in: folders, of: inbox, settings: settings))
      if let obstacle { stay(file.name, StayingFile.Kind(obstacle.kind), obstacle.description) }
    }
    for file in look.unclaimed {
      if file.isArriving { status.waiting += 1 }
      stay(file.name, StayingFile.Kind(file.kind), file.reason)
    }
    return status
  }
}

extension StatusReport {
  /// The document that the contract fixes; members may be added.
  package var json: [UInt8] {
    var out = "{\n  \"inboxes\": "
    out += Self.list(
      inboxes.map { inbox in
        let unclaimed = inbox.unclaimed.map {
          """
          {"name": \(Self.quoted($0.name)), "kind": "\($0.kind.rawValue)", "reason": \(Self.quoted($0.reason)), \
          "since": \(Self.quoted($0.since?.description))}
          """
        }
        let unread = inbox.unread.map { String(decoding: $0.json.bytes, as: UTF8.self) }
        return """
          {"name": \(Self.quoted(inbox.name)), "waiting": \(inbox.waiting), "paused": \(inbox.isPaused), \
          "unclaimed": [\(unclaimed.joined(separator: ", "))], "unread": [\(unread.joined(separator: ", "))]}
          """
      })
    out += """
      ,
        "queue": {"files": \(queue.files), "batches": \(queue.batches), "items": \(queue.items), "bytes": \(queue.bytes), \
      "oldestAt": \(Self.quoted(queue.oldestAt?.description))},
        "targets": 
      """
    out += Self.list(
      targets.map { target in
        """
        {"name": \(Self.quoted(target.name)), "state": \(Self.quoted(target.state)), \
        "reason": \(Self.quoted(target.reason)), "until": \(Self.quoted(target.until?.description))}
        """
      })
    out +=
      ",\n  \"recent\": " + Self.list(recent.map { $0.split(separator: "\n").joined(separator: "\n    ") }) + "\n}\n"
    return Array(out.utf8)
  }

  private static func list(_ lines: [String]) -> String {
    lines.isEmpty ? "[]" : "[\n    \(lines.joined(separator: ",\n    "))\n  ]"
  }

  private static func quoted(_ text: String?) -> String {
    guard let text else { return "null" }
    var bytes: [UInt8] = []
    appendQuoted(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension StatusReport {
  // The queue's numbers, for who prints them without knowing the outbox.
  package var queueFiles: Int { queue.files }
  package var queueBatches: Int { queue.batches }
  package var queueItems: Int { queue.items }
  package var queueBytes: Int { queue.bytes }
  package var queueOldestAt: Timestamp? { queue.oldestAt }
}
