/// The format of a file according to its route, or else to its extension.
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

  /// Nil if neither is known; the case of extensions does not matter.
  ///
  /// - Parameter format: what the route says, or what a file that was read was read as. The extension `.gz` counts also
  ///   then.
  package init?(fileName: [UInt8], format: Kind? = nil) {
    var name = String(decoding: fileName, as: UTF8.self).lowercased()[...]
    isGzipped = name.hasSuffix(".gz")
    if isGzipped { name = name.dropLast(3) }
    let kind = format ?? name.lastIndex(of: ".").flatMap { Kind(rawValue: String(name[name.index(after: $0)...])) }
    guard let kind else { return nil }
    self.kind = kind
  }
}

/// How items are arranged in a file; a rejects file uses the same shape.
package enum DocumentShape: String, Sendable, CaseIterable {
  /// A header row and rows (CSV, TSV).
  case rows
  /// One item per line (NDJSON).
  case lines
  /// A JSON array of items.
  case array
  /// A single JSON value, which is the item.
  case single
  /// A JSON object of request ids.
  case requestIDs = "request-ids"
}

/// Limits that a reader enforces.
package struct ReaderLimits: Sendable, Equatable {
  /// The bytes of an item as in the file, and of the JSON made from a CSV row.
  package var maxItemBytes: Int
  /// Levels of objects and arrays within an item, including its own.
  package var maxNesting: Int
  /// Where rejects files put reasons, each a path of nested member names; these do not count against `maxItemBytes`.
  package var additions: [[String]]

  package init(maxItemBytes: Int = 1 << 20, maxNesting: Int = 128, additions: [[String]] = [["_error"]]) {
    self.maxItemBytes = maxItemBytes
    self.maxNesting = maxNesting
    self.additions = additions
  }
}
