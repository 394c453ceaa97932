import Delivery

/// Answers every request that the sandbox gets; knows nothing of sockets.
struct Backend: Sendable {
  let memory: SharedMemory
  /// Tells the request ids of different sandboxes apart.
  private let run = String(UInt64.random(in: 0..<(1 << 40)), radix: 36, uppercase: true)

  init(memory: SharedMemory) { self.memory = memory }

  func answer(_ call: Call) -> Reply {
    switch (call.path, call.method) {
    case ("/oauth2/token", "POST"): return tokenReply(call, of: .lusid)
    case ("/ls/api/oauth2/token", "POST"): return tokenReply(call, of: .liquid)
    case ("/ls/api/oauth2/validate", "GET"): return validation(call)
    case ("/api/api/investorrecords/$batchUpsert", "POST"): return apiReply(call, of: .lusid)
    case ("/ls/api/items/upsert", "POST"): return apiReply(call, of: .liquid)
    case (_, "GET"): return SandboxView(path: call.path)?.reply(memory) ?? missing(call)
    default: return missing(call)
    }
  }

  private func missing(_ call: Call) -> Reply {
    let allowed =
      switch call.path {
      case "/oauth2/token", "/ls/api/oauth2/token", "/api/api/investorrecords/$batchUpsert", "/ls/api/items/upsert":
        "POST"
      case "/ls/api/oauth2/validate": "GET"
      default: SandboxView(path: call.path) == nil ? nil : "GET"
      }
    guard let allowed else {
      return Reply(404) { $0.member("error", "Nothing is here; GET / tells what the sandbox has.") }
    }
    return Reply(405, headers: ["Allow": allowed]) { $0.member("error", "Only \(allowed) is possible here.") }
  }

  private func tokenReply(_ call: Call, of api: APIKind) -> Reply {
    memory.withLock { memory in
      let reply = TokenDesk.answer(call, office: &memory[tokensOf: api], now: .now)
      if reply.status == 200 { memory.stats[api].tokens += 1 }
      return reply
    }
  }

  private func validation(_ call: Call) -> Reply {
    let isGood = memory.withLock { $0.isAuthorized(call, for: .liquid) }
    return isGood ? Reply(200) { $0.member("status", "valid") } : Hurdle.unauthorized.liquidReply
  }

  private func apiReply(_ call: Call, of api: APIKind) -> Reply {
    let (number, refusal, latency, isAuthorized) = memory.withLock { memory in
      (
        memory.nextRequest(), memory.trouble.refusal(for: api, at: .now), memory.trouble.conduct.latency,
        memory.isAuthorized(call, for: api)
      )
    }
    let requestID = "\(run):\(number)"
    let hurdle: Hurdle? =
      switch refusal {
      case .unavailable: .unavailable
      case .rateLimited: .rateLimited
      case nil: !isAuthorized ? .unauthorized : !call.isJSON ? .wrongType : call.isTooLarge ? .tooLarge : nil
      }
    var reply: Reply
    switch (api, hurdle) {
    case (.lusid, let hurdle?):
      reply = hurdle.lusidProblem.reply(to: call, requestID: requestID, headers: hurdle.headers)
    case (.lusid, nil): reply = InvestorRecords.answer(call, requestID: requestID, memory: memory)
    case (.liquid, let hurdle?): reply = hurdle.liquidReply
    case (.liquid, nil): reply = ItemUpsert.answer(call, memory: memory)
    }
    if api == .lusid { reply.headers["lusid-meta-requestId"] = requestID }
    reply.delay = latency
    memory.withLock { $0.note(call, to: api, answeredWith: reply.status) }
    return reply
  }
}
