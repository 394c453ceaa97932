import Delivery

/// Everything a sandbox remembers.
struct Memory: Sendable {
  var trouble: Trouble
  var stats = SandboxStats()
  private(set) var recorded: [RecordedRequest] = []
  private var lastRequest = 0
  private let recordsRequests: Bool
  private var lusidOffice: TokenOffice
  private var liquidOffice: TokenOffice
  private var lusidLedger = Ledger()
  private var liquidLedger = Ledger()

  init(_ options: SandboxOptions) {
    trouble = Trouble(
      SandboxConduct(latency: options.latency, failRate: options.failRate, rateLimit: options.rateLimit),
      seed: options.seed)
    recordsRequests = options.recordsRequests
    lusidOffice = TokenOffice(lifetime: options.tokenLifetime)
    liquidOffice = lusidOffice
  }

  subscript(tokensOf api: APIKind) -> TokenOffice {
    get { api == .lusid ? lusidOffice : liquidOffice }
    _modify {
      if api == .lusid { yield &lusidOffice } else { yield &liquidOffice }
    }
  }

  subscript(itemsOf api: APIKind) -> Ledger {
    get { api == .lusid ? lusidLedger : liquidLedger }
    _modify {
      if api == .lusid { yield &lusidLedger } else { yield &liquidLedger }
    }
  }

  var currentStats: SandboxStats {
    var stats = stats
    stats.lusid.distinct = lusidLedger.items.count
    stats.liquid.distinct = liquidLedger.items.count
    return stats
  }

  func isAuthorized(_ call: Call, for api: APIKind) -> Bool {
    call.bearer.map { self[tokensOf: api].isGood($0, at: .now) } ?? false
  }

  mutating func store(_ raw: ArraySlice<UInt8>, at key: String, by api: APIKind) -> (number: Int, version: Int) {
    stats[api].accepted += 1
    return self[itemsOf: api].update(key) { $0.accept(raw) }
  }

  /// Items without a key are only counted.
  mutating func refuse(_ keys: [String?], by api: APIKind) {
    stats[api].rejected += keys.count
    for case let key? in keys { see(key, by: api) }
  }

  /// An item that is not stored.
  mutating func see(_ key: String, by api: APIKind) { self[itemsOf: api].update(key) { $0.see() } }

  mutating func noteKeys(_ keys: [String], by api: APIKind) {
    if Set(keys).count < keys.count { stats[api].sharedKeys += 1 }
  }

  /// Numbers API requests from 1.
  mutating func nextRequest() -> Int {
    lastRequest += 1
    return lastRequest
  }

  mutating func note(_ call: Call, to api: APIKind, answeredWith status: Int) {
    stats[api].requests += 1
    switch status {
    case 400: stats[api].malformed += 1
    case 401: stats[api].unauthorized += 1
    case 429: stats[api].rateLimited += 1
    case 503: stats[api].unavailable += 1
    default: break
    }
    guard recordsRequests else { return }
    recorded.append(
      RecordedRequest(
        api: api, method: call.method, path: call.path, query: call.query,
        headers: call.headers.filter { $0.key != "authorization" }, body: call.body, status: status))
  }
}
