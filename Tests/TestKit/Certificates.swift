/// An authority, a server's and a client's certificate, made with the `openssl` command.
package struct Certificates: Sendable {
  package static let canBeMade = Command.exists("openssl")

  package let folder: String

  /// Takes the folder's path; the files are `ca.pem`, `server.pem`, `server.key`, `client.pem`, `client.key` and, encrypted,
  /// `locked.key`.
  package init(in folder: String) async throws {
    self.folder = folder
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"]
    try await Command.run(
      "openssl",
      ["req", "-x509", "-keyout", path("ca.key"), "-out", path("ca.pem"), "-subj", "/CN=Test authority"] + curve)
    for (name, purpose) in [("server", "subjectAltName=IP:127.0.0.1"), ("client", "extendedKeyUsage=clientAuth")] {
      try await Command.run(
        "openssl",
        [
          "req", "-x509", "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-keyout", path(name + ".key"), "-out",
          path(name + ".pem"), "-subj", "/CN=\(name)", "-addext", purpose, "-addext", "basicConstraints=CA:FALSE",
        ] + curve)
    }
    try await Command.run(
      "openssl", ["pkey", "-in", path("client.key"), "-aes256", "-passout", "pass:pw", "-out", path("locked.key")])
  }

  package func path(_ name: String) -> String { folder + "/" + name }
}
