package import Core
internal import Engine
internal import JSONText
package import Outbox
internal import Runtime
internal import Settings
internal import Spool
package import Telemetry

/// What is under way, file by file: its state, the reason, and when it continues.
package struct QueueReport: Sendable {
  package struct File: Sendable {
    package var id: FileID
    package var inbox: String
    package var name: String
    /// Nil until the file has been read.
    package var target: String?
    /// `reading`, `waiting`, `sending`, `delayed`, `slowed`, `held`, `paused`, `unreleased` or `finishing`.
    package var state: String
    /// When it was claimed.
    package var since: Timestamp
    package var items: Int
    package var batches: Int
    var bytes: Int
    /// Human-readable.
    package var why: String
    /// Nil if it is in line and may go at any moment, or if somebody has to act first.
    package var nextAttempt: Timestamp?
  }

  /// Which files are wanted; nil means any.
  package struct Query: Sendable {
    package var inbox: String?
    package var target: String?
    package var olderThan: Duration?
    var id: FileID?

    package init() {}
  }

  /// In the order of their arrival.
  package var files: [File]
  /// Nil if that can't be determined.
  package var isDaemonRunning: Bool?

  init(_ query: Query, settings: Settings, outbox: Outbox, now: Timestamp) async throws {
    let targets = Dictionary(
      try await StatusReport.targets(settings, outbox).map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let state = settings.state
    let (unread, sending) = await StatusReport.folderQueue.run {
      (ControlSocket.unreadFiles(state: state) ?? [], ControlSocket.sending(state: state) ?? [:])
    }
    files = try await outbox.queuedFiles(
      inbox: query.inbox, target: query.target, olderThan: query.olderThan, id: query.id
    ).map { queued in
      File(
        queued, target: queued.file.facts.target.flatMap { targets[$0] }, unread: unread,
        sending: sending[queued.file.id] ?? SendingLedger.Part(), now: now)
    }
    isDaemonRunning = ControlSocket.isAnswered(state: settings.state)
  }

  /// For use when there is no outbox yet.
  init() {
    files = []
    isDaemonRunning = false
  }

  package var items: Int { files.reduce(0) { $0 + $1.items } }
  package var batches: Int { files.reduce(0) { $0 + $1.batches } }
  package var bytes: Int { files.reduce(0) { $0 + $1.bytes } }
}

extension QueueReport.File {
  /// - Parameter unread: the files that the daemon has not read.
  /// - Parameter sending: what of the file the daemon's requests carry.
  package init(
    _ queued: QueuedFile, target status: StatusReport.TargetStatus?, unread: [UnreadFile],
    sending: SendingLedger.Part = .init(), now: Timestamp
  ) {
    let file = queued.file
    id = file.id
    inbox = file.inbox
    name = FileName(bytes: file.name)?.display ?? ""
    target = file.facts.target
    since = queued.claimedAt
    (items, batches, bytes) = (queued.items, queued.batches, queued.bytes)
    switch file.state {
    case .reading where file.waitsForRelease:
      let rejects = file.counts.rejected > 0 ? "; \(counted(file.counts.rejected, "other item")) rejected" : ""
      (state, why) = ("unreleased", "it was read, and is waiting for `upsertd release \(file.id)`\(rejects)")
      return
    case .reading:
      (state, why) = ("reading", "it is being read")
      if let this = unread.first(where: { $0.id == file.id }) {
        if let reason = this.reason { why = "it can't be read: \(reason)" }
        nextAttempt = this.nextAttempt
      } else if let other = unread.first(where: { $0.id < file.id && $0.waitingInboxes.contains(file.inbox) }) {
        why = "it was read and is waiting until file \(other.id) is read"
      }
      // What was read so far can't be sent yet.
      (items, batches, bytes) = (0, 0, 0)
      return
    case .finishing:
      (state, why) = ("finishing", "its results are being written")
      return
    case .queued: break
    }
    let due = queued.dueAt.flatMap { $0 > now ? $0 : nil }
    switch status?.state {
    case .paused, .held, .slowed:
      state = (status?.state ?? .held).rawValue
      why = status?.why ?? ""
      nextAttempt = status?.nextAttempt(ofWhatIsDueAt: due)
    default:
      // What failed before and is sent again says so until it is settled.
      if sending.batches > 0, queued.problem == nil || sending.batches >= queued.batches {
        let part = "\(sending.batches) of \(queued.batches) batches \(sending.batches == 1 ? "is" : "are")"
        state = "sending"
        why = "\(sending.batches < queued.batches ? part : "it is") being sent"
        if let problem = queued.problem { why += "; the attempt before: \(problem)" }
        return
      }
      guard let problem = queued.problem else {
        (state, why) = ("waiting", "it is waiting for its turn")
        return
      }
      let part = queued.triedBatches < queued.batches ? " (\(queued.triedBatches) of \(queued.batches) batches)" : ""
      let times = queued.failures > 1 ? ", \(queued.failures) times in a row" : ""
      state = due == nil || queued.triedBatches < queued.batches ? "waiting" : "delayed"
      why = problem + times + part
      nextAttempt = due
    }
  }
}

extension QueueReport {
  /// For programs, as JSON.
  package var json: [UInt8] {
    JSONValue([
      "files": .array(files.map(\.json)),
      "counts": JSONValue([
        "files": JSONValue(files.count), "batches": JSONValue(batches), "items": JSONValue(items),
        "bytes": JSONValue(bytes),
      ]), "daemonRunning": isDaemonRunning.map(JSONValue.bool) ?? .null,
    ]).laidOut
  }
}

extension QueueReport.File {
  var json: JSONValue {
    JSONValue([
      "id": JSONValue(id.text), "name": JSONValue(name), "inbox": JSONValue(inbox), "target": JSONValue(target),
      "state": JSONValue(state), "since": JSONValue(since.description), "items": JSONValue(items),
      "batches": JSONValue(batches), "bytes": JSONValue(bytes), "reason": JSONValue(why),
      "nextAttempt": JSONValue(nextAttempt?.description),
    ])
  }
}
