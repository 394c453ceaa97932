/// Where the pipeline reports how it is doing; outlives a reload.
package struct Instruments: Sendable {
  package let pulse: Pulse
  package let metrics = DaemonMetrics()
  package let ledger = StayLedger()
  package let troubles = Troubles()
  package let unread = UnreadLedger()

  package init(environment: [String: String] = [:]) { pulse = Pulse(environment: environment) }
}
