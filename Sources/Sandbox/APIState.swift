import Core

/// The sandbox's memory of one API.
struct APIState: Sendable {
  var stats = SandboxStats.Figures()
  var tokens: TokenStore
  private(set) var items = ItemStore()

  init(tokens: TokenStore) { self.tokens = tokens }

  func isAuthorized(_ call: Request) -> Bool { call.bearer.map { tokens.isGood($0, at: .now) } ?? false }

  mutating func store(_ raw: ArraySlice<UInt8>, at key: String) -> (number: Int, version: Int) {
    stats.accepted += 1
    return items.update(key) { $0.accept(raw) }
  }

  /// Items without a key are only counted.
  mutating func refuse(_ keys: [String?]) {
    stats.rejected += keys.count
    for case let key? in keys { see(key) }
  }

  /// Records an item that is not stored.
  mutating func see(_ key: String) { items.update(key) { $0.see() } }

  mutating func noteKeys(_ keys: [String]) {
    if Set(keys).count < keys.count { stats.sharedKeys += 1 }
  }

  mutating func note(answeredWith status: Int) {
    stats.requests += 1
    switch status {
    case 400: stats.malformed += 1
    case 401: stats.unauthorized += 1
    case 429: stats.rateLimited += 1
    case 503: stats.unavailable += 1
    default: break
    }
  }

  /// The memory shared by all connections.
  struct Shared: Sendable {
    let memory: SharedState
    let api: APIKind

    func withLock<Result: Sendable>(_ body: (inout APIState) -> Result) -> Result {
      memory.withLock { body(&$0[api]) }
    }
  }
}
