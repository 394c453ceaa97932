internal import Core
internal import Metrics
package import Receipts

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
