/// Where a running sandbox answers.
package struct SandboxAddresses: Sendable, Equatable {
  package let port: UInt16

  /// For a LUSID target's `url`.
  package var lusid: String { base + "/api" }
  package var lusidToken: String { base + "/oauth2/token" }
  /// For a Liquid target's `url`.
  package var liquid: String { base }
  package var liquidToken: String { base + "/ls/api/oauth2/token" }
  /// What the sandbox has seen, as JSON.
  package var stats: String { base + "/sandbox/stats" }

  private var base: String { "http://127.0.0.1:\(port)" }
}
