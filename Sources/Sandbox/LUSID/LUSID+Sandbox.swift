import APIs
import Core

extension LUSID: SandboxAPI {
  var basePath: String { "/api" }
  var tokenPath: String { "/oauth2/token" }
  var itemsPath: String { "/api/api/investorrecords/$batchUpsert" }
  var itemsQuery: String? { "successMode=Partial|Atomic" }
  var storedItemsPath: String { "/sandbox/lusid/records" }

  var outcomes: [(name: String, effect: String)] {
    [("unchanged", "in \"failed\" without a reason"), ("ignore", "neither in \"values\" nor in \"failed\"")]
  }

  func answer(_ call: Request, requestID: String, memory: APIState.Shared) -> Response {
    named(requestID, InvestorRecords.answer(call, requestID: requestID, memory: memory))
  }

  func refusal(of call: Request, by rejection: Rejection, requestID: String) -> Response {
    named(requestID, rejection.lusidProblem.reply(to: call, requestID: requestID, headers: rejection.headers))
  }

  private func named(_ requestID: String, _ reply: Response) -> Response {
    var reply = reply
    reply.headers["lusid-meta-requestId"] = requestID
    return reply
  }

  var demo: SandboxDemo {
    SandboxDemo(
      api: kind, title: title, inbox: "investors",
      target: { addresses in
        """
        lusid:
          api: lusid
          url: \(addresses.lusid)
          auth: {token_url: "\(addresses.lusidToken)", username: demo, password: demo, client_id: demo, client_secret: demo}
          batch: {max_items: 100}
        """
      },
      inboxSettings: """
        - name: investors
          routes:
            - {match: "transfer-agent*.csv", target: lusid, mapping: transfer-agent.yaml}
            - {match: "*", target: lusid}
        """,
      companions: ["transfer-agent.yaml": SampleFile.mapping],
      spellings: ["12345678901234567.10", #"S\u00f6hne"#])
  }
}

extension Rejection {
  /// The codes are LUSID's own.
  fileprivate var lusidProblem: LusidProblem {
    let (code, name) =
      switch self {
      case .unavailable: (-1, "UnknownError")
      case .rateLimited: (103, "ApiRateLimitViolation")
      case .unauthorized: (187, "InvalidIdentityToken")
      case .wrongType, .tooLarge: (157, "InvalidRequest")
      }
    return LusidProblem(status: status, code: code, name: name, title: reason, detail: reason)
  }
}

extension SandboxAddresses {
  /// For a LUSID target's `url`.
  package var lusid: String { url(of: LUSID()) }
  package var lusidToken: String { tokenURL(of: LUSID()) }
}

extension SandboxStats {
  package var lusid: Figures { self[.lusid] }
}
