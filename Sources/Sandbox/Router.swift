import Core
import FlyingFox
import Foundation

/// Answers every request that the sandbox receives; knows nothing about sockets.
struct Router: Sendable {
  let memory: SharedState
  /// Distinguishes the request ids of different sandboxes.
  private let run = String(UInt64.random(in: 0..<(1 << 40)), radix: 36, uppercase: true)

  init(memory: SharedState) { self.memory = memory }

  func answer(_ call: Request) -> Response {
    if call.method == "POST" {
      if let api = SandboxAPIs[tokenPath: call.path] { return tokenReply(call, of: api.kind) }
      if let api = SandboxAPIs[itemsPath: call.path] { return apiReply(call, of: api) }
    } else if call.method == "GET" {
      if let api = SandboxAPIs[validationPath: call.path] { return validation(call, of: api) }
      if let reply = SandboxView(path: call.path)?.reply(memory) { return reply }
    }
    return missing(call)
  }

  private func missing(_ call: Request) -> Response {
    let path = call.path
    let isPosted = SandboxAPIs[tokenPath: path] ?? SandboxAPIs[itemsPath: path] != nil
    let isGot = SandboxAPIs[validationPath: path] != nil || SandboxView(path: path) != nil
    guard isPosted || isGot else {
      return Response(404) { $0.member("error", "Nothing is at this path; GET / lists what the sandbox offers.") }
    }
    let allowed = isPosted ? "POST" : "GET"
    return Response(405, headers: ["Allow": allowed]) { $0.member("error", "Only \(allowed) is allowed here.") }
  }

  private func tokenReply(_ call: Request, of api: APIKind) -> Response {
    memory.withLock { memory in
      let reply = TokenEndpoint.answer(call, tokenStore: &memory[api].tokens, now: .now)
      if reply.status == 200 { memory[api].stats.tokens += 1 }
      return reply
    }
  }

  private func validation(_ call: Request, of api: any SandboxAPI) -> Response {
    let isGood = memory.withLock { $0[api.kind].isAuthorized(call) }
    return isGood
      ? Response(200) { $0.member("status", "valid") } : api.refusal(of: call, by: .unauthorized, requestID: "")
  }

  private func apiReply(_ call: Request, of api: any SandboxAPI) -> Response {
    let kind = api.kind
    let (number, refusal, latency, isAuthorized) = memory.withLock { memory in
      (
        memory.nextRequest(), memory.trouble.refusal(for: kind, at: .now), memory.trouble.conduct.latency,
        memory[kind].isAuthorized(call)
      )
    }
    let requestID = "\(run):\(number)"
    let rejection: Rejection? =
      switch refusal {
      case .unavailable: .unavailable
      case .rateLimited: .rateLimited
      case nil: !isAuthorized ? .unauthorized : !call.isJSON ? .wrongType : call.isTooLarge ? .tooLarge : nil
      }
    var reply =
      if let rejection {
        api.refusal(of: call, by: rejection, requestID: requestID)
      } else {
        api.answer(call, requestID: requestID, memory: APIState.Shared(memory: memory, api: kind))
      }
    reply.delay = latency
    memory.withLock { $0.note(call, to: kind, answeredWith: reply.status) }
    return reply
  }
}

/// Receives HTTP requests from FlyingFox and passes them to the backend.
struct HTTPAdapter: HTTPHandler {
  let router: Router

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    var call = Request(
      method: request.method.rawValue, path: request.target.path(percentEncoded: false), query: request.target.query(),
      headers: [:], body: [])
    for (header, value) in request.headers { call.headers[header.rawValue.lowercased()] = value }
    // The body is always read to its end: FlyingFox would interpret the rest as the next request.
    call.body.reserveCapacity(min(request.bodySequence.count ?? 0, Request.largestBody))
    for try await chunk in request.bodySequence {
      call.isTooLarge = call.isTooLarge || call.body.count + chunk.count > Request.largestBody
      if !call.isTooLarge { call.body.append(contentsOf: chunk) }
    }
    let reply = router.answer(call)
    if reply.delay > .zero { try await Task.sleep(for: reply.delay) }
    var headers = HTTPHeaders()
    for (name, value) in reply.headers { headers[HTTPHeader(name)] = value }
    let body = HTTPBodySequence(data: Data(reply.body), suggestedBufferSize: max(1, reply.body.count))
    return HTTPResponse(
      statusCode: HTTPStatusCode(reply.status, phrase: Self.phrases[reply.status] ?? "Unknown"), headers: headers,
      body: body)
  }

  private static let phrases = [
    200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed",
    413: "Content Too Large", 415: "Unsupported Media Type", 429: "Too Many Requests", 503: "Service Unavailable",
  ]
}
