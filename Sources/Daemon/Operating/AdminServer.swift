internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Metrics
internal import Settings

/// The admin address: health, metrics and status over HTTP, read-only.
///
/// The `Host` header must name the address itself or a loopback name, so that no web page elsewhere can read it through a
/// browser (DNS rebinding).
final class AdminServer: Sendable {
  private let server: HTTPServer

  init(
    address: Settings.Admin, instruments: Instruments, status: @escaping @Sendable () async throws -> StatusReport,
    metrics: @escaping @Sendable () async throws -> String
  ) throws {
    let host = address.host == "localhost" ? "127.0.0.1" : address.host
    let port = UInt16(clamping: address.port)
    if host.contains(":") {
      server = HTTPServer(address: try .inet6(ip6: host, port: port), logger: .disabled)
    } else {
      server = HTTPServer(address: try .inet(ip4: host, port: port), logger: .disabled)
    }
    self.address = address
    self.instruments = instruments
    self.status = status
    self.metrics = metrics
  }

  private let address: Settings.Admin
  private let instruments: Instruments
  private let status: @Sendable () async throws -> StatusReport
  private let metrics: @Sendable () async throws -> String

  func start() async throws {
    await route("/healthz") { [instruments] request in
      Health(pulse: instruments.pulse, troubles: instruments.troubles).response(asJSON: request.wantsJSON)
    }
    await route("/readyz") { [status] request in
      let health: Health
      do { health = Health(ready: try await status()) } catch { health = Health(unready: error) }
      return health.response(asJSON: request.wantsJSON)
    }
    await route("/api/status") { [status] _ in
      HTTPResponse(
        statusCode: .ok, headers: Self.headers("application/json"), body: Data(try await status().json))
    }
    await route("/") { [status, instruments] _ in
      let page = StatusPage(report: try await status(), hanging: instruments.pulse.hanging)
      return HTTPResponse(
        statusCode: .ok, headers: Self.headers("text/html; charset=utf-8", policy: StatusPage.policy),
        body: Data(page.html.utf8))
    }
    await route("/metrics") { [metrics] _ in
      Self.text(.ok, try await metrics(), type: Exposition.contentType)
    }
    // Ends with the server; nobody waits for its result but `stop()`.
    Task { [server] in try? await server.run() }
    try await server.waitUntilListening(timeout: 5)
  }

  func stop() async { await server.stop(timeout: 1) }

  private func route(_ path: String, _ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) async {
    let hosts: Set<String> = ["127.0.0.1", "localhost", "[::1]", address.host, "[\(address.host)]"]
    await server.appendRoute(HTTPRoute("GET \(path)")) { request in
      let named = request.headers[.host] ?? ""
      let host = named.hasSuffix("]") ? named : String(named.prefix(upTo: named.lastIndex(of: ":") ?? named.endIndex))
      guard hosts.contains(host) else { return Self.text(.forbidden, "this address is not served by that name\n") }
      return try await answer(request)
    }
  }

  static func text(
    _ status: HTTPStatusCode, _ text: String, type: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(statusCode: status, headers: headers(type), body: Data(text.utf8))
  }

  static func headers(_ type: String, policy: String = "default-src 'none'") -> HTTPHeaders {
    [
      .contentType: type, HTTPHeader("Cache-Control"): "no-store", HTTPHeader("X-Content-Type-Options"): "nosniff",
      HTTPHeader("Content-Security-Policy"): policy,
    ]
  }
}

extension HTTPRequest {
  fileprivate var wantsJSON: Bool { headers[HTTPHeader("Accept")]?.contains("application/json") == true }
}
