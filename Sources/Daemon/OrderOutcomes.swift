internal import Core
internal import Engine
package import Logging
package import Operations
internal import Outbox
internal import Runtime
package import Settings
internal import Telemetry

/// What `upsertd retry` has done.
struct RetryOutcome {
  /// False for a command that acts while no daemon is running.
  var isDaemon: Bool
  /// Batches that wait to be sent, those in flight included, and those that nothing sends now.
  var waiting = 0
  /// Batches in flight.
  var inFlight = 0
  /// Claimed files that could not be read.
  var unread = 0
  /// Targets whose holds ended, and what more a correction needs.
  var held: [(target: String, remedy: Hindrance.Remedy)] = []
  /// Targets that had been asked to wait.
  var slowed: [String] = []
  var paused: [String] = []
  /// Batches that wait for paused targets.
  var pausedBatches = 0
  /// Targets outside their send windows, when these open, and how many batches wait for that.
  var closed: [(target: String, until: Timestamp?, batches: Int)] = []
  /// The target of the file, if the configuration no longer has it.
  var missing: String?

  init(isDaemon: Bool) { self.isDaemon = isDaemon }

  /// Human-readable.
  var message: String {
    var parts: [String] = []
    let due = max(0, waiting - inFlight - pausedBatches - closed.reduce(0) { $0 + $1.batches })
    if due > 0 {
      let batches = counted(due, "waiting batch is", "waiting batches are")
      parts.append("\(batches) due \(isDaemon ? "now" : "as soon as the daemon runs")")
    }
    if inFlight > 0 { parts.append("\(counted(inFlight, "batch is", "batches are")) being sent") }
    if unread > 0 { parts.append("\(counted(unread, "claimed file is", "claimed files are")) read again now") }
    for (target, until, batches) in closed where batches > 0 {
      let opening = until.map { ", which opens \($0)" } ?? ""
      parts.append("\(counted(batches, "batch waits", "batches wait")) for the send window of \(target)\(opening)")
    }
    if pausedBatches > 0 { parts.append("\(counted(pausedBatches, "batch waits", "batches wait")) for paused targets") }
    if parts.isEmpty { parts.append("nothing waits to be sent") }
    if !held.isEmpty {
      let names = held.map(\.target).joined(separator: ", ")
      parts.append("released the \(held.count == 1 ? "hold" : "holds") of \(names)")
      for (target, remedy) in held where remedy != .retry {
        parts.append("what was corrected for \(target) counts after `\(remedy.command(target: target))`")
      }
    }
    if !slowed.isEmpty { parts.append("no longer slowed down: \(slowed.joined(separator: ", "))") }
    if !paused.isEmpty { parts.append("still paused until `upsertd resume`: \(paused.joined(separator: ", "))") }
    for (target, until, batches) in closed where batches == 0 {
      parts.append("\(target) is outside its send window\(until.map { " until \($0)" } ?? "")")
    }
    if let missing { parts.append("target \(missing) is not in the configuration, so nothing is sent to it") }
    return parts.joined(separator: "; ")
  }
}

/// What `upsertd retry --notices` has done.
struct NoticesOutcome {
  /// False for a command that acts while no daemon is running.
  var isDaemon: Bool
  /// The receivers for which notices wait, and how many.
  var waiting: [(receiver: String, notices: Int)]

  /// Human-readable.
  var message: String {
    guard !waiting.isEmpty else { return "no notice waits" }
    let parts = waiting.map { "\(counted($0.notices, "notice")) for \($0.receiver)" }
    return "tried \(isDaemon ? "now" : "as soon as the daemon runs"): \(parts.joined(separator: ", "))"
  }
}

/// What `upsertd cancel` has done to a file that was queued.
struct CancelOutcome {
  var file: FileID
  /// Items that were rejected at once.
  var cancelled: Int
  /// Items that requests carry: their answers decide.
  var inFlight: Int

  /// Human-readable.
  var message: String {
    let sending = """
      \(counted(inFlight, "item is", "items are")) being sent and will be settled by the answer, or cancelled if it \
      settles nothing
      """
    switch (cancelled, inFlight) {
    case (0, 0): return "no item of file \(file) was left to cancel"
    case (0, _): return "file \(file): \(sending)"
    case (_, 0): return "cancelled \(counted(cancelled, "item")) of file \(file)"
    default: return "cancelled \(counted(cancelled, "item")) of file \(file); \(sending)"
    }
  }
}

/// What `upsertd pause` or `resume` has done to what has a name: an inbox, a target, or both.
struct PauseOutcome {
  var name: String
  /// Whether it was to be paused, not resumed.
  var isPaused: Bool
  private var changed: [String] = []
  private var unchanged: [String] = []
  /// Of the target, if it is outside its send window; and when that opens.
  var closed: (target: String, until: Timestamp?)?

  init(name: String, isPaused: Bool) {
    self.name = name
    self.isPaused = isPaused
  }

  mutating func add(_ kind: String, wasPaused: Bool) {
    if wasPaused == isPaused { unchanged.append("\(kind) \(name)") } else { changed.append("\(kind) \(name)") }
  }

  /// Human-readable.
  var message: String {
    let effect = isPaused ? "paused until `upsertd resume \(name)`, even after a restart" : "resumed"
    let before = isPaused ? "was paused already, until `upsertd resume \(name)`" : "was not paused"
    var parts = [(changed, effect), (unchanged, before)].filter { !$0.0.isEmpty }
      .map { "\($0.0.joined(separator: " and ")): \($0.1)" }
    if let closed, !isPaused {
      parts.append("target \(closed.target) is outside its send window\(closed.until.map { " until \($0)" } ?? "")")
    }
    return parts.joined(separator: "; ")
  }
}

extension Operator {
  /// Carries out an operator's order: asks the running daemon, or acts itself if none is running.
  ///
  /// - Parameter mayActItself: false if the settings are not a whole configuration.
  /// - Throws: `ControlError`, `OutboxError`, `InboxError`, `StartError` if neither works.
  package static func carryOut(
    _ order: Order, settings: Settings, mayActItself: Bool = true, logger: Logger
  ) async throws -> OrderResult {
    if let result = try ControlSocket.ask(order, state: settings.state) { return result }
    guard mayActItself else {
      throw StartError(description: "the daemon has stopped, and the configuration can't be used without it")
    }
    // Nothing listens: the state is ours if we get its lock. What root creates here must stay usable for the service.
    let by = Caller.ofProcess
    becomeOwner(of: settings.state)
    let (lock, outbox) = try StateFolder.take(settings)
    let clock = DaemonClock(from: try await outbox.clockMark())
    let pipeline = try await Pipeline(
      settings: settings, outbox: outbox, clock: clock, instruments: Instruments(), logger: logger)
    let result = await pipeline.carryOut(order, by: by)
    try await outbox.keep(clock.mark)
    await pipeline.finishOnce()
    try outbox.close()
    // Until here no other process may work on the outbox.
    withExtendedLifetime(lock) {}
    return result
  }
}
