import Core

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
