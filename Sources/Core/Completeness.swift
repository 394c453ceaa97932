/// What a file's control totals and checksum say about it: nil where the route does not ask.
package struct Completeness: Hashable, Sendable, Codable {
  /// What should be, and what is.
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
