internal import Core
internal import Logging
internal import Operations
internal import Outbox
internal import Runtime
internal import Settings
internal import Telemetry

/// The admin address, and the data gathered for it.
extension Service {
  /// Serves the address that the settings now name, and no other.
  ///
  /// If the new one is unavailable, the old one stays, and that is logged: a daemon without its pages still delivers.
  func serveAdmin() async {
    let wanted = settings.admin
    let old = admin?.address
    guard wanted != old else { return }
    // First, since both may use the same port.
    await endAdmin()
    do {
      try beginAdmin(at: wanted)
    } catch {
      logger.error(
        "can't listen on the admin address; continuing \(old == nil ? "without it" : "at the old one")",
        metadata: ["listen": "\(wanted.map { "\($0.host):\($0.port)" } ?? "")", "reason": "\(error)"])
      try? beginAdmin(at: old)
    }
    if let url = admin?.url {
      logger.notice("the dashboard is served", metadata: ["url": "\(url)"])
    } else if old != nil {
      logger.notice("the dashboard is no longer served")
    }
  }

  /// Closes the address; returns once others can bind it.
  func endAdmin() async {
    admin?.stop()
    admin = nil
    adminRun?.cancel()
    await adminRun?.value
    adminRun = nil
  }

  private func beginAdmin(at address: Settings.Admin?) throws {
    guard let address else { return }
    let dashboard = Dashboard(
      settings: { [weak self] in
        guard let self else { throw StartError(description: "the daemon is stopping") }
        return await self.settings
      }, outbox: outbox, instruments: instruments, startedAt: startedAt, flow: flow)
    let server = try AdminServer(address: address, dashboard: dashboard)
    admin = server
    // Ends with the server, which `endAdmin` awaits.
    adminRun = Task { [weak self] in
      if let reason = await server.run() { await self?.beginAgain(after: server, because: reason) }
    }
  }

  /// Replaces a server that ended by itself, however long that takes: a daemon that can't be observed is half blind.
  private func beginAgain(after ended: AdminServer, because reason: String) async {
    guard admin === ended else { return }
    admin = nil
    logger.error("the admin server failed; restarting it", metadata: ["reason": "\(reason)"])
    var pause = Duration.milliseconds(200)
    // A reload may have opened it in the meantime, or turned it off.
    while admin == nil, settings.admin == ended.address, !Task.isCancelled {
      do {
        try beginAdmin(at: ended.address)
        logger.notice("the dashboard is served again", metadata: ["url": "\(admin?.url ?? "")"])
      } catch {
        pause = min(pause * 2, .seconds(60))
        do { try await Task.sleep(for: pause) } catch { return }
      }
    }
  }

  /// Once a minute: what flowed, and how deep the queue is.
  func noteFlow() async throws {
    let now = Timestamp.now
    guard flow.isDue(at: now) else { return }
    flow.end(at: now, counts: FlowCounts(instruments.metrics), queue: try await outbox.queue())
  }
}
