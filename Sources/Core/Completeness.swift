/// What a file's control totals and checksum say about it: nil where the route does not ask.
package struct Completeness: Hashable, Sendable, Codable {
  /// What is expected, and what was found.
  package struct Pair: Hashable, Sendable, Codable {
    package var expected: String
    package var found: String

    package init(expected: String, found: String) {
      self.expected = expected
      self.found = found
    }
  }

  /// Rows: whole numbers as text.
  package var count: Pair?
  /// By column name: decimal numbers as text.
  package var sums: [String: Pair] = [:]
  /// Hexadecimal, in lower case.
  package var checksum: Pair?

  package init(count: Pair? = nil, sums: [String: Pair] = [:], checksum: Pair? = nil) {
    self.count = count
    self.sums = sums
    self.checksum = checksum
  }
}

/// Something that somebody should look at in a file that was used. It delays nothing.
package struct FileWarning: Hashable, Sendable, Codable {
  package enum Code: String, Sendable, CaseIterable {
    /// There is no item, although the file is not empty.
    case nothingTaken = "nothing-taken"
    /// A row of data looks like another header row.
    case secondHeader = "second-header"
    /// The text is UTF-8, and the route says an 8-bit encoding.
    case looksLikeUTF8 = "looks-like-utf-8"
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
