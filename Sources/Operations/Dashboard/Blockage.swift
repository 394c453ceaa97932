internal import Core
internal import Engine
internal import JSONText
internal import Outbox
internal import Telemetry

/// Something that keeps files or items from moving: what, why, since when, and what to do about it.
struct Blockage: Sendable, Equatable {
  enum Weight: String, Sendable {
    /// Nothing will move until somebody acts.
    case bad
    /// It may continue by itself, or it is intended.
    case waiting
    /// Worth knowing, but not a fault.
    case note
  }

  var weight: Weight
  /// For example: `lusid is on hold`.
  var title: String
  var reason: String
  /// Names of the files concerned, the first ones.
  var files: [String] = []
  var fileCount = 0
  /// Items that wait because of it.
  var items = 0
  /// When the oldest waiting file was claimed; for files that stay, since when.
  var oldestAt: Timestamp?
  /// Since when it lasts, where that is known.
  var since: Timestamp?
  /// When it is retried.
  var nextAt: Timestamp?
  /// What to do, human-readable.
  var advice: String
  /// The command that does it.
  var command: String?

  static let mostFiles = 10

  var json: JSONValue {
    JSONValue([
      "weight": JSONValue(weight.rawValue), "title": JSONValue(title), "reason": JSONValue(reason),
      "files": .array(files.map { .string($0) }), "fileCount": JSONValue(fileCount), "items": JSONValue(items),
      "oldestAt": JSONValue(oldestAt?.description), "since": JSONValue(since?.description),
      "nextAt": JSONValue(nextAt?.description),
      "advice": JSONValue(advice),
      "command": JSONValue(command),
    ])
  }
}

extension Blockage {
  /// What keeps the pipeline itself from working.
  static func all(in instruments: Instruments, unwritten: Int) -> [Blockage] {
    var blockages: [Blockage] = []
    let hanging = instruments.heartbeat.hanging
    if !hanging.isEmpty { blockages.append(.hanging(hanging, since: instruments.heartbeat.limit)) }
    if unwritten > 0 { blockages.append(.unwritten(unwritten)) }
    if let refusal = instruments.refusedReload.last { blockages.append(.refused(refusal)) }
    return blockages
      + instruments.activeFailures.all.map { trouble in
        Blockage(
          weight: .bad, title: "Something is failing", reason: trouble,
          advice: "It is retried automatically; nothing is lost. The log says when it began.")
      }
  }

  /// What holds up inboxes and targets.
  static func all(
    in report: StatusReport, backlogs: [String: TargetBacklog], problems: [TargetProblem]
  ) -> [Blockage] {
    let targets = report.targets.flatMap { target in
      // A target that does not deliver explains why its requests are retried.
      Blockage(target, backlogs[target.name] ?? TargetBacklog()).map { [$0] }
        ?? problems.filter { $0.target == target.name }.map { .retrying($0) }
    }
    return targets + report.receivers.compactMap { .unnotified($0) }
      + report.inboxes.flatMap { inbox in
        all(in: inbox) + inbox.expected.flatMap { all(in: $0, of: inbox.name) }
      }
  }

  /// The worst first; equally bad ones keep their order.
  static func sorted(_ blockages: [Blockage]) -> [Blockage] {
    [Weight.bad, .waiting, .note].flatMap { weight in blockages.filter { $0.weight == weight } }
  }

  private static func hanging(_ loops: [String], since limit: Duration) -> Blockage {
    Blockage(
      weight: .bad, title: "The pipeline is stuck",
      reason: "no sign of life for \(limit.milliseconds / 1000) s from: \(loops.joined(separator: ", "))",
      advice: "A full disk or a folder that does not respond can cause this; see the log. A restart loses nothing.",
      command: "systemctl restart upsertd")
  }

  private static func refused(_ reload: RefusedReload.Refusal) -> Blockage {
    Blockage(
      weight: .bad, title: "The new configuration is not in effect", reason: reload.reason, oldestAt: reload.at,
      advice: "The daemon continues with the configuration that it read before. Fix this, then reload:",
      command: "systemctl reload upsertd")
  }

  private static func unwritten(_ count: Int) -> Blockage {
    Blockage(
      weight: .bad, title: "Results can't be written",
      reason: "\(counted(count, "file is", "files are")) done but still waiting for a receipt",
      fileCount: count, advice: "Check that the spool has room and is writable; the log names the file and the reason.")
  }

  /// Nil if the target delivers.
  private init?(_ target: StatusReport.TargetStatus, _ backlog: TargetBacklog) {
    let name = target.name
    self.init(weight: .bad, title: "", reason: target.reason ?? "", advice: "")
    items = backlog.items
    oldestAt = backlog.oldestAt
    nextAt = target.until
    switch target.state {
    case .held:
      title = "\(name) is on hold"
      advice = "It is retried automatically. To retry at once:"
      command = "upsertd retry --target \(name)"
    case .slowed where target.isUnreachable:
      title = "\(name) can't be reached"
      advice = "It is retried automatically; nothing is lost. To retry at once:"
      command = "upsertd retry --target \(name)"
    case .slowed:
      weight = .waiting
      title = "\(name) is slowed down"
      advice = "It resumes automatically; nothing is lost. To retry at once:"
      command = "upsertd retry --target \(name)"
    case .paused:
      weight = .waiting
      title = "\(name) is paused"
      if target.hasClosedWindow {
        weight = .note
        advice = "It continues by itself when its send window opens."
      } else {
        advice = "It stays paused, even after a restart, until:"
        command = "upsertd resume \(name)"
      }
    default: return nil
    }
    since = target.since
    if let help = target.advice {
      advice = "\(help.prefix(1).uppercased())\(help.dropFirst()), then:"
      command = target.command
    }
  }

  private static func retrying(_ problem: TargetProblem) -> Blockage {
    Blockage(
      weight: .waiting,
      title:
        "\(counted(problem.batches, "batch waits", "batches wait")) to be sent to \(problem.target) again",
      reason: problem.text, nextAt: problem.nextAt,
      advice: "It is retried until retry.max_age has passed. To retry at once:",
      command: "upsertd retry --target \(problem.target)")
  }

  /// A receiver does not accept notices; items are delivered anyway. Nil if it accepts them.
  private static func unnotified(_ receiver: StatusReport.ReceiverStatus) -> Blockage? {
    guard let failure = receiver.failure else { return nil }
    let lost = receiver.dropped > 0 ? ", \(receiver.dropped) lost" : ""
    var blockage = Blockage(
      weight: .waiting, title: "\(receiver.name) does not accept notices",
      reason: "\(counted(receiver.waiting, "notice")) waiting\(lost): \(failure)",
      advice: "It is retried automatically, and delays no delivery. To retry at once:",
      command: "upsertd retry --notices")
    blockage.since = receiver.failingSince
    return blockage
  }

  /// One for each reason why files stay in an inbox, or wait to be read; arriving files are not a standstill.
  private static func all(in inbox: StatusReport.InboxStatus) -> [Blockage] {
    var blockages: [Blockage] = []
    var places: [String: Int] = [:]
    for file in inbox.unclaimed where !file.kind.isArriving {
      // A reason may contain the file's own name.
      let reason =
        switch file.kind {
        case .waitingForMarker: "waiting for the marker"
        case .waitingForChecksum: "waiting for the side file with the checksum"
        default: file.reason
        }
      let place = places[reason] ?? blockages.count
      if place == blockages.count {
        places[reason] = place
        blockages.append(Blockage(file.kind, reason: reason, inbox: inbox.name))
      }
      blockages[place].take(file)
    }
    for place in blockages.indices {
      let count = blockages[place].fileCount
      blockages[place].title = "\(counted(count, "file stays", "files stay")) in \(inbox.name)"
    }
    if let first = inbox.unreleased.first {
      var blockage = Blockage(
        weight: .waiting,
        title: "\(counted(inbox.unreleasedCount, "file waits", "files wait")) for release in \(inbox.name)",
        reason: "release: manual", oldestAt: first.receivedAt, advice: "Somebody other than its owner releases it:",
        command: "upsertd release \(first.id)")
      blockage.files = inbox.unreleased.prefix(Self.mostFiles).map(\.name)
      blockage.fileCount = inbox.unreleasedCount
      blockage.items = inbox.unreleased.reduce(0) { $0 + $1.items }
      blockages.append(blockage)
    }
    if inbox.isPaused, !inbox.unclaimed.contains(where: { $0.kind == .paused }) {
      var blockage = Blockage(.paused, reason: "by an operator", inbox: inbox.name)
      blockage.title = "\(inbox.name) is paused"
      blockages.append(blockage)
    }
    return blockages
  }

  /// What did not come as expected.
  private static func all(in entry: StatusReport.ExpectedStatus, of inbox: String) -> [Blockage] {
    var blockages: [Blockage] = []
    if entry.state.state == .missing {
      blockages.append(
        Blockage(
          weight: .bad, title: "\(entry.match) is missing in \(inbox)", reason: "no such file came \(entry.rule)",
          oldestAt: entry.state.due, advice: "Ask its sender. It is late, but loaded, when it comes."))
    }
    if entry.state.missingCount > 0 {
      let numbers = entry.state.missingNumbers.prefix(mostFiles).map(String.init).joined(separator: ", ")
      let more = entry.state.missingCount > mostFiles ? " …" : ""
      let count = Int(clamping: entry.state.missingCount)
      blockages.append(
        Blockage(
          weight: .waiting,
          title: "\(counted(count, "number is", "numbers are")) missing of \(entry.match) in \(inbox)",
          reason: "no files came with: \(numbers)\(more)", advice: "Ask their sender. Other files are not held up."))
    }
    return blockages
  }

  private init(_ kind: UnclaimedFile.Kind, reason: String, inbox: String) {
    self.init(weight: .waiting, title: "", reason: reason, advice: "")
    switch kind {
    case .openForWriting, .settling: advice = "It is claimed once it is complete."
    case .minAge: advice = "It is claimed once it has been left alone for watch.min_age."
    case .ignored:
      weight = .note
      advice = "Files with such names are never touched; rename it to have it sent."
    case .notRegular:
      weight = .note
      advice = "Only regular files are claimed; this is never touched."
    case .marker:
      weight = .note
      advice = "It is removed when its file is claimed."
    case .waitingForMarker: advice = "It is claimed once its marker exists."
    case .checksum:
      weight = .note
      advice = "It goes with its file when that is claimed."
    case .waitingForChecksum: advice = "It is claimed once its side file exists."
    case .unreadable:
      weight = .bad
      advice = "Give upsertd's user permission to read it; it is claimed at the next scan."
    case .folder:
      weight = .bad
      advice = "Give upsertd's user permission to read and write the folder; its files are claimed at the next scan."
    case .queueFull:
      weight = .bad
      advice = "Files are claimed again once there is room: check what holds up the targets, or raise queue.max_bytes."
    case .diskFull:
      weight = .bad
      advice = "Files are claimed again once there is room on the disk."
    case .behindUnread:
      weight = .bad
      advice = "Files are claimed again once the earlier file has been read; `upsertd cancel` gives it up."
    case .paused:
      advice = "Files dropped there stay in the inbox, even after a restart, until:"
      command = "upsertd resume \(inbox)"
    }
  }

  private mutating func take(_ file: UnclaimedFile) {
    fileCount += 1
    if files.count < Self.mostFiles { files.append(file.name) }
    if let since = file.since { oldestAt = min(since, oldestAt ?? since) }
  }
}

extension UnclaimedFile.Kind {
  /// It passes by itself, usually within seconds.
  var isArriving: Bool { self == .settling || self == .openForWriting || self == .minAge }
}
