package import Core
internal import Foundation
internal import GRDB

/// One file in a list: unfinished or done.
package struct FileSummary: Sendable, Equatable {
  package var id: FileID
  package var inbox: String
  /// As dropped; bytes.
  package var name: [UInt8]
  /// `reading`, `queued` or `finishing` while unfinished; `accepted`, `partial` or `rejected` once it is done.
  package var state: String
  package var receivedAt: Timestamp
  package var completedAt: Timestamp?
  package var items: Int
  package var accepted: Int
  package var rejected: Int
  /// The target of an unfinished file, once known.
  package var target: String?
  /// The result of its last try; for an unusable file, the reason.
  package var problem: String?
  /// When it is retried.
  package var nextAt: Timestamp?

  package var isUnderWay: Bool { completedAt == nil }

  static let columns = "inbox, name, received_at_ms, items, accepted, rejected"

  init?(row: SQLRow) {
    guard let id = FileID(row["id"] as String) else { return nil }
    self.id = id
    inbox = row["inbox"]
    name = Array(row["name"] as Data)
    state = row["state"]
    receivedAt = Timestamp(milliseconds: row["received_at_ms"])
    completedAt = (row["done_at_ms"] as Int64?).map(Timestamp.init(milliseconds:))
    items = row["items"]
    accepted = row["accepted"]
    rejected = row["rejected"]
  }
}

/// Which files a list should contain.
package struct FileFilter: Sendable, Equatable {
  /// Each must be in the name or in the id; ASCII case is ignored.
  package var words: [String] = []
  package var inbox: String?
  /// One of the values of `FileSummary.state`, `underway` for the first three of them, `rejects` for `partial` and
  /// `rejected`; nil for all.
  package var state: String?
  /// Only files that were claimed before this one.
  package var before: FileID?
  package var limit = 50

  package init() {}
}
