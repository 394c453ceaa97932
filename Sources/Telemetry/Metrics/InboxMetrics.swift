internal import Core
internal import Engine
internal import Metrics
internal import Receipts

/// The counters of one inbox.
///
/// Its series exist from the start, at zero: a rate needs a first value, and an alert a series.
package struct InboxMetrics: Sendable {
  private let inbox: String
  private let metrics: DaemonMetrics
  private let claimedFiles: Counter
  private let readItems: Counter
  private let readBytes: Counter
  private let pollDuration: Histogram

  /// - Parameter targets: those that its files may be for.
  package init(_ inbox: String, targets: Set<String>, _ metrics: DaemonMetrics) {
    self.inbox = inbox
    self.metrics = metrics
    claimedFiles = metrics.claimedFiles[inbox]
    readItems = metrics.readItems[inbox]
    readBytes = metrics.readBytes[inbox]
    pollDuration = metrics.pollDuration[inbox]
    for target in targets {
      for outcome in ["accepted", "rejected"] { _ = metrics.items[inbox, target, outcome] }
    }
    for status in Receipt.Status.allCases { _ = metrics.files[inbox, status.rawValue] }
    for code in RejectCode.allCases {
      if code.canBeOfFile { _ = metrics.unusableFiles[inbox, code.rawValue] }
      if code.canBeOfItem { _ = metrics.rejectedItems[inbox, code.rawValue] }
    }
  }

  package func looked(_ duration: Duration) { pollDuration.observe(duration) }

  package func claimed() { claimedFiles.add() }

  /// A file was read to its end, and its items are queued; or it is unusable.
  ///
  /// - Parameter bytes: how many of it were read.
  package func read(items: Int, bytes: Int, rejected: Int, for target: String?) {
    readItems.add(items)
    readBytes.add(bytes)
    if rejected > 0 { metrics.items[inbox, target ?? "", "rejected"].add(rejected) }
  }
}

extension RejectCode {
  /// Whether a whole file may be rejected with it.
  fileprivate var canBeOfFile: Bool {
    switch self {
    case .malformedJSON, .malformedCSV, .malformedGzip, .invalidEncoding, .unsupportedFormat, .noRoute, .emptyFile,
      .duplicateFile, .unmappedColumn, .missingColumn, .controlTotalMismatch, .checksumMismatch, .tooLarge,
      .unreadable, .cancelled, .fileChanged:
      true
    default: false
    }
  }

  /// Whether a single item may be; a bad line of NDJSON is one.
  fileprivate var canBeOfItem: Bool {
    switch self {
    case .malformedGzip, .unsupportedFormat, .noRoute, .emptyFile, .duplicateFile, .unmappedColumn, .missingColumn,
      .controlTotalMismatch, .checksumMismatch, .malformedCSV, .unreadable:
      false
    default: true
    }
  }
}
