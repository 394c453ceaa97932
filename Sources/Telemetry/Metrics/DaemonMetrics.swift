internal import Core
package import Engine
package import Metrics
package import Receipts

/// Everything that upsertd counts from its start on; a reload does not reset it.
///
/// Names follow <https://prometheus.io/docs/practices/naming/>. Values that can be looked up on request are not counted
/// here but in `MetricsPage`.
package struct DaemonMetrics: Sendable {
  package let registry = Registry()

  // Inboxes.
  let claimedFiles: Family<Counter>
  package let readItems: Family<Counter>
  package let readBytes: Family<Counter>
  package let files: Family<Counter>
  let unusableFiles: Family<Counter>
  package let items: Family<Counter>
  let rejectedItems: Family<Counter>
  let pollDuration: Family<Histogram>
  let expectationAlarms: Family<Counter>
  // Targets.
  let requests: Family<Counter>
  let requestDuration: Family<Histogram>
  let requestsUnderWay: Family<Gauge>
  let sentBytes: Family<Counter>
  let settledBatches: Family<Counter>
  let splitBatches: Family<Counter>
  let retries: Family<Counter>
  let holds: Family<Counter>
  let slowdowns: Family<Counter>
  let tokenRequests: Family<Counter>
  // Receivers of notices.
  let sentNotices: Family<Counter>
  let failedNotices: Family<Counter>
  let droppedNotices: Family<Counter>
  // The daemon.
  let configurationReloads: Family<Counter>

  package init() {
    claimedFiles = registry.counter(
      "upsertd_claimed_files_total", "Files claimed from the inbox.", labels: "inbox")
    readItems = registry.counter(
      "upsertd_read_items_total", "Items in files that were fully read.", labels: "inbox")
    readBytes = registry.counter(
      "upsertd_read_bytes_total", "Bytes read of files that were read to their end, or are unusable.", labels: "inbox")
    files = registry.counter(
      "upsertd_files_total", "Files whose receipt was written, by its status.", labels: "inbox", "status")
    unusableFiles = registry.counter(
      "upsertd_unusable_files_total", "Files that could not be used, by the receipt's error code.",
      labels: "inbox", "code")
    items = registry.counter(
      "upsertd_items_total", "Items accepted or rejected, counted when that became known.",
      labels: "inbox", "target", "outcome")
    rejectedItems = registry.counter(
      "upsertd_rejected_items_total", "Rejected items by code, counted when the file's receipt was written.",
      labels: "inbox", "code")
    pollDuration = registry.histogram(
      "upsertd_poll_duration_seconds", "How long it took to scan an inbox.",
      bounds: [0.001, 0.005, 0.025, 0.1, 0.5, 2, 10], labels: "inbox")
    expectationAlarms = registry.counter(
      "upsertd_expectation_alarms_total", "Alarms about expected files, by kind.", labels: "inbox", "kind")
    requests = registry.counter(
      "upsertd_requests_total",
      "Batches sent, by the answer's status class; none: sent, but not answered; unsent: nothing was sent.",
      labels: "target", "status")
    requestDuration = registry.histogram(
      "upsertd_request_duration_seconds", "Time from the start of a request to its answer or failure.",
      bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60], labels: "target")
    requestsUnderWay = registry.gauge(
      "upsertd_requests_under_way", "Requests currently waiting for an answer.", labels: "target")
    sentBytes = registry.counter(
      "upsertd_sent_bytes_total", "Bytes of request bodies sent, including repeated ones.", labels: "target")
    settledBatches = registry.counter(
      "upsertd_settled_batches_total", "Batches whose answer settled items.", labels: "target")
    splitBatches = registry.counter(
      "upsertd_split_batches_total", "Batches split to be sent again in halves.", labels: "target")
    retries = registry.counter(
      "upsertd_retries_total", "Attempts after which a batch had to be sent again, by reason.",
      labels: "target", "reason")
    holds = registry.counter(
      "upsertd_holds_total", "How often the target went on hold.", labels: "target")
    slowdowns = registry.counter(
      "upsertd_slowdowns_total", "How often the target had to be slowed down.", labels: "target")
    tokenRequests = registry.counter(
      "upsertd_token_requests_total", "Requests for an access token, including refreshes, by outcome.",
      labels: "target", "outcome")
    sentNotices = registry.counter(
      "upsertd_notices_sent_total", "Notices that a receiver accepted.", labels: "receiver")
    failedNotices = registry.counter(
      "upsertd_notices_failed_total", "Attempts to send a notice that failed; it is sent again.", labels: "receiver")
    droppedNotices = registry.counter(
      "upsertd_notices_dropped_total",
      "Notices that a receiver never gets; full: too many waited; expired: they waited for retry.max_age.",
      labels: "receiver", "reason")
    configurationReloads = registry.counter(
      "upsertd_configuration_reloads_total", "How often the configuration was reloaded, by outcome.",
      labels: "outcome")
    for outcome in ["used", "refused"] { _ = configurationReloads[outcome] }
  }

  /// Starts the series of an inbox that expects files.
  package func expects(_ inbox: String) {
    for kind in ExpectationAlarm.Kind.allCases { _ = expectationAlarms[inbox, kind.rawValue] }
  }

  package func reported(_ kind: ExpectationAlarm.Kind, inbox: String) { expectationAlarms[inbox, kind.rawValue].add() }

  package func reloaded(isUsed: Bool) { configurationReloads[isUsed ? "used" : "refused"].add() }
}

extension DaemonMetrics {
  /// A file's results are written.
  ///
  /// - Parameter rejects: how many items were rejected, by reason.
  package func finished(_ receipt: Receipt, rejects: [String: Int]) {
    let inbox = receipt.file.inbox
    files[inbox, receipt.status.rawValue].add()
    if let error = receipt.error { unusableFiles[inbox, error.code.rawValue].add() }
    for (code, count) in rejects { rejectedItems[inbox, code].add(count) }
  }
}
