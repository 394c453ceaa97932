internal import Delivery
internal import Metrics
internal import Outbox
internal import Receipts

/// What one inbox counts.
///
/// Its members are there from the start, at zero: a rate needs a first value, and an alert a series.
struct InboxMeters: Sendable {
  private let inbox: String
  private let metrics: DaemonMetrics
  private let claimedFiles: Counter
  private let readItems: Counter
  private let readBytes: Counter
  private let pollDuration: Histogram

  init(_ inbox: String, _ metrics: DaemonMetrics) {
    self.inbox = inbox
    self.metrics = metrics
    claimedFiles = metrics.claimedFiles[inbox]
    readItems = metrics.readItems[inbox]
    readBytes = metrics.readBytes[inbox]
    pollDuration = metrics.pollDuration[inbox]
    for status in Receipt.Status.allCases { _ = metrics.files[inbox, status.rawValue] }
  }

  func looked(_ duration: Duration) { pollDuration.observe(duration) }

  func claimed() { claimedFiles.add() }

  /// A file was read to its end, and what it holds is queued.
  func read(_ result: ReadingResult) {
    readItems.add(result.items)
    readBytes.add(result.facts.bytes)
    if result.rejected > 0 { metrics.items[inbox, result.facts.target ?? "", "rejected"].add(result.rejected) }
  }

  /// A file's results are written.
  func finished(_ receipt: Receipt, rejects: [String: Int]) {
    metrics.files[inbox, receipt.status.rawValue].add()
    if let error = receipt.error { metrics.unusableFiles[inbox, error.code.rawValue].add() }
    for (code, count) in rejects { metrics.rejectedItems[inbox, code].add(count) }
  }
}
