/// Something in a file that was used, and that somebody should look at. It holds nothing up.
package struct FileWarning: Hashable, Sendable, Codable {
  package enum Code: String, Sendable, CaseIterable {
    /// There is no item, although the file is not empty.
    case nothingTaken = "nothing-taken"
    /// A row of data looks like another header row.
    case secondHeader = "second-header"
  }

  /// One of `Code`, or what another version of upsertd wrote.
  package var code: String
  /// Human-readable; holds names of columns and numbers of lines, and nothing of the items.
  package var message: String

  package init(code: String, message: String) {
    self.code = code
    self.message = message.onOneLine
  }

  package init(_ code: Code, _ message: String) { self.init(code: code.rawValue, message: message) }
}
