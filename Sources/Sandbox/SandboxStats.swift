package import Delivery

/// What a sandbox has seen since its start.
package struct SandboxStats: Sendable, Equatable, Encodable {
  private var figures: [APIKind: Figures] = [:]

  package struct Figures: Sendable, Equatable, Encodable {
    /// API requests, whatever became of them; token requests are not among them.
    package var requests = 0
    /// Items, counted at each answer: a repeat counts again.
    package var accepted = 0
    package var rejected = 0
    /// Answered as left unchanged, where the API has such an answer.
    package var unchanged = 0
    /// Not named in the answer, where the API names those that it took.
    package var ignored = 0
    /// Stored items with different keys.
    package var distinct = 0
    /// Batches in which two items had the same key: their order is then anybody's guess.
    package var sharedKeys = 0
    /// Answers with 400.
    package var malformed = 0
    /// Answers with 401.
    package var unauthorized = 0
    /// Answers with 429.
    package var rateLimited = 0
    /// Answers with 503.
    package var unavailable = 0
    /// Access tokens handed out.
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
