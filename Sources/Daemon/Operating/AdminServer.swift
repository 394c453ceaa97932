internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Settings

/// The admin address: health, metrics and status over HTTP, read-only.
///
/// The `Host` header must name the address itself or a loopback name, so that no web page elsewhere can read it through a
/// browser (DNS rebinding).
final class AdminServer: Sendable {
  private let server: HTTPServer

  init(
    address: Settings.Admin, pulse: Pulse, status: @escaping @Sendable () async throws -> StatusReport
  ) throws {
    let host = address.host == "localhost" ? "127.0.0.1" : address.host
    let port = UInt16(clamping: address.port)
    if host.contains(":") {
      server = HTTPServer(address: try .inet6(ip6: host, port: port), logger: .disabled)
    } else {
      server = HTTPServer(address: try .inet(ip4: host, port: port), logger: .disabled)
    }
    self.address = address
    self.pulse = pulse
    self.status = status
  }

  private let address: Settings.Admin
  private let pulse: Pulse
  private let status: @Sendable () async throws -> StatusReport

  func start() async throws {
    await route("/healthz") { [pulse] in
      let hanging = pulse.hanging
      return hanging.isEmpty
        ? Self.text(.ok, "ok: the pipeline moves\n")
        : Self.text(.serviceUnavailable, "not moving: \(hanging.joined(separator: ", "))\n")
    }
    await route("/readyz") { [status] in
      let blocked = try await status().inboxes.flatMap { inbox in
        inbox.unclaimed.filter { $0.reason.contains("is full") }.map { "\(inbox.name): \($0.reason)" }
      }
      return blocked.isEmpty
        ? Self.text(.ok, "ready: files are taken\n")
        : Self.text(.serviceUnavailable, blocked.joined(separator: "\n") + "\n")
    }
    await route("/api/status") { [status] in
      HTTPResponse(
        statusCode: .ok, headers: Self.headers("application/json"), body: Data(try await status().json))
    }
    await route("/") { [status, pulse] in
      let page = StatusPage(report: try await status(), hanging: pulse.hanging)
      return HTTPResponse(
        statusCode: .ok, headers: Self.headers("text/html; charset=utf-8", policy: StatusPage.policy),
        body: Data(page.html.utf8))
    }
    await route("/metrics") { [status] in
      Self.text(.ok, try await status().metrics, type: "text/plain; version=0.0.4; charset=utf-8")
    }
    // Ends with the server; nobody waits for its result but `stop()`.
    Task { [server] in try? await server.run() }
    try await server.waitUntilListening(timeout: 5)
  }

  func stop() async { await server.stop(timeout: 1) }

  private func route(_ path: String, _ answer: @escaping @Sendable () async throws -> HTTPResponse) async {
    let hosts: Set<String> = ["127.0.0.1", "localhost", "[::1]", address.host, "[\(address.host)]"]
    await server.appendRoute(HTTPRoute("GET \(path)")) { request in
      let named = request.headers[.host] ?? ""
      let host = named.hasSuffix("]") ? named : String(named.prefix(upTo: named.lastIndex(of: ":") ?? named.endIndex))
      guard hosts.contains(host) else { return Self.text(.forbidden, "this address is not served by that name\n") }
      return try await answer()
    }
  }

  private static func text(
    _ status: HTTPStatusCode, _ text: String, type: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(statusCode: status, headers: headers(type), body: Data(text.utf8))
  }

  private static func headers(_ type: String, policy: String = "default-src 'none'") -> HTTPHeaders {
    [
      .contentType: type, HTTPHeader("Cache-Control"): "no-store", HTTPHeader("X-Content-Type-Options"): "nosniff",
      HTTPHeader("Content-Security-Policy"): policy,
    ]
  }
}
