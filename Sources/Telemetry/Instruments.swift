/// Where the pipeline reports how it is doing; outlives a reload.
package struct Instruments: Sendable {
  package let heartbeat: Heartbeat
  package let metrics = DaemonMetrics()
  package let ledger = UnclaimedFileLog()
  package let activeFailures = ActiveFailures()
  package let unread = UnreadLedger()
  package let reading = ReadingLedger()
  package let sending = SendingLedger()
  package let refusedReload = RefusedReload()

  package init(environment: [String: String] = [:]) { heartbeat = Heartbeat(environment: environment) }
}
