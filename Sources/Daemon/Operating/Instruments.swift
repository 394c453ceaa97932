/// Where the pipeline reports how it is doing; outlives a reload.
struct Instruments: Sendable {
  let pulse: Pulse
  let metrics = DaemonMetrics()
  let ledger = StayLedger()
  let troubles = Troubles()
  let unread = UnreadLedger()

  init(environment: [String: String] = [:]) { pulse = Pulse(environment: environment) }
}
