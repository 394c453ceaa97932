package import Core

/// A format of dropped files: how items are read from a file, and how those that were rejected are written again.
///
/// A new one is a folder beside `CSV` and `JSON`, and a case of `FormatKind`.
package protocol FileFormat: Sendable {
  /// Whether a file is a table, so that a mapping says what its columns become.
  var isTable: Bool { get }
  /// Whether an item is sent as it is in the file, so that a batch can refer to its bytes there: then the reader sets
  /// `RawItem.textStart`.
  var keepsItemText: Bool { get }

  /// Calls `each` with every item and its JSON; if the item has a fault, with what helps to find its key, or with
  /// nothing.
  ///
  /// Items are passed on as they are read, before the rest of the file is known to be valid: a later fault invalidates
  /// all of them.
  /// - Parameters:
  ///   - template: of a table, called once, before any item, to decide what the columns become.
  ///   - fits: whether `template` would take a header; only to find the cause of a fault.
  /// - Throws: `FileFault` for a file that can't be used, `ReadError`, and any error of `template` and `each`.
  func read(
    _ content: FileContent, _ options: FormatOptions, template: (CSVHeader) throws -> RowTemplate,
    fits: (CSVHeader) -> Bool, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> FileReport

  /// Counts the items of a rejects file, reading it as dropped files are read but without examining the items.
  ///
  /// - Throws: `FileFault` if the file can't be read in this format; `ReadError`.
  func count(_ content: FileContent, _ options: FormatOptions) throws -> Int

  /// Whether a file's beginning shows that upsertd wrote it, whatever it is called.
  ///
  /// - Throws: `FileFault`, `ReadError`.
  func beginsAsRejectsFile(_ content: FileContent, _ options: FormatOptions) throws -> Bool

  /// Writes the rejected items of a file as they were dropped, each with its reason.
  ///
  /// - Parameter content: the claimed file, which may have changed since it was read.
  /// - Returns: for how many items it no longer holds what was checked: of these, only the reason is written.
  /// - Throws: `ReadError`, and errors of the work and its output.
  func writeRejects(from content: FileContent, _ work: RejectsWork) throws -> Int
}

extension FileFormat {
  package func beginsAsRejectsFile(_ content: FileContent, _ options: FormatOptions) throws -> Bool { false }
}

/// What a route says about reading its files.
package struct FormatOptions {
  package var csv = CSVOptions()
  /// Of a text without a byte order mark; nil for UTF-8.
  package var encoding: TextEncoding?
  /// How a JSON file that is one object is interpreted.
  package var objects: ObjectShape
  package var limits: ReaderLimits
  /// Makes the items' tags; nil for none.
  package var key: SourceKey?
  /// Whether its name says that upsertd wrote the file.
  package var isRejectsFile = false

  package init(objects: ObjectShape = .item, limits: ReaderLimits = ReaderLimits()) {
    self.objects = objects
    self.limits = limits
  }
}

/// What is known of a file once it has been read.
package struct FileReport {
  package var shape: DocumentShape
  /// What writing its rejects needs to know of it, as text in the format's own form; nil for nothing.
  package var layout: String?
  /// Of a table's header row; nil without a key.
  package var headerTag: SourceTag?
  /// Nil if the options name no control totals, or nothing could be compared.
  package var completeness: Completeness?
  /// Why the file can't be used, though it was read to its end: its control totals disagree.
  package var fault: FileFault?
  package var warnings: [FileWarning] = []
  /// Whether its name or its content says that upsertd wrote it.
  package var isRejectsFile = false

  package init(shape: DocumentShape) { self.shape = shape }
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
