internal import Core
internal import Engine
package import Logging
package import Outbox
package import Runtime
internal import Spool
package import Telemetry

/// Warns about files whose items have waited long: once after a tenth of `max_age`, and again at half.
package struct AgeWatch: Sendable {
  private let outbox: Outbox
  private let clock: DaemonClock
  private let maxAge: Duration
  private let intendedWaits: @Sendable () -> Set<String>
  private let activeFailures: ActiveFailures
  private let logger: Logger

  /// - Parameter intendedWaits: the targets that nothing is sent to now because of their configuration: after a tenth
  ///   of `max_age`, a file for one of them is no reason for a warning.
  package init(
    outbox: Outbox, clock: DaemonClock, maxAge: Duration, intendedWaits: @escaping @Sendable () -> Set<String>,
    activeFailures: ActiveFailures, logger: Logger
  ) {
    self.outbox = outbox
    self.clock = clock
    self.maxAge = maxAge
    self.intendedWaits = intendedWaits
    self.activeFailures = activeFailures
    self.logger = logger
  }

  /// Checks every minute, or more often if items live for only a few minutes, until its task is cancelled.
  package func run() async {
    while true {
      do {
        try await warn()
        activeFailures.end(Self.looking, in: "ages", logger: logger)
      } catch {
        activeFailures.begin(Self.looking, in: "ages", error, logger: logger)
      }
      do { try await Task.sleep(for: min(.seconds(60), max(.milliseconds(20), maxAge / 100))) } catch { return }
    }
  }

  private static let looking = "can't check the outbox for files that have waited long"

  private func warn() async throws {
    let now = clock.now
    while case let aged = try await outbox.takeAged(
      tenth: now - maxAge / 10, half: now - maxAge / 2, tenthExcept: intendedWaits()), !aged.isEmpty
    {
      for aged in aged { logAged(aged) }
    }
  }

  private func logAged(_ aged: AgedFile) {
    let file = aged.file
    var metadata: Logger.Metadata = [
      "file": "\(file.id)", "inbox": "\(file.inbox)", "target": "\(file.facts.target ?? "none")",
      "items": .number(aged.items), "since": "\(file.receivedAt)",
      "expires": "\(clock.wall(of: file.claimedAt + maxAge))",
    ]
    metadata["name"] = FileName(bytes: file.name).map { "\($0.display)" }
    metadata["reason"] = aged.problem.map { "\($0)" }
    switch aged.share {
    case .tenth: logger.warning("file has waited for a tenth of retry.max_age", metadata: metadata)
    case .half: logger.warning("file has waited for half of retry.max_age", metadata: metadata)
    }
  }
}
