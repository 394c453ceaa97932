package import Core

/// One API request as received.
package struct RecordedRequest: Sendable, Equatable {
  package let api: APIKind
  package let method: String
  package let path: String
  package let query: String
  /// By lower-case name, without `authorization`.
  package let headers: [String: String]
  package let body: [UInt8]
  /// The answer's status.
  package let status: Int
}
