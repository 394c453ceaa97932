internal import Delivery
internal import Logging
internal import Outbox
internal import Settings

/// The admin address, and what is gathered for it.
extension Service {
  /// Serves the address that the settings name now, and no other any more.
  ///
  /// Where the new one can't be had, the old one stays, and the log says so: a daemon without its pages still delivers.
  func serveAdmin() async {
    let wanted = settings.admin
    let old = admin?.address
    guard wanted != old else { return }
    // First, since both may be on one port.
    await admin?.stop()
    admin = nil
    do {
      admin = try await server(at: wanted)
    } catch {
      logger.error(
        "the admin address can't be used; the daemon goes on \(old == nil ? "without it" : "at the old one")",
        metadata: ["listen": "\(wanted.map { "\($0.host):\($0.port)" } ?? "")", "reason": "\(error)"])
      admin = try? await server(at: old)
    }
    if let url = await admin?.url {
      logger.notice("the dashboard is served", metadata: ["url": "\(url)"])
    } else if old != nil {
      logger.notice("the dashboard is served no more")
    }
  }

  private func server(at address: Settings.Admin?) async throws -> AdminServer? {
    guard let address else { return nil }
    let dashboard = Dashboard(
      settings: { [weak self] in
        guard let self else { throw StartError(description: "the daemon stops") }
        return await self.settings
      }, outbox: outbox, instruments: instruments, startedAt: startedAt, flow: flow)
    let server = try AdminServer(address: address, dashboard: dashboard)
    try await server.start()
    return server
  }

  /// Once a minute: what flowed, and how deep the queue is.
  func noteFlow() async throws {
    let now = Timestamp.now
    guard flow.isDue(at: now) else { return }
    flow.end(at: now, counts: FlowCounts(instruments.metrics), queue: try await outbox.queue())
  }
}
