/// A proxy between upsertd and a target.
package struct Proxy: Sendable, Equatable {
  /// A URL in curl's form (`http`, `https`, `socks4`, `socks4a`, `socks5`, `socks5h`), without credentials.
  package var address: String
  package var username: String?
  package var password: Secret?
}
