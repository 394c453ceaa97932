internal import Core
internal import Engine
internal import Intake
internal import Metrics
package import Outbox
internal import Runtime
package import Settings
internal import Spool
package import Telemetry

extension RunProgress.Sample {
  /// The state of a run: from its counters, the outbox, and the files that are ready in the inboxes.
  ///
  /// - Parameters:
  ///   - at: since the run began.
  ///   - doneFiles: files whose results are written.
  /// - Throws: `OutboxError`.
  package init(
    at: Duration, doneFiles: Int, settings: Settings, outbox: Outbox, instruments: Instruments
  ) async throws {
    self.init()
    self.at = at
    self.doneFiles = doneFiles
    let queue = try await outbox.queue()
    let reading = instruments.reading.all
    let paused = try await outbox.paused(.inbox)
    let inboxes = settings.inboxes.filter { !paused.contains($0.name) }
    let ready = await StatusReport.folderQueue.run {
      inboxes.flatMap { inbox in
        Watcher.scanOnce(
          folders: InboxFolders(spool: settings.spool, inbox: inbox.name), options: WatchOptions(inbox, settings)
        ).ready.map { Int($0.size) }
      }
    }
    let metrics = instruments.metrics
    readBytes = metrics.readBytes.all.map(\.1.value).saturatedSum
    readItems = metrics.readItems.all.map(\.1.value).saturatedSum
    settledItems = metrics.items.all.map(\.1.value).saturatedSum
    queuedItems = queue.items
    self.reading = reading.values.map { RunProgress.Reading(name: $0.name, read: $0.read, size: $0.size) }
    unreadBytes = (ready + reading.values.map(\.size)).saturatedSum
    openFiles = max(queue.files, instruments.unread.all.count, reading.count) + ready.count
    let slow = try await StatusReport.targets(settings, outbox).first { $0.state != .delivering }
    obstacle = slow.map { "\($0.name) \($0.state.rawValue)\($0.reason.map { ": \($0)" } ?? "")" }
  }
}
