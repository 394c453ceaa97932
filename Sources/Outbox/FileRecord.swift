package import Delivery
internal import Foundation
internal import GRDB

/// What the outbox knows of one claimed file.
package struct FileRecord: Sendable, Equatable {
  package enum State: String, Sendable {
    case reading
    case queued
    case finishing
  }

  package var id: FileID
  package var inbox: String
  /// As dropped; bytes.
  package var name: [UInt8]
  package var state: State
  package var receivedAt: Timestamp
  package var completedAt: Timestamp?
  package var facts: FileFacts
  package var counts: FileCounts
  /// Why the whole file could not be used.
  package var fault: FileFault?
}

/// What was found out by reading a file.
package struct FileFacts: Sendable, Equatable {
  /// `csv`, `json` …; nil where the extension says nothing.
  package var format: String?
  package var shape: String?
  /// What stands between a CSV's cells.
  package var delimiter: UInt8?
  package var api: APIKind?
  package var target: String?
  /// Where its requests go, complete.
  package var url: String?
  package var successMode: SuccessMode = .partial
  package var ordering: Ordering = .key
  /// Size as dropped.
  package var bytes = 0
  /// Hexadecimal, of the bytes as dropped.
  package var sha256: String?
  /// The file whose rejects file this is.
  package var corrects: FileID?
  /// The first file with the same bytes in this inbox.
  package var duplicateOf: FileID?

  package init() {}
}

/// How many of a file's items and requests.
package struct FileCounts: Sendable, Equatable {
  package var items = 0
  package var accepted = 0
  /// Part of `accepted`.
  package var unchanged = 0
  package var rejected = 0
  package var requests = 0

  package init() {}
}

/// An item that was refused.
package struct Refusal: Sendable, Equatable {
  package var item: Int
  package var line: Int
  /// Where it stands in the dropped file, after decompression.
  package var source: Range<Int>
  /// For people.
  package var key: String?
  package var code: String
  package var message: String

  package init(item: Int, line: Int, source: Range<Int>, key: String?, fault: ItemFault) {
    self.item = item
    self.line = line
    self.source = source
    self.key = key
    self.code = fault.code.rawValue
    self.message = fault.message
  }

  init(row: Row) {
    item = row["item"]
    line = row["line"]
    // SQLite can't tell a damaged number from a sound one.
    let start: Int = row["source_start"]
    source = start..<max(start, row["source_end"])
    key = row["key"]
    code = row["code"]
    message = row["message"]
  }
}

extension FileRecord {
  /// Nil where the row holds what no version of upsertd writes.
  init?(row: Row) {
    guard let id = FileID(row["id"] as String), let state = State(rawValue: row["state"]) else { return nil }
    self.id = id
    self.state = state
    inbox = row["inbox"]
    name = Array(row["name"] as Data)
    receivedAt = Timestamp(milliseconds: row["received_at_ms"])
    completedAt = (row["completed_at_ms"] as Int64?).map(Timestamp.init(milliseconds:))
    facts = FileFacts()
    facts.format = row["format"]
    facts.shape = row["shape"]
    facts.delimiter = (row["delimiter"] as Int?).flatMap(UInt8.init(exactly:))
    facts.api = (row["api"] as String?).flatMap(APIKind.init(rawValue:))
    facts.target = row["target"]
    facts.url = row["url"]
    facts.successMode = (row["success_mode"] as String?).flatMap(SuccessMode.init(rawValue:)) ?? .partial
    facts.ordering = (row["ordering"] as String?).flatMap(Ordering.init(rawValue:)) ?? .key
    facts.bytes = row["file_bytes"]
    facts.sha256 = row["sha256"]
    facts.corrects = (row["corrects"] as String?).flatMap { FileID($0) }
    facts.duplicateOf = (row["duplicate_of"] as String?).flatMap { FileID($0) }
    counts = FileCounts(row: row)
    if let code = (row["error_code"] as String?).flatMap(RejectCode.init(rawValue:)) {
      fault = FileFault(code, row["error_message"], line: row["error_line"], column: row["error_column"])
    }
  }
}

extension FileCounts {
  /// Of a row that has them under the names that the `file` table gives them.
  init(row: Row) {
    items = row["items"]
    accepted = row["accepted"]
    unchanged = row["unchanged"]
    rejected = row["rejected"]
    requests = row["requests"]
  }
}
