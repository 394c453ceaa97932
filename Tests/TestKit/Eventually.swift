/// What a test waited for did not come.
package struct NotInTime: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// Returns once `condition` holds; looks every few milliseconds and throws `NotInTime` after `limit`.
///
/// `what` completes the sentence "… did not come true".
package func eventually(
  _ what: String = "the condition", within limit: Duration = .seconds(60), file: String = #fileID, line: Int = #line,
  isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while try await !condition() {
    guard ContinuousClock.now < deadline else {
      throw NotInTime("\(file):\(line): \(what) did not come true within \(limit)")
    }
    try await Task.sleep(for: .milliseconds(5))
  }
}
