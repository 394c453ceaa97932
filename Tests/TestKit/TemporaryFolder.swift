import Foundation

/// Runs `body` with the path of a new, empty folder, which is gone afterwards with all that is in it.
package func withTemporaryFolder<Result>(
  isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> Result
) async throws -> Result {
  var template = Array((NSTemporaryDirectory() + "upsertd-test-XXXXXX").utf8CString)
  guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
  let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(path)
}
