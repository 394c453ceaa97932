internal import APIs
package import Core
internal import Dispatch
internal import Engine
internal import Intake
internal import JSONText
package import Outbox
internal import Receipts
package import Results
internal import Runtime
package import Settings
internal import Spool
package import Telemetry

/// What waits, where, and why: `upsertd status`, and `/api/status`.
///
/// It reads the folders and the outbox itself, so it works beside a daemon and without one.
package struct StatusReport: Sendable {
  package struct InboxStatus: Sendable {
    package var name: String
    /// Files that are ready or arriving.
    package var waiting: Int
    /// Files that stay, and why: the first `mostListed`, with unwanted stays before ignored files.
    package var unclaimed: [UnclaimedFile] = []
    /// How many more there are.
    package var unclaimedLeftOut = 0
    /// How many stay for each reason, including the unlisted ones.
    var unclaimedCounts: [UnclaimedFile.Kind: Int] = [:]
    /// Claimed files that wait in `work/` to be read, for the first time or again; the first `mostListed`.
    package var unread: [UnreadFile] = []
    var unreadLeftOut = 0
    /// Files that were read and wait for their release; the first `mostListed`.
    package var unreleased: [UnreleasedFile] = []
    package var unreleasedLeftOut = 0
    var unreleasedCount: Int { unreleased.count + unreleasedLeftOut }
    package var isPaused: Bool
    /// Files that should come every day, in the configuration's order.
    package var expected: [ExpectedStatus] = []
    /// Ready files that stay, as far as `expect` asks for it.
    var readyFiles: [ExpectedFiles.Arrival] = []

    /// An inbox may hold any number of files.
    static let mostListed = 200

    var unreadCount: Int { unread.count + unreadLeftOut }
    /// What a person has to do about the folders' modes.
    package var advice: [String] = []

    /// Files that should have been claimed: ready ones, those that can't be read, and those that only a person or the
    /// clock makes ready.
    package var leftFiles: Int {
      func count(_ kind: UnclaimedFile.Kind) -> Int { unclaimedCounts[kind] ?? 0 }
      return waiting - count(.settling) - count(.openForWriting) + count(.unreadable) + count(.folder)
        + count(.waitingForChecksum)
    }

    /// The listed files that only a person or the clock makes ready, and that nothing else names.
    package var filesToAwait: [UnclaimedFile] {
      unclaimed.filter { $0.kind == .minAge || $0.kind == .waitingForChecksum }
    }

    /// The listed files whose marker files are not there.
    package var filesWithoutMarker: [UnclaimedFile] { unclaimed.filter { $0.kind == .waitingForMarker } }
    /// How many there are, including the unlisted ones.
    package var filesWithoutMarkerCount: Int { unclaimedCounts[.waitingForMarker] ?? 0 }
  }

  package struct UnreleasedFile: Sendable {
    package var id: FileID
    package var name: String
    /// Those that will be sent, and those that are rejected.
    package var items: Int
    package var rejected: Int
    package var receivedAt: Timestamp
    /// Who can't release it.
    package var owners: [String]
  }

  package struct TargetStatus: Sendable {
    package var name: String
    package var state: TargetState
    package var reason: String?
    /// Since when nothing could be delivered, where it is on hold or can't be reached.
    package var since: Timestamp?
    package var until: Timestamp?
    /// What to correct, human-readable; nil if it may pass by itself.
    package var advice: String?
    /// The command that makes a correction count.
    package var command: String?
    /// Whether nothing reaches its server.
    package var isUnreachable = false
    /// Whether it is paused only because of its configuration, and goes on by itself.
    package var hasClosedWindow = false
  }

  /// Who is notified of what happens, and what waits for each.
  package struct ReceiverStatus: Sendable {
    package var name: String
    package var waiting: Int
    /// Notices that it never gets.
    package var dropped: Int
    /// Why the last attempt failed, and since when all have; nil if the last one did not.
    package var failure: String?
    package var failingSince: Timestamp?
    package var failedAt: Timestamp?

    init(_ state: ReceiverState) {
      name = state.name
      waiting = state.waiting
      dropped = state.dropped
      failure = state.failure
      failingSince = state.failingSince
      failedAt = state.failedAt
    }
  }

  package var inboxes: [InboxStatus] = []
  var queue = QueueCounts()
  package var targets: [TargetStatus] = []
  package var receivers: [ReceiverStatus] = []
  /// Receipts without batches, newest first.
  package var recent: [String] = []
  /// What became of the rejected items of each of them; nil if it has none.
  package var corrections: [Corrections?] = []
  /// Why no file is claimed in any inbox; empty if files are.
  var obstacles: [String] = []

  /// Folders are read here: they may be on a slow server.
  ///
  /// Serial: on a concurrent queue, each report would take another thread while a disk or server hangs, without end.
  /// Reports that wait for one that hangs would hang as well, since they read the same folders.
  static let folderQueue = DispatchQueue(label: "status")

  /// - Parameter outbox: nil if there is none yet.
  package init(settings: Settings, outbox: Outbox?) async throws {
    let unread = await Self.folderQueue.run { ControlSocket.unreadFiles(state: settings.state) }
    try await self.init(settings: settings, outbox: outbox, tracker: nil, unread: unread)
  }

  /// For the daemon itself, which knows how long a file has stayed, and why one is not read.
  package init(settings: Settings, outbox: Outbox?, instruments: Instruments) async throws {
    try await self.init(
      settings: settings, outbox: outbox, tracker: instruments.tracker, unread: instruments.unread.all)
  }

  /// - Parameter unread: what the daemon says; nil if it can't be asked.
  private init(settings: Settings, outbox: Outbox?, tracker: UnclaimedFileTracker?, unread: [UnreadFile]?) async throws
  {
    let isAlone = unread == nil
    let pausedInboxes = try await outbox?.paused(.inbox) ?? []
    queue = try await outbox?.queue() ?? QueueCounts()
    recent = try await outbox?.recentReceipts(limit: 20) ?? []
    receivers = try await outbox?.receivers().map(ReceiverStatus.init) ?? []
    corrections = try await Self.corrections(of: recent, settings: settings, outbox)
    let queuedBytes = queue.bytes
    let room = await Self.folderQueue.run { try? QueueCapacity(settings, queuedBytes: queuedBytes) }
    obstacles = room?.obstacle.map { [$0.description] } ?? []
    let known = try await outbox?.filesUnderWay().ids ?? []
    // Without a daemon, everything that is not published is unread.
    var unread = unread ?? []
    if isAlone { unread = try await outbox?.unreadFiles().filter { !$0.waitsForRelease }.map(UnreadFile.init) ?? [] }
    let unreleased = try await outbox?.unreleasedFiles() ?? []
    var expected = try await ExpectedFilesReport(settings, outbox)
    for inbox in settings.inboxes {
      let isPaused = pausedInboxes.contains(inbox.name)
      var (status, work) = await Self.folderQueue.run {
        var status = Self.scan(at: inbox, settings, isPaused: isPaused, room, tracker)
        let work = status.claimedFiles(in: InboxFolders(spool: settings.spool, inbox: inbox.name))
        return (status, work)
      }
      let all = unread.filter { $0.inbox == inbox.name }
      status.unread = Array(all.prefix(InboxStatus.mostListed))
      status.unreadLeftOut = all.count - status.unread.count
      let reported = Set(all.map(\.id))
      for file in work where !known.contains(file.id) && !reported.contains(file.id) {
        guard try await outbox?.finishedStatus(file.id) == nil else { continue }
        expected.claimed(
          file.id, in: inbox.name, ExpectedFiles.Arrival(name: file.dropped.bytes, at: file.id.time))
        if status.unread.count < InboxStatus.mostListed {
          status.unread.append(UnreadFile(id: file.id, inbox: inbox.name, name: file.dropped.display))
        } else {
          status.unreadLeftOut += 1
        }
      }
      let waiting = unreleased.filter { $0.inbox == inbox.name }
      status.unreleased = waiting.prefix(InboxStatus.mostListed).map { file in
        UnreleasedFile(
          id: file.id, name: FileName(bytes: file.name)?.display ?? "", items: file.counts.items - file.counts.rejected,
          rejected: file.counts.rejected, receivedAt: file.receivedAt, owners: file.owners)
      }
      status.unreleasedLeftOut = waiting.count - status.unreleased.count
      status.expected = expected.states(of: inbox.name, waiting: status.readyFiles, at: .now)
      inboxes.append(status)
    }
    if let outbox {
      targets = try await Self.targets(settings, outbox)
    } else {
      targets = Self.targets(settings, paused: [], notes: [:], awaited: [])
    }
  }

  /// Whatever corrects one of the last files is among them, since it was done later.
  private static func corrections(
    of recent: [String], settings: Settings, _ outbox: Outbox?
  ) async throws -> [Corrections?] {
    let all = recent.map { try? Receipt(json: Array($0.utf8), apis: APIs.kinds, hasBatches: false) }
    let receipts = all.compactMap(\.self)
    guard receipts.contains(where: { $0.counts.rejected > 0 }) else { return recent.map { _ in nil } }
    let underWay = try await outbox?.correcting() ?? []
    return await folderQueue.run {
      var facts: [FileID: Corrections.Facts] = [:]
      for receipt in receipts where receipt.error == nil {
        let id = receipt.file.id
        let correctedBy =
          receipts.filter { $0.file.corrects == id }.map(\.file.id)
          + underWay.filter { $0.corrects == id }.map(\.id)
        let folders = InboxFolders(spool: settings.spool, inbox: receipt.file.inbox)
        facts[id] = Corrections.Facts(receipt, rejected: folders.rejected, correctedBy: correctedBy)
      }
      for file in underWay where facts[file.id] == nil { facts[file.id] = Corrections.Facts(underWay: file.items) }
      return all.map { receipt in receipt.flatMap { Corrections(of: $0.file.id) { facts[$0] } } }
    }
  }

  private static func scan(
    at inbox: Inbox, _ settings: Settings, isPaused: Bool, _ room: QueueCapacity?, _ tracker: UnclaimedFileTracker?
  ) -> InboxStatus {
    let folders = InboxFolders(spool: settings.spool, inbox: inbox.name)
    let scan = Watcher.scanOnce(folders: folders, options: WatchOptions(inbox, settings))
    var status = InboxStatus(name: inbox.name, waiting: scan.ready.count, isPaused: isPaused)
    status.advice = folders.advice
    // Without a daemon it is not a fault if folders have not been created yet.
    let isRunning = tracker != nil || ControlSocket.isAnswered(state: settings.state) == true
    if let fault = scan.fault.map({ "\($0)" }) ?? tracker?.fault(of: inbox.name)
      ?? (isRunning ? folders.folderFault.map { "\($0)" } : nil)
    {
      status.unclaimed.append(UnclaimedFile(name: "inbox/", kind: .folder, reason: fault))
      status.unclaimedCounts[.folder] = 1
    }
    func stay(_ name: FileName, _ kind: UnclaimedFile.Kind, _ reason: String) {
      guard status.unclaimed.count < InboxStatus.mostListed else { return }
      let since = tracker?.since(name, kind, inbox: inbox.name)
      status.unclaimed.append(UnclaimedFile(name: name.display, kind: kind, reason: reason, since: since))
    }
    // A file for which there is no room holds up those behind it.
    var obstacle: ClaimObstacle? = isPaused ? .paused : nil
    var room = room
    for file in scan.ready {
      obstacle = obstacle ?? room?.take(SpaceEstimate(file, in: folders, of: inbox, settings: settings))
      guard let obstacle else { continue }
      let kind = UnclaimedFile.Kind(obstacle.kind)
      if !inbox.expect.isEmpty {
        // Without the daemon nobody knows since when: not before its last change.
        let changed = Timestamp(milliseconds: file.modified / 1_000_000)
        let since = tracker?.since(file.name, kind, inbox: inbox.name) ?? changed
        status.readyFiles.append(ExpectedFiles.Arrival(name: file.name.bytes, at: since))
      }
      status.unclaimedCounts[kind, default: 0] += 1
      if status.unclaimed.count < InboxStatus.mostListed { stay(file.name, kind, obstacle.description) }
    }
    for (kind, count) in scan.counts {
      if kind.isArriving || kind == .minAge { status.waiting += count }
      status.unclaimedCounts[UnclaimedFile.Kind(kind), default: 0] += count
    }
    let isAll = scan.unclaimed.count <= InboxStatus.mostListed - status.unclaimed.count
    for file in isAll ? scan.unclaimed : scan.unclaimed.filter({ $0.kind != .ignored }) {
      stay(file.name, UnclaimedFile.Kind(file.kind), file.reason)
    }
    if !isAll {
      for file in scan.unclaimed where file.kind == .ignored { stay(file.name, .ignored, file.reason) }
    }
    status.unclaimedLeftOut = status.unclaimedCounts.values.reduce(0, +) - status.unclaimed.count
    return status
  }
}

extension StatusReport.InboxStatus {
  /// What is in `work/`; if that can't be read, it counts as a fault of the folder.
  fileprivate mutating func claimedFiles(in folders: InboxFolders) -> [WorkFile] {
    do {
      return try folders.claimedFiles()
    } catch {
      unclaimed.insert(UnclaimedFile(name: "work/", kind: .folder, reason: "\(error)"), at: 0)
      unclaimedCounts[.folder, default: 0] += 1
      return []
    }
  }
}

extension StatusReport {
  /// The document that the contract defines; members may be added.
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
        let unreleased = inbox.unreleased.map { file in
          """
          {"file": "\(file.id)", "name": \(Self.quoted(file.name)), "items": \(file.items), "rejected": \(file.rejected), \
          "receivedAt": "\(file.receivedAt)", "owners": [\(file.owners.map { Self.quoted($0) }.joined(separator: ", "))]}
          """
        }
        let expected = inbox.expected.map { String(decoding: $0.json.bytes, as: UTF8.self) }
        return """
          {"name": \(Self.quoted(inbox.name)), "waiting": \(inbox.waiting), "paused": \(inbox.isPaused), \
          "advice": [\(inbox.advice.map { Self.quoted($0) }.joined(separator: ", "))], \
          "unclaimed": [\(unclaimed.joined(separator: ", "))], "unclaimedLeftOut": \(inbox.unclaimedLeftOut), \
          "unread": [\(unread.joined(separator: ", "))], "unreadLeftOut": \(inbox.unreadLeftOut), \
          "unreleased": [\(unreleased.joined(separator: ", "))], "unreleasedLeftOut": \(inbox.unreleasedLeftOut), \
          "expected": [\(expected.joined(separator: ", "))]}
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
        {"name": \(Self.quoted(target.name)), "state": \(Self.quoted(target.state.rawValue)), \
        "reason": \(Self.quoted(target.reason)), "since": \(Self.quoted(target.since?.description)), \
        "until": \(Self.quoted(target.until?.description)), "unreachable": \(target.isUnreachable), \
        "advice": \(Self.quoted(target.advice)), "command": \(Self.quoted(target.command))}
        """
      })
    out += ",\n  \"receivers\": "
    out += Self.list(
      receivers.map { receiver in
        """
        {"name": \(Self.quoted(receiver.name)), "waiting": \(receiver.waiting), "dropped": \(receiver.dropped), \
        "failure": \(Self.quoted(receiver.failure)), "failingSince": \(Self.quoted(receiver.failingSince?.description)), \
        "failedAt": \(Self.quoted(receiver.failedAt?.description))}
        """
      })
    let receipts = recent.enumerated().map { place, receipt in
      let text = receipt.split(separator: "\n").joined(separator: "\n    ")
      guard corrections.indices.contains(place), let corrections = corrections[place], text.last == "}" else {
        return text
      }
      let json = String(decoding: corrections.json.bytes, as: UTF8.self)
      return String(text.dropLast().reversed().drop { $0.isWhitespace }.reversed())
        + ",\n      \"corrections\": \(json)\n    }"
    }
    out += ",\n  \"recent\": " + Self.list(receipts) + "\n}\n"
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
  // The queue's numbers, for callers that print them without knowing the outbox.
  package var queueFiles: Int { queue.files }
  package var queueBatches: Int { queue.batches }
  package var queueItems: Int { queue.items }
  package var queueBytes: Int { queue.bytes }
  package var queueOldestAt: Timestamp? { queue.oldestAt }
}

extension StatusReport {
  /// The state of each target, in the configuration's order; after them, targets that batches wait for but the
  /// configuration no longer has.
  static func targets(_ settings: Settings, _ outbox: Outbox) async throws -> [TargetStatus] {
    targets(
      settings, paused: try await outbox.paused(.target), notes: try await outbox.targetNotes(),
      awaited: try await outbox.awaitedTargets())
  }

  private static func targets(
    _ settings: Settings, paused: Set<String>, notes: [String: TargetNote], awaited: Set<String>
  ) -> [TargetStatus] {
    var targets: [TargetStatus] = []
    for target in settings.targets {
      var status = TargetStatus(name: target.name, state: .delivering)
      if paused.contains(target.name) {
        status.state = .paused
        status.reason = "by an operator"
      } else if let window = target.closedWindow(at: .now) {
        status.state = .paused
        status.reason = window.reason
        status.until = window.until
        status.hasClosedWindow = true
      } else if let note = notes[target.name],
        note.state == .held || (note.until ?? .now) > .now || awaited.contains(target.name)
      {
        status.take(note)
      }
      targets.append(status)
    }
    // Batches may wait for a target that a reload removed from the configuration.
    for name in awaited.subtracting(settings.targets.map(\.name)).sorted() {
      targets.append(
        TargetStatus(
          name: name, state: .held, reason: "batches are waiting, but the target is no longer in the configuration"))
    }
    return targets
  }
}

extension StatusReport.TargetStatus {
  fileprivate mutating func take(_ note: TargetNote) {
    state = note.state
    (reason, since, until) = (note.reason?.reason, note.since, note.until)
    guard let reason = note.reason else { return }
    isUnreachable = reason.isUnreachable
    advice = reason.advice
    if advice != nil { command = reason.remedy.command(target: name) }
  }

  /// Why what waits for it is not sent, human-readable; for a target that does not deliver.
  var why: String {
    switch state {
    case .paused:
      hasClosedWindow ? "target \(name) is \(reason ?? "paused")" : "target \(name) is paused by an operator"
    default: reason ?? "target \(name) is \(state.rawValue)"
    }
  }

  /// When something that waits for it is tried next, the same in all reports; nil if it is in line and may go at any
  /// moment, or if somebody has to act first.
  ///
  /// - Parameter due: when its own wait ends; nil if that is over.
  func nextAttempt(ofWhatIsDueAt due: Timestamp?) -> Timestamp? {
    switch state {
    case .delivering: due
    case .held, .slowed, .paused: until.map { max($0, due ?? $0) }
    }
  }

  /// What to do, human-readable; nil if it may pass by itself.
  package var help: String? { advice.flatMap { advice in command.map { "\(advice); then: \($0)" } } }
}

extension StatusReport {
  /// One line, for `systemctl status`: what waits, what is wrong, what was done last.
  package var line: String {
    var parts: [String] = []
    if queue.files == 0 {
      parts.append("nothing queued")
    } else {
      let since = queue.oldestAt.map { " since \($0)" } ?? ""
      parts.append("\(counted(queue.files, "file")) queued, \(counted(queue.items, "item")) waiting\(since)")
    }
    for target in targets where target.state != .delivering {
      let reason = target.reason.map { " (\($0))" } ?? ""
      parts.append("\(target.name) \(target.isUnreachable ? "can't be reached" : target.state.rawValue)\(reason)")
    }
    for receiver in receivers where receiver.failure != nil {
      parts.append("\(receiver.name) does not accept notices (\(counted(receiver.waiting, "notice")) waiting)")
    }
    for (inbox, entry) in inboxes.flatMap({ inbox in inbox.expected.map { (inbox.name, $0) } }) {
      guard entry.state.state == .missing || entry.state.state == .late else { continue }
      parts.append("\(inbox): \(entry.match) \(entry.state.state.rawValue)")
    }
    let stuck = inboxes.reduce(0) { $0 + $1.unclaimed.count + $1.unclaimedLeftOut }
    if stuck > 0 { parts.append("\(stuck) unclaimed in inboxes") }
    if let lastFile { parts.append(lastFile) }
    return parts.joined(separator: "; ").onOneLine
  }

  /// `last: clients.csv partial, 998 of 1000 items accepted, 2026-11-22T03:09:07.498Z`
  private var lastFile: String? {
    guard let text = recent.first, let receipt = try? JSONValue.parse(Array(text.utf8)),
      case .string(let name)? = receipt["file"]?["name"], case .string(let status)? = receipt["status"],
      case .string(let time)? = receipt["file"]?["completedAt"],
      case .number(let items)? = receipt["counts"]?["items"],
      case .number(let accepted)? = receipt["counts"]?["accepted"]
    else { return nil }
    let unit = items == "1" ? "item" : "items"
    let counts = receipt["error"] == nil ? "\(accepted) of \(items) \(unit) accepted" : "could not be used"
    return "last: \(name) \(status), \(counts), \(time)"
  }
}
