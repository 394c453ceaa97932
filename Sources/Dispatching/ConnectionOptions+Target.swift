package import HTTPClient
package import Settings
internal import Telemetry

extension ConnectionOptions {
  package init(_ target: Target) {
    self.init(
      concurrency: target.concurrency, caFile: target.caFile, clientCert: target.clientCert,
      clientKey: target.clientKey,
      proxy: target.proxy.map {
        Proxy(address: $0.address, username: $0.username, password: $0.password?.value)
      }, userAgent: "upsertd/\(Version.text)")
  }
}
