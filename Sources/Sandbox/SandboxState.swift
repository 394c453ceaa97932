import Core
import Synchronization

/// Everything a sandbox remembers.
struct SandboxState: Sendable {
  var trouble: FaultInjector
  private(set) var recorded: [RecordedRequest] = []
  private var apis: [APIKind: APIState]
  private let untouched: APIState
  private var lastRequest = 0
  private let recordsRequests: Bool

  init(_ options: SandboxOptions) {
    trouble = FaultInjector(
      FaultProfile(latency: options.latency, failRate: options.failRate, rateLimit: options.rateLimit),
      seed: options.seed)
    recordsRequests = options.recordsRequests
    untouched = APIState(tokens: TokenStore(lifetime: options.tokenLifetime))
    apis = Dictionary(uniqueKeysWithValues: SandboxAPIs.all.map { [untouched] in ($0.kind, untouched) })
  }

  subscript(api: APIKind) -> APIState {
    get { apis[api, default: untouched] }
    _modify { yield &apis[api, default: untouched] }
  }

  var currentStats: SandboxStats {
    var stats = SandboxStats()
    for (api, memory) in apis {
      stats[api] = memory.stats
      stats[api].distinct = memory.items.items.count
    }
    return stats
  }

  mutating func revokeTokens() {
    for api in apis.keys { self[api].tokens.revokeAll() }
  }

  /// Numbers API requests from 1.
  mutating func nextRequest() -> Int {
    lastRequest += 1
    return lastRequest
  }

  mutating func note(_ call: Request, to api: APIKind, answeredWith status: Int) {
    self[api].note(answeredWith: status)
    guard recordsRequests else { return }
    recorded.append(
      RecordedRequest(
        api: api, method: call.method, path: call.path, query: call.query,
        headers: call.headers.filter { $0.key != "authorization" }, body: call.body, status: status))
  }
}

/// The `SandboxState` shared by all connections.
final class SharedState: Sendable {
  private let memory: Mutex<SandboxState>

  init(_ options: SandboxOptions) { memory = Mutex(SandboxState(options)) }

  func withLock<Result: Sendable>(_ body: (inout SandboxState) -> Result) -> Result {
    memory.withLock { body(&$0) }
  }
}

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

/// The items of one API by key.
struct ItemStore: Sendable {
  private(set) var items: [String: StoredItem] = [:]

  /// The item after `change`; a new one if the key is new.
  @discardableResult
  mutating func update(_ key: String, _ change: (inout StoredItem) -> Void) -> (number: Int, version: Int) {
    let next = items.count + 1
    return Self.changed(&items[key, default: StoredItem(key: key, number: next)], change)
  }

  private static func changed(
    _ item: inout StoredItem, _ change: (inout StoredItem) -> Void
  ) -> (number: Int, version: Int) {
    change(&item)
    return (item.number, item.version)
  }
}

/// The sandbox's record of the items with one key.
package struct StoredItem: Sendable, Equatable {
  /// The item's identity according to the API, as one text.
  package let key: String
  /// From 1, in the order in which keys first appeared.
  package let number: Int
  /// How often it was in a request that got as far as its items, whatever the outcome.
  package private(set) var seen = 0
  package private(set) var accepted = 0
  /// How many accepted items differed from the one before.
  package private(set) var version = 0
  /// The last accepted item, byte for byte as received; nil if none was accepted.
  package private(set) var raw: [UInt8]?

  init(key: String, number: Int) {
    self.key = key
    self.number = number
  }

  mutating func see() { seen += 1 }

  /// Uses no additional memory if the bytes are unchanged.
  mutating func accept(_ raw: ArraySlice<UInt8>) {
    seen += 1
    accepted += 1
    if let old = self.raw, old.isEqual(to: raw) { return }
    self.raw = Array(raw)
    version += 1
  }
}
