/// What is wrong with one item; its neighbours are not affected.
package struct ItemFault: Error, Equatable, Sendable {
  package var code: RejectCode
  /// Human-readable: names the member's path (`properties.InvestorRecord/Details/Name.value`) and what to do.
  ///
  /// Appears in receipts and rejects files, which contain item contents anyway; never logged.
  package var message: String

  package init(_ code: RejectCode, _ message: String) {
    self.code = code
    // It may quote the item, or come from a server.
    self.message = message.onOneLine
  }
}

/// What is wrong with a file as a whole: nothing in it is sent.
package struct FileFault: Error, Equatable, Sendable {
  package var code: RejectCode
  package var message: String
  /// Physical line, from 1; nil if the fault has no place.
  package var line: Int?
  /// Byte in that line, from 1.
  package var column: Int?

  package init(_ code: RejectCode, _ message: String, line: Int? = nil, column: Int? = nil) {
    self.code = code
    self.message = message.onOneLine
    self.line = line
    self.column = column
  }
}

/// Why an item, or a whole file, was rejected: the closed list used in receipts, rejects files and metrics.
package enum RejectCode: String, Sendable, CaseIterable, Codable {
  // The whole file.
  case malformedJSON = "malformed-json"
  case malformedCSV = "malformed-csv"
  case malformedGzip = "malformed-gzip"
  case invalidEncoding = "invalid-encoding"
  case unsupportedFormat = "unsupported-format"
  case noRoute = "no-route"
  case emptyFile = "empty-file"
  case duplicateFile = "duplicate-file"
  case unmappedColumn = "unmapped-column"
  case missingColumn = "missing-column"
  case controlTotalMismatch = "control-total-mismatch"
  case checksumMismatch = "checksum-mismatch"
  // Limits, of an item or of a file.
  case tooLarge = "too-large"
  case tooDeep = "too-deep"
  // One item, found here.
  case wrongColumnCount = "wrong-column-count"
  case missingField = "missing-field"
  case invalidValue = "invalid-value"
  case invalidItem = "invalid-item"
  case duplicateRequestID = "duplicate-request-id"
  // One item, found by the API or by waiting for it.
  case rejectedByAPI = "rejected-by-api"
  case badRequest = "bad-request"
  case notApplied = "not-applied"
  case unacknowledged
  case expired
  case cancelled
  /// The claimed file could not be read for an hour.
  case unreadable
  /// The claimed file was changed after it was checked.
  case fileChanged = "file-changed"
}
