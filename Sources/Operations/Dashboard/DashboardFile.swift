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
