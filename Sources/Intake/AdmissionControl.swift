internal import Core
package import Engine
internal import Spool
package import Outbox
internal import Runtime
package import Settings

/// Decides which files there is room for. One for all inboxes: they share the queue's limits.
package actor AdmissionControl {
  private let outbox: Outbox
  private let settings: Settings
  private var queuedBytes = 0
  private var measuredAt: ContinuousClock.Instant?
  /// What the files being read will still take.
  private var reservations: [Reservation] = []
  /// Measuring makes blocking system calls.
  private let executor = QueueExecutor(label: "claims")

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(outbox: Outbox, settings: Settings) {
    self.outbox = outbox
    self.settings = settings
  }

  /// Which of an inbox's files may be claimed.
  package struct Answer: Sendable {
    /// One per file that there is room for, in order.
    var reservations: [Reservation] = []
    /// By index: why a file that can never fit is claimed only to be rejected.
    var tooLarge: [Int: String] = [:]
    /// Why there is no room for the next one.
    var obstacle: ClaimObstacle?
  }

  /// Reserves room for the files of these sizes, in order, up to the first that does not fit now.
  func room(for files: [(size: Int, need: SpaceEstimate)]) async throws -> Answer {
    if measuredAt.map({ $0 + .seconds(1) < .now }) ?? true {
      reservations.removeAll(where: \.isEnded)
      queuedBytes = try await outbox.queue().bytes
      measuredAt = .now
    }
    let promised = reservations.reduce(SpaceEstimate.none) { $0 + $1.need }
    var room = try QueueCapacity(settings, queuedBytes: queuedBytes, promised: promised)
    var answer = Answer()
    for (place, file) in files.enumerated() {
      var need = file.need
      if need != .none, let reason = room.reasonWhyNever(need, size: file.size) {
        answer.tooLarge[place] = reason
        need = .none
      }
      if let obstacle = room.take(need) {
        answer.obstacle = obstacle
        break
      }
      answer.reservations.append(Reservation(need))
    }
    reservations += answer.reservations
    return answer
  }
}

extension QueueCapacity {
  /// As it is now.
  package init(_ settings: Settings, queuedBytes: Int, promised: SpaceEstimate = .none) throws {
    self.init(
      limits: Limits(maxQueueBytes: settings.queue.maxBytes, minFreeDisk: settings.queue.minFreeDisk),
      queuedBytes: queuedBytes, state: try Disk(at: settings.state), spool: try Disk(at: settings.spool),
      promised: promised)
  }
}

extension QueueCapacity.Disk {
  fileprivate init(at path: String) throws {
    let space = try FreeDisk.space(at: path)
    self.init(free: space.free, size: space.size)
  }
}
