internal import Delivery
internal import Outbox

extension Trouble {
  /// Everything that is in the way, the worst first.
  static func all(in report: StatusReport, backlogs: [String: Backlog], hanging: [String], unwritten: Int) -> [Trouble]
  {
    var troubles: [Trouble] = []
    if !hanging.isEmpty { troubles.append(.hanging(hanging)) }
    if unwritten > 0 { troubles.append(.unwritten(unwritten)) }
    for target in report.targets {
      let backlog = backlogs[target.name] ?? Backlog()
      if let trouble = Trouble(target, backlog) {
        troubles.append(trouble)
      } else {
        troubles += backlog.problems.map { .retrying(target.name, $0) }
      }
    }
    for inbox in report.inboxes { troubles += all(in: inbox) }
    // What is equally bad stays in the order of the configuration.
    return [Weight.bad, .waiting, .note].flatMap { weight in troubles.filter { $0.weight == weight } }
  }

  private static func hanging(_ loops: [String]) -> Trouble {
    Trouble(
      weight: .bad, title: "The pipeline does not move",
      reason: "no sign of life for \(Pulse.limit.milliseconds / 1000) s from: \(loops.joined(separator: ", "))",
      advice: "A full disk or a folder that does not answer hangs it; the log says more. A restart loses nothing.",
      command: "systemctl restart upsertd")
  }

  private static func unwritten(_ count: Int) -> Trouble {
    Trouble(
      weight: .bad, title: "Results can't be written",
      reason: "\(count == 1 ? "1 file is" : "\(count) files are") done and waits for its receipt to be written",
      fileCount: count, advice: "See whether the spool has room and may be written to; the log names file and reason.")
  }

  /// Nil where the target delivers.
  private init?(_ target: StatusReport.TargetStatus, _ backlog: Backlog) {
    let name = target.name
    self.init(weight: .bad, title: "", reason: target.reason ?? "", advice: "")
    items = backlog.items
    oldestAt = backlog.oldestAt
    nextAt = target.until
    switch target.state {
    case "held":
      title = "\(name) is on hold"
      advice = "It is tried again by itself. Mend the cause, then try at once:"
      command = "upsertd retry --target \(name)"
    case "slowed":
      weight = .waiting
      title = "\(name) is slowed down"
      advice = "It goes on by itself; nothing is lost. To try at once:"
      command = "upsertd retry --target \(name)"
    case "paused":
      weight = .waiting
      title = "\(name) is paused"
      advice = "It stays so, also after a restart, until:"
      command = "upsertd resume \(name)"
    default: return nil
    }
  }

  private static func retrying(_ target: String, _ problem: Backlog.Problem) -> Trouble {
    Trouble(
      weight: .waiting,
      title: "\(problem.batches == 1 ? "1 request" : "\(problem.batches) requests") to \(target) sent again",
      reason: problem.text, nextAt: problem.nextAt,
      advice: "They are tried until retry.max_age is over. To try at once:",
      command: "upsertd retry --target \(target)")
  }

  /// One for each reason why files stay in an inbox; files that are arriving are no trouble.
  private static func all(in inbox: StatusReport.InboxStatus) -> [Trouble] {
    var troubles: [Trouble] = []
    var places: [String: Int] = [:]
    for file in inbox.unclaimed where file.kind != .arriving {
      let place = places[file.reason] ?? troubles.count
      if place == troubles.count {
        places[file.reason] = place
        troubles.append(staying(file, in: inbox.name))
      }
      troubles[place].fileCount += 1
      if troubles[place].files.count < mostFiles { troubles[place].files.append(file.name) }
    }
    for place in troubles.indices {
      let count = troubles[place].fileCount
      troubles[place].title = "\(count == 1 ? "1 file stays" : "\(count) files stay") in \(inbox.name)"
    }
    if inbox.isPaused, !inbox.unclaimed.contains(where: { $0.kind == .paused }) {
      var trouble = staying(UnclaimedFile(name: "", kind: .paused, reason: "by an operator"), in: inbox.name)
      trouble.title = "\(inbox.name) is paused"
      troubles.append(trouble)
    }
    return troubles
  }

  private static func staying(_ file: UnclaimedFile, in inbox: String) -> Trouble {
    var trouble = Trouble(weight: .waiting, title: "", reason: file.reason, advice: "")
    switch file.kind {
    case .arriving: trouble.advice = "It is claimed once it is complete."
    case .ignored:
      trouble.weight = .note
      trouble.advice = "Nothing like this is ever touched. Rename it to have it sent, or remove it."
    case .marker: trouble.advice = "It is claimed once its marker is there."
    case .unreadable:
      trouble.weight = .bad
      trouble.advice = "Let the user that upsertd runs as read it, or its folder; it is claimed at the next look."
    case .full:
      trouble.weight = .bad
      trouble.advice = "Files are claimed again once there is room; mend what holds up the targets, or free some disk."
    case .paused:
      trouble.advice = "Files that are dropped there stay in the inbox, also after a restart, until:"
      trouble.command = "upsertd resume \(inbox)"
    }
    return trouble
  }
}
