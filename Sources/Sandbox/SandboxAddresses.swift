/// The addresses of a running sandbox.
package struct SandboxAddresses: Sendable, Equatable {
  package let port: UInt16

  /// What the sandbox has seen, as JSON.
  package var stats: String { base + "/sandbox/stats" }

  /// Human-readable: each API's addresses, and their purpose.
  package var lines: [(what: String, address: String)] {
    SandboxAPIs.all.flatMap { api in
      [("\(api.title) url", url(of: api)), ("\(api.title) token_url", tokenURL(of: api))]
    }
  }

  func url(of api: some SandboxAPI) -> String { base + api.basePath }
  func tokenURL(of api: some SandboxAPI) -> String { base + api.tokenPath }

  private var base: String { "http://127.0.0.1:\(port)" }
}
