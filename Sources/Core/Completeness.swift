/// What a file's control totals and checksum say about it: nil where the route does not ask.
package struct Completeness: Hashable, Sendable, Codable {
  package struct Pair: Hashable, Sendable, Codable {
    package var expected: String
    package var found: String

    package init(expected: String, found: String) {
      self.expected = expected
      self.found = found
    }
  }

  /// Whole numbers.
  package var count: Pair?
  /// By column name, with the digits as written.
  package var sums: [String: Pair] = [:]
  /// Hexadecimal.
  package var checksum: Pair?

  package init() {}
}
