internal import Core
internal import Engine
internal import Foundation
internal import GRDB

extension Reject {
  init(row: SQLRow) {
    // SQLite can't tell a damaged number from a valid one.
    let start: Int = row["source_start"]
    self.init(
      item: row["item"], line: row["line"], source: start..<max(start, row["source_end"]), key: row["key"],
      code: row["code"], message: row["message"], tag: SourceTag(column: row["tag"]))
  }
}

extension SourceTag {
  /// Nil for rows of an older upsertd, which may lack the column altogether.
  fileprivate init?(column: Int64?) {
    guard let column else { return nil }
    self.init(stored: UInt64(bitPattern: column))
  }
}

extension FileRecord {
  /// Nil if the row holds what no version of upsertd writes.
  init?(row: SQLRow) {
    guard let id = FileID(row["id"] as String), let state = State(rawValue: row["state"]) else { return nil }
    let receivedAt = Timestamp(milliseconds: row["received_at_ms"])
    // An outbox of version 4 has neither column.
    let claimedAt = QueueTime(milliseconds: row["claimed_at_ms"] ?? receivedAt.milliseconds)
    self.init(
      id: id, inbox: row["inbox"], name: Array(row["name"] as Data), state: state, receivedAt: receivedAt,
      claimedAt: claimedAt, owner: row["owner"])
    completedAt = (row["completed_at_ms"] as Int64?).map(Timestamp.init(milliseconds:))
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
    // An outbox that the daemon has not upgraded has neither column.
    facts.replayOf = (row["replay_of"] as String?).flatMap { FileID($0) }
    otherOwners = OwnerList.owners(row["other_owners"])
    line = (row["line_id"] as String?).flatMap { FileID($0) }
    waitsForRelease = line == nil && row["waits_for_release"] ?? false
    facts.headerTag = SourceTag(column: row["header_tag"])
    facts.dialect = row["dialect"]
    facts.completeness = (row["completeness"] as String?).flatMap(Completeness.init(column:))
    // An older outbox, which a command reads as it is, lacks the column.
    facts.listsAccepted = row["lists_accepted"] ?? false
    facts.warnings = (row["warnings"] as String?).flatMap([FileWarning].init(column:)) ?? []
    counts = FileCounts(row: row)
    if let code = (row["error_code"] as String?).flatMap(RejectCode.init(rawValue:)) {
      fault = FileFault(code, row["error_message"], line: row["error_line"], column: row["error_column"])
    }
  }
}

extension Completeness {
  /// Nil for what no version of upsertd writes.
  fileprivate init?(column: String) {
    guard let read = try? JSONDecoder().decode(Completeness.self, from: Data(column.utf8)) else { return nil }
    self = read
  }

  /// JSON, always the same for the same content.
  var column: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}

extension [FileWarning] {
  /// Nil for what no version of upsertd writes.
  fileprivate init?(column: String) {
    guard let read = try? JSONDecoder().decode(Self.self, from: Data(column.utf8)) else { return nil }
    self = read
  }

  /// JSON, always the same for the same content; nil if there are none.
  var column: String? {
    get throws {
      guard !isEmpty else { return nil }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}

extension FileCounts {
  /// From a row whose columns are named as in the `file` table.
  init(row: SQLRow) {
    self.init()
    items = row["items"]
    accepted = row["accepted"]
    unchanged = row["unchanged"]
    rejected = row["rejected"]
    requests = row["requests"]
  }
}
