internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Metrics
internal import Outbox
internal import PromptSockets
internal import Settings

/// The admin address: health, metrics, status and the dashboard over HTTP, read-only.
///
/// `AdminAccess` says who gets an answer. There are no CORS headers, so that a browser keeps answers from other pages as well.
final class AdminServer: Sendable {
  let address: Settings.Admin
  private let server: HTTPServer
  private let access: AdminAccess
  private let dashboard: Dashboard

  init(address: Settings.Admin, dashboard: Dashboard) throws {
    let host = address.host == "localhost" ? "127.0.0.1" : address.host
    let port = UInt16(clamping: address.port)
    let pool = PromptPool(base: HTTPServer.defaultPool())
    if host.contains(":") {
      server = HTTPServer(address: try .inet6(ip6: host, port: port), pool: pool, logger: .disabled)
    } else {
      server = HTTPServer(address: try .inet(ip4: host, port: port), pool: pool, logger: .disabled)
    }
    self.address = address
    access = AdminAccess(listeningOn: address.host)
    self.dashboard = dashboard
  }

  func start() async throws {
    await route("/healthz") { [dashboard] request in
      let instruments = dashboard.instruments
      return Health(pulse: instruments.pulse, troubles: instruments.troubles, ledger: instruments.ledger)
        .response(asJSON: request.wantsJSON)
    }
    await route("/readyz") { [dashboard] request in
      let health: Health
      do { health = Health(ready: try await dashboard.status()) } catch { health = Health(unready: error) }
      return health.response(asJSON: request.wantsJSON)
    }
    await route("/metrics") { [dashboard] _ in
      Self.text(.ok, try await dashboard.metrics().text, type: Exposition.contentType)
    }
    await route("/api/status") { [dashboard] _ in Self.json(try await dashboard.status().json) }
    await routeDashboard()
    await server.appendRoute("*") { [access] request in
      if let refusal = Self.refusal(of: request, access: access, isPage: false) { return refusal }
      return Self.text(.notFound, "there is nothing at this path, or only to GET\n")
    }
    // Ends with the server; nobody waits for its result but `stop()`.
    Task { [server] in try? await server.run() }
    try await server.waitUntilListening(timeout: 5)
  }

  func stop() async { await server.stop(timeout: 1) }

  /// Where it listens, the port that the system picked included: `http://127.0.0.1:9187/`.
  var url: String {
    get async {
      switch await server.listeningAddress {
      case .ip4(let host, let port): "http://\(host):\(port)/"
      case .ip6(let host, let port): "http://[\(host)]:\(port)/"
      case .unix, nil: ""
      }
    }
  }

  private func routeDashboard() async {
    for file in DashboardFile.all {
      await route(file.path, isPage: file.isPage) { _ in
        Self.response(.ok, file.type, file.bytes, policy: DashboardFile.policy)
      }
    }
    await route("/api/dashboard") { [dashboard] request in
      Self.json(try await dashboard.overview(since: request.query["since"]))
    }
    await route("/api/history") { [dashboard] _ in Self.json(try await dashboard.history()) }
    await route("/api/files") { [dashboard] request in
      Self.json(try await dashboard.files(FileFilter(query: request.query.map { ($0.name, $0.value) })))
    }
    await route("/api/files/:id") { [dashboard] request in
      guard let document = try await dashboard.file(request.routeParameters["id"] ?? "") else {
        return Self.text(.notFound, "no file has this id\n")
      }
      return Self.json(document)
    }
  }

  private func route(
    _ path: String, isPage: Bool = false, _ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse
  ) async {
    await server.appendRoute(HTTPRoute("GET \(path)")) { [access] request in
      if let refusal = Self.refusal(of: request, access: access, isPage: isPage) { return refusal }
      do { return try await answer(request) } catch {
        return Self.text(.internalServerError, "\(error)\n")
      }
    }
  }

  private static func refusal(of request: HTTPRequest, access: AdminAccess, isPage: Bool) -> HTTPResponse? {
    let caller = AdminAccess.Caller(
      host: request.headers[.host], fetchSite: request.headers[HTTPHeader("Sec-Fetch-Site")],
      fetchMode: request.headers[HTTPHeader("Sec-Fetch-Mode")],
      fetchDestination: request.headers[HTTPHeader("Sec-Fetch-Dest")])
    return access.refusal(of: caller, isPage: isPage).map { text(.forbidden, $0) }
  }

  // MARK: - Answers

  static func json(_ document: [UInt8], status: HTTPStatusCode = .ok) -> HTTPResponse {
    response(status, "application/json", document)
  }

  static func text(
    _ status: HTTPStatusCode, _ text: String, type: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    response(status, type, Array(text.utf8))
  }

  private static func response(
    _ status: HTTPStatusCode, _ type: String, _ bytes: [UInt8],
    policy: String = "default-src 'none'; frame-ancestors 'none'"
  ) -> HTTPResponse {
    let headers: HTTPHeaders = [
      .contentType: type, .cacheControl: "no-store", HTTPHeader("Content-Security-Policy"): policy,
      HTTPHeader("X-Content-Type-Options"): "nosniff", HTTPHeader("X-Frame-Options"): "DENY",
      HTTPHeader("Referrer-Policy"): "no-referrer", HTTPHeader("Cross-Origin-Resource-Policy"): "same-origin",
      HTTPHeader("Cross-Origin-Opener-Policy"): "same-origin",
    ]
    // In one piece: the default would be written 4 KiB at a time.
    let body = HTTPBodySequence(data: Data(bytes), suggestedBufferSize: max(1, bytes.count))
    return HTTPResponse(statusCode: status, headers: headers, body: body)
  }
}

extension HTTPRequest {
  fileprivate var wantsJSON: Bool { headers[HTTPHeader("Accept")]?.contains("application/json") == true }
}
