internal import Core
internal import Engine
package import Logging
package import Operations
internal import Outbox
internal import Runtime
package import Settings
internal import Telemetry

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
