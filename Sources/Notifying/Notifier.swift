package import Engine
package import HTTPClient
package import Logging
package import Outbox
package import Runtime
package import Settings
package import Telemetry

/// Sends every receiver of one configuration what waits for it; a slow or broken one delays no other.
package struct Notifier: Sendable {
  private let outbox: Outbox
  private let receivers: [Receiver]
  private let senders: [NoticeSender]
  private let clients: [ReceiverClient]
  private let logger: Logger

  /// How long an exchange may still take once the daemon stops.
  private static let patience = Duration.seconds(3)

  /// - Throws: `SendError` if a receiver's certificate file can't be used.
  package init(
    settings: Settings, outbox: Outbox, clock: DaemonClock, instruments: Instruments, logger: Logger
  ) throws(SendError) {
    self.outbox = outbox
    self.logger = logger
    receivers = settings.receivers
    clients = try settings.receivers.map { (receiver) throws(SendError) in
      try ReceiverClient(receiver, spool: settings.spool)
    }
    senders = zip(receivers, clients).map { receiver, client in
      NoticeSender(
        receiver, client: client, outbox: outbox, retry: settings.retry, clock: clock,
        instruments: instruments, logger: logger)
    }
  }

  /// From here on the outbox queues notices for these receivers. What waits for others is lost, and logged.
  package func register() async throws(OutboxError) {
    let gone = try await outbox.setReceivers(receivers.map { ($0.name, $0.events) })
    for (name, waiting) in gone {
      logger.warning(
        "notices are lost, since the configuration no longer has their receiver",
        metadata: ["receiver": "\(name)", "lost": .number(waiting)])
    }
  }

  /// Sends until `stop()`, or after `end()` until everything was tried.
  ///
  /// - Parameter triesOnce: whether each notice is tried only once: for a run that ends by itself.
  package func run(triesOnce: Bool) async {
    await withDiscardingTaskGroup { group in
      for sender in senders { group.addTask { await sender.run(triesOnce: triesOnce) } }
    }
  }

  /// Tries everything that waits at once.
  package func tryNow() async { for sender in senders { await sender.tryNow() } }

  /// Nothing is queued any more.
  package func end() async { for sender in senders { await sender.end() } }

  /// Starts nothing more, and soon breaks off what is under way.
  package func stop() async {
    for sender in senders { await sender.stop() }
    let clients = clients
    // Deliberately outlives this call: it ends exchanges that no one answers, and harms none that have ended.
    Task {
      try await Task.sleep(for: Self.patience)
      for client in clients { client.close() }
    }
  }
}
