package import Delivery

/// One API request as it came in.
package struct RecordedRequest: Sendable, Equatable {
  package let api: APIKind
  package let method: String
  package let path: String
  package let query: String
  /// By lower-case name, without `authorization`.
  package let headers: [String: String]
  package let body: [UInt8]
  /// The answer's.
  package let status: Int
}
