/// What a file's extension says that it holds.
package struct FileFormat: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case csv
    case tsv
    case json
    case ndjson
    case jsonl
  }

  package var kind: Kind
  package var isGzipped: Bool

  /// Nil where the name ends in nothing that upsertd reads; case does not count.
  package init?(fileName: [UInt8]) {
    var name = String(decoding: fileName, as: UTF8.self).lowercased()[...]
    isGzipped = name.hasSuffix(".gz")
    if isGzipped { name = name.dropLast(3) }
    guard let dot = name.lastIndex(of: "."), let kind = Kind(rawValue: String(name[name.index(after: dot)...])) else {
      return nil
    }
    self.kind = kind
  }
}

/// How a file's items stand in it; a rejects file takes the same shape.
package enum DocumentShape: String, Sendable, CaseIterable {
  /// A header row and rows (CSV, TSV).
  case rows
  /// One item a line (NDJSON).
  case lines
  /// A JSON array of items.
  case array
  /// One JSON value that is the item.
  case single
  /// A JSON object of request ids.
  case requestIDs = "request-ids"
}

/// Limits that a reader keeps.
package struct ReaderLimits: Sendable, Equatable {
  /// Bytes of an item as it stands in the file, and of the JSON that a CSV row becomes.
  package var maxItemBytes: Int
  /// Levels of objects and arrays within an item, the item's own included.
  package var maxNesting: Int
  /// Where rejects files put reasons, each the names of members inside each other; these don't count against `maxItemBytes`.
  package var additions: [[String]]

  package init(maxItemBytes: Int = 1 << 20, maxNesting: Int = 128, additions: [[String]] = [["_error"]]) {
    self.maxItemBytes = maxItemBytes
    self.maxNesting = maxNesting
    self.additions = additions
  }
}
