package import Delivery
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
    package var unclaimed: [UnclaimedFile]
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

  /// - Parameter outbox: nil where there is none yet.
  package init(settings: Settings, outbox: Outbox?) async throws {
    let pausedInboxes = try await outbox?.paused(.inbox) ?? []
    queue = try await outbox?.queue() ?? QueueCounts()
    recent = try await outbox?.recentReceipts(limit: 20) ?? []
    for inbox in settings.inboxes {
      inboxes.append(Self.look(at: inbox, settings, isPaused: pausedInboxes.contains(inbox.name), queue))
    }
    if let outbox {
      targets = try await Self.targets(settings, outbox)
    } else {
      targets = settings.targets.map { TargetStatus(name: $0.name, state: "delivering") }
    }
  }

  private static func look(
    at inbox: Inbox, _ settings: Settings, isPaused: Bool, _ queue: QueueCounts
  ) -> InboxStatus {
    let look = Watcher.lookOnce(
      folders: InboxFolders(spool: settings.spool, inbox: inbox.name),
      terms: WatchTerms(
        pollInterval: settings.watch.pollInterval, settle: settings.watch.settle, ignore: { inbox.ignores($0) },
        marker: inbox.marker))
    var status = InboxStatus(
      name: inbox.name, waiting: look.ready.count, unclaimed: [], isPaused: isPaused)
    if let fault = look.fault {
      status.unclaimed.append(UnclaimedFile(name: "inbox/", kind: .unreadable, reason: "\(fault)"))
    }
    let obstacle =
      isPaused
      ? "the inbox is paused by an operator"
      : try? Claims.obstacle(queuedBytes: queue.bytes, fileSize: 0, settings: settings)
    if let obstacle {
      status.unclaimed += look.ready.map {
        UnclaimedFile(name: $0.name.display, kind: isPaused ? .paused : .full, reason: obstacle)
      }
    }
    for file in look.unclaimed {
      if file.isArriving { status.waiting += 1 }
      status.unclaimed.append(UnclaimedFile(file))
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
          "{\"name\": \(Self.quoted($0.name)), \"kind\": \"\($0.kind)\", \"reason\": \(Self.quoted($0.reason))}"
        }
        return """
          {"name": \(Self.quoted(inbox.name)), "waiting": \(inbox.waiting), "paused": \(inbox.isPaused), \
          "unclaimed": [\(unclaimed.joined(separator: ", "))]}
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
