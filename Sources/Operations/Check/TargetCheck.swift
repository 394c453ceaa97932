internal import APIs
internal import Core
internal import Dispatching
internal import Engine
internal import HTTPClient
package import Settings

/// What a target answers before anything is delivered to it: whether it issues a token, and whether requests arrive where
/// they will be sent.
package struct TargetCheck: Sendable {
  /// What to print, a line each, without any secret.
  package var lines: [String] = []
  package var isSound = true

  /// Requests a token, and with it GETs the address that items are posted to. Nothing is upserted.
  package init(_ target: Target) async {
    do {
      let connections = try HTTPClient(ConnectionOptions(target))
      defer { connections.close() }
      let tokens = TokenSource(
        auth: target.auth, api: APIs[target.api], connections: connections, timeout: target.timeout)
      let token = try await tokens.token()
      lines.append("target \(target.name): got an access token for \(target.url)")
      await look(at: target, with: token, over: connections)
    } catch let error as TokenError {
      let advice = error.hindrance.advice.map { "; \($0)" } ?? ""
      fault("target \(target.name): no access token: \(error.reason)\(advice)")
    } catch {
      fault("target \(target.name): no access token: \(error)")
    }
  }

  private mutating func look(at target: Target, with token: String, over connections: HTTPClient) async {
    var options = APIOptions()
    options.target = target.own
    guard let api = APIs[target.api]?.makeAPI(options) else { return }
    let url = api.endpoint(base: target.url, successMode: .partial)
    let headers = api.headers.map { Header($0.0, $0.1) } + [Header("Authorization", "Bearer \(token)")]
    let request = Request(method: "GET", url: url, headers: headers, body: [], timeout: target.timeout)
    let place = "target \(target.name): GET \(url)"
    do {
      let status = try await connections.send(request).status
      if let reason = Self.fault(ofStatus: status) { return fault("\(place): \(status): \(reason)") }
      lines.append("\(place): \(status): \(Self.meaning(ofStatus: status))")
    } catch {
      fault("\(place): \(error.reason)")
    }
  }

  /// Nil for an answer that shows that requests arrive at the API.
  static func fault(ofStatus status: Int) -> String? {
    switch status {
    case 300..<400:
      "it redirects to another address, and upsertd follows no redirects; set the target's url to that one"
    case 401: "the API does not accept the token; check that token_url and url belong together"
    case 404, 410: "nothing is at this address; check the target's url"
    default: nil
    }
  }

  private static func meaning(ofStatus status: Int) -> String {
    switch status {
    case 403: "requests arrive; whether this user may upsert is known only once items are sent"
    case 500...: "requests arrive, but the API is in trouble"
    default: "requests arrive"
    }
  }

  private mutating func fault(_ line: String) {
    lines.append(line)
    isSound = false
  }
}
