import Core

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
