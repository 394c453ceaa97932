internal import Core
internal import Outbox

/// One file of the page, built into the program.
struct DashboardFile: Sendable {
  let path: String
  let type: String
  let bytes: [UInt8]

  var isPage: Bool { path == "/" }

  static let all = [
    DashboardFile(path: "/", type: "text/html; charset=utf-8", bytes: PackageResources.dashboard_html),
    DashboardFile(path: "/dashboard/style.css", type: "text/css; charset=utf-8", bytes: PackageResources.style_css),
    DashboardFile(path: "/dashboard/icon.svg", type: "image/svg+xml", bytes: PackageResources.icon_svg),
    script("main.js", PackageResources.main_js), script("dom.js", PackageResources.dom_js),
    script("format.js", PackageResources.format_js), script("health.js", PackageResources.health_js),
    script("flow.js", PackageResources.flow_js), script("charts.js", PackageResources.charts_js),
    script("files.js", PackageResources.files_js), script("receipt.js", PackageResources.receipt_js),
  ]

  /// Allows only what this address itself serves: no inline script or style, no markup made from strings, no framing.
  static let policy = """
    default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'
    """

  private static func script(_ name: String, _ bytes: [UInt8]) -> DashboardFile {
    DashboardFile(path: "/dashboard/\(name)", type: "text/javascript; charset=utf-8", bytes: bytes)
  }
}

extension FileFilter {
  /// The query of `/api/files`: `search`, `inbox`, `state`, `before`, `limit`; unknown parameters are ignored.
  init(query: [(name: String, value: String)]) {
    self.init()
    for (name, value) in query where !value.isEmpty {
      switch name {
      case "search": words = value.split(whereSeparator: \.isWhitespace).prefix(8).map(String.init)
      case "inbox": inbox = value
      case "state": state = value
      case "before": before = FileID(value.uppercased())
      case "limit": limit = min(max(1, Int(value) ?? limit), 500)
      default: break
      }
    }
  }
}

/// A result that takes long to compute, computed once for all simultaneous callers.
///
/// A caller that arrives during a computation waits for the next one, which all such callers share: every result was
/// computed after it was requested, and however many ask, one computation runs at a time.
actor SharedResult<Value: Sendable> {
  private var current: Task<Value, any Error>?
  private var next: Task<Value, any Error>?

  func value(_ find: @escaping @Sendable () async throws -> Value) async throws -> Value {
    if let next { return try await next.value }
    // Not a child of the caller's task, since others depend on it; it ends with the result.
    let task = Task { [current] in
      _ = await current?.result
      begin()
      return try await find()
    }
    next = task
    return try await task.value
  }

  /// From here on, new callers need a newer result.
  private func begin() {
    current = next
    next = nil
  }
}
