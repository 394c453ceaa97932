package import Delivery
internal import Foundation
internal import GRDB

/// One file in a list: on its way, or done.
package struct FileSummary: Sendable, Equatable {
  package var id: FileID
  package var inbox: String
  /// As dropped; bytes.
  package var name: [UInt8]
  /// `reading`, `queued` or `finishing` on its way; `accepted`, `partial` or `rejected` once it is done.
  package var state: String
  package var receivedAt: Timestamp
  package var completedAt: Timestamp?
  package var items: Int
  package var accepted: Int
  package var rejected: Int
  /// Where a file on its way goes, once that is known.
  package var target: String?
  /// What became of its last try; of a file that could not be used at all, why.
  package var problem: String?
  /// When it is tried again.
  package var nextAt: Timestamp?

  package var isUnderWay: Bool { completedAt == nil }

  static let columns = "inbox, name, received_at_ms, items, accepted, rejected"

  init?(row: Row) {
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

/// Which files a list is to hold.
package struct FileFilter: Sendable, Equatable {
  /// Each must be in the name or in the id; upper and lower case of ASCII letters are the same.
  package var words: [String] = []
  package var inbox: String?
  /// One of `FileSummary.state`'s, `underway` for the first three of them, `refused` for `partial` and `rejected`; nil for all.
  package var state: String?
  /// Only files that were claimed before this one.
  package var before: FileID?
  package var limit = 50

  package init() {}
}
