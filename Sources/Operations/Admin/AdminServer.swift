internal import Metrics
internal import Outbox
internal import Runtime
package import Settings
internal import Telemetry

/// The admin address: health, metrics, status and the dashboard over HTTP, read-only.
///
/// `AdminAccess` decides who gets an answer. There are no CORS headers, so a browser also withholds answers from other
/// pages.
package final class AdminServer: Sendable {
  package let address: Settings.Admin
  let listener: HTTPListener
  private let access: AdminAccess
  private let dashboard: Dashboard

  /// Binds the address; callers wait until `run()`.
  package init(address: Settings.Admin, dashboard: Dashboard) throws {
    listener = try HTTPListener(host: Self.host(address), port: UInt16(clamping: address.port))
    self.address = address
    access = AdminAccess(listeningOn: address.host)
    self.dashboard = dashboard
  }

  private static func host(_ address: Settings.Admin) -> String {
    address.host == "localhost" ? "127.0.0.1" : address.host
  }

  /// Why the admin address can't be used now; nil if it can, or if the daemon that works with these settings has it.
  package static func trouble(_ settings: Settings) -> String? {
    guard let address = settings.admin, Operator.isDaemonRunning(settings) != true else { return nil }
    return HTTPListener.trouble(host: host(address), port: UInt16(clamping: address.port))
  }

  /// Answers until `stop()`; returns the reason if it ended by itself.
  package func run() async -> String? { await listener.run { [self] in await answer($0) } }

  package func stop() { listener.stop() }

  /// Where it listens, including a port picked by the system: `http://127.0.0.1:9187/`.
  package var url: String { listener.url }

  private func answer(_ question: HTTPRequestHead) async -> HTTPReply {
    let isGet = question.method == "GET" || question.method == "HEAD"
    let file = isGet ? DashboardFile.all.first { $0.path == question.path } : nil
    if let refusal = refusal(of: question, isPage: file?.isPage == true) { return refusal }
    if let file {
      var reply = HTTPReply(type: file.type, body: file.bytes)
      reply.policy = DashboardFile.policy
      return reply
    }
    do {
      if isGet, let reply = try await answer(question.path, question) { return reply }
    } catch {
      return .text("\(error)\n", status: 500)
    }
    return .text("nothing is at this path, or the method is not GET\n", status: 404)
  }

  private func answer(_ path: String, _ question: HTTPRequestHead) async throws -> HTTPReply? {
    switch path {
    case "/healthz":
      let instruments = dashboard.instruments
      return Health(
        heartbeat: instruments.heartbeat, activeFailures: instruments.activeFailures, tracker: instruments.tracker
      )
      .reply(asJSON: question.wantsJSON)
    case "/readyz":
      let health: Health
      do { health = Health(ready: try await dashboard.status()) } catch { health = Health(unready: error) }
      return health.reply(asJSON: question.wantsJSON)
    case "/metrics": return .text(try await dashboard.metrics().text, type: Exposition.contentType)
    case "/api/status": return .json(try await dashboard.status().json)
    case "/api/dashboard":
      return .json(try await dashboard.overview(since: question.query.first { $0.name == "since" }?.value))
    case "/api/history": return .json(try await dashboard.history())
    case "/api/files": return .json(try await dashboard.files(FileFilter(query: question.query)))
    default:
      guard path.hasPrefix("/api/files/") else { return nil }
      guard let document = try await dashboard.file(String(path.dropFirst("/api/files/".count))) else {
        return .text("no file has this id\n", status: 404)
      }
      return .json(document)
    }
  }

  private func refusal(of question: HTTPRequestHead, isPage: Bool) -> HTTPReply? {
    let caller = AdminAccess.Caller(
      host: question["host"], fetchSite: question["sec-fetch-site"], fetchMode: question["sec-fetch-mode"],
      fetchDestination: question["sec-fetch-dest"])
    return access.refusal(of: caller, isPage: isPage).map { .text($0, status: 403) }
  }
}

extension HTTPRequestHead {
  fileprivate var wantsJSON: Bool { self["accept"]?.contains("application/json") == true }
}
