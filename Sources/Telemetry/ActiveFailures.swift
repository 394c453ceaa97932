package import Core
package import Logging
internal import Synchronization

/// What currently keeps the pipeline from working although its loops turn: for example, a disk that accepts no writes.
///
/// Each trouble is logged when it begins and when it is over, not at each retry; `/healthz` lists those that are not
/// one file's alone.
package final class ActiveFailures: Sendable {
  private struct Place: Hashable {
    var part: String
    var what: String
  }

  private struct Reason {
    var text: String
    var isOneFiles: Bool
  }

  private let reasons = Mutex<[Place: Reason]>([:])

  /// Something does not work, and will be retried.
  ///
  /// - Parameters:
  ///   - what: what can't be done; the same words end it.
  ///   - part: the part of the pipeline that can't do it, or the file that it can't be done for.
  ///   - isOneFiles: whether the file itself is to blame, so that no other is affected.
  package func begin(
    _ what: String, in part: String, _ error: any Error, isOneFiles: Bool = false, logger: Logger,
    metadata: Logger.Metadata = [:]
  ) {
    let reason = Reason(text: "\(error)", isOneFiles: isOneFiles)
    let isNews = reasons.withLock { $0.updateValue(reason, forKey: Place(part: part, what: what)) } == nil
    logger.log(
      level: isNews ? .error : .debug, "\(what); retrying",
      metadata: metadata.merging(["reason": "\(error)"]) { $1 })
  }

  /// It works again.
  package func end(_ what: String, in part: String, logger: Logger, metadata: Logger.Metadata = [:]) {
    let wasThere = reasons.withLock { $0.removeValue(forKey: Place(part: part, what: what)) } != nil
    if wasThere { logger.notice("recovered", metadata: metadata.merging(["trouble": "\(what)"]) { $1 }) }
  }

  /// The part has ended, or the file is gone: whether it works will not be found out any more.
  package func forget(_ part: String) {
    reasons.withLock { reasons in reasons = reasons.filter { $0.key.part != part } }
  }

  /// Each as a human-readable line.
  package var all: [String] { lines { _ in true } }

  /// Those that are not one file's alone.
  package var ofAll: [String] { lines { !$0.isOneFiles } }

  private func lines(_ isWanted: (Reason) -> Bool) -> [String] {
    reasons.withLock { $0.filter { isWanted($0.value) }.map { "\($0.part): \($0.what): \($1.text)" } }.sorted()
  }
}

/// Whether the configuration that the daemon has in effect is older than the one that it was last asked to read.
package final class RefusedReload: Sendable {
  package struct Refusal: Sendable, Equatable {
    package var at: Timestamp
    /// Why the new configuration can't be used; one line.
    package var reason: String
  }

  private let state = Mutex<Refusal?>(nil)

  package init() {}

  /// Nil if the last reload was used, or there was none.
  package var last: Refusal? { state.withLock { $0 } }

  package func refused(_ reason: String, at time: Timestamp) {
    state.withLock { $0 = Refusal(at: time, reason: reason.onOneLine) }
  }

  package func used() { state.withLock { $0 = nil } }
}
