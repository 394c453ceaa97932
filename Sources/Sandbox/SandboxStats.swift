package import Core
import Foundation

/// A sandbox's counts since its start.
package struct SandboxStats: Sendable, Equatable, Encodable {
  private var figures: [APIKind: Figures] = [:]

  package struct Figures: Sendable, Equatable, Encodable {
    /// All API requests, whatever their outcome; token requests are not included.
    package var requests = 0
    /// Items, counted for each answer: a repeat counts again.
    package var accepted = 0
    package var rejected = 0
    /// Answered as left unchanged, if the API has such an answer.
    package var unchanged = 0
    /// Not named in the answer, if the API names the items it accepted.
    package var ignored = 0
    /// Stored items with different keys.
    package var distinct = 0
    /// Batches in which two items had the same key: their order is then undefined.
    package var sharedKeys = 0
    /// Answers with 400.
    package var malformed = 0
    /// Answers with 401.
    package var unauthorized = 0
    /// Answers with 429.
    package var rateLimited = 0
    /// Answers with 503.
    package var unavailable = 0
    /// Access tokens issued.
    package var tokens = 0
  }

  package internal(set) subscript(api: APIKind) -> Figures {
    get { figures[api] ?? Figures() }
    set { figures[api] = newValue }
  }

  package func encode(to encoder: any Encoder) throws {
    try Dictionary(uniqueKeysWithValues: figures.map { ($0.rawValue, $1) }).encode(to: encoder)
  }
}

extension Timestamp {
  static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}
