/// Runs worlds.
package enum Simulator {
  /// - Parameter outbox: a new, empty one.
  package static func run(
    _ plan: WorldPlan, on outbox: any WorldOutbox = MemoryWorldOutbox(), keepsHistory: Bool = false
  ) async -> WorldResult {
    await World(plan, outbox: outbox, keepsHistory: keepsHistory).run()
  }
}
