import Delivery

/// What a sandbox has seen since its start.
package struct SandboxStats: Sendable, Equatable, Encodable {
  package var lusid = Figures()
  package var liquid = Figures()

  package struct Figures: Sendable, Equatable, Encodable {
    /// API requests, whatever became of them; token requests are not among them.
    package var requests = 0
    /// Items, counted at each answer: a repeat counts again.
    package var accepted = 0
    package var rejected = 0
    /// LUSID: listed in `failed` without a reason, as left unchanged.
    package var unchanged = 0
    /// LUSID: named neither in `values` nor in `failed`.
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

  subscript(api: APIKind) -> Figures {
    get { api == .lusid ? lusid : liquid }
    set { if api == .lusid { lusid = newValue } else { liquid = newValue } }
  }
}
