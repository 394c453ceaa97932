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
