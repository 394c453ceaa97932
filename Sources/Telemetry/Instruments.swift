/// Where the pipeline reports how it is doing; outlives a reload.
package struct Instruments: Sendable {
  package let heartbeat: Heartbeat
  package let metrics = DaemonMetrics()
  package let tracker = UnclaimedFileTracker()
  package let activeFailures = ActiveFailures()
  package let unread = UnreadFileTracker()
  package let reading = ReadingTracker()
  package let sending = SendingLedger()
  package let refusedReload = RefusedReload()

  package init(environment: [String: String] = [:]) { heartbeat = Heartbeat(environment: environment) }
}
