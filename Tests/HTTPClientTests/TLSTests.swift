import HTTPClient
import TestKit
import Testing

@Suite(.enabled(if: Certificates.canBeMade)) struct TLSTests {
  /// Runs `openssl s_server`, which answers any GET with a page about the connection.
  private func withTLSServer(
    _ options: [String] = [], _ body: (_ url: String, _ certificates: Certificates) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      let certificates = try await Certificates(in: folder)
      let server = try Command(
        "openssl",
        [
          "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificates.path("server.pem"), "-key",
          certificates.path("server.key"), "-CAfile", certificates.path("ca.pem"),
        ] + options)
      try await body("https://127.0.0.1:\(try await server.port(after: "ACCEPT"))/", certificates)
    }
  }

  @Test func `a server is believed by the authority it is configured with, and by no other`() async throws {
    try await withTLSServer { url, certificates in
      let believer = try HTTPClient(ConnectionOptions(caFile: certificates.path("ca.pem")))
      #expect(try await believer.send(.get(url)).status == 200)

      let error = try #require(try await HTTPClient(ConnectionOptions()).failure(of: .get(url)))
      #expect(error.code == .tls)
      #expect(error.reason.contains("ca_file"))
    }
  }

  @Test func `a certificate for another name is not believed`() async throws {
    try await withTLSServer { url, certificates in
      let connections = try HTTPClient(ConnectionOptions(caFile: certificates.path("ca.pem")))
      let error = await connections.failure(of: .get(url.replacing("127.0.0.1", with: "localhost")))
      #expect(error?.code == .tls)
    }
  }

  @Test(arguments: ["-tls1_2", "-tls1_3"])
  func `a server that wants a client certificate gets it, or refuses`(_ version: String) async throws {
    try await withTLSServer(["-Verify", "1", "-verify_return_error", version]) { url, certificates in
      var options = ConnectionOptions(caFile: certificates.path("ca.pem"))
      let error = try await HTTPClient(options).failure(of: .get(url))
      #expect(error?.code == .tls)

      options.clientCert = certificates.path("client.pem")
      options.clientKey = certificates.path("client.key")
      #expect(try await HTTPClient(options).send(.get(url)).status == 200)
    }
  }

  @Test func `a certificate file without a certificate is a setup error`() async throws {
    try await withTLSServer { url, certificates in
      let ca = certificates.path("ca.pem")
      for options in [
        ConnectionOptions(caFile: certificates.path("ca.key")),
        ConnectionOptions(caFile: ca, clientCert: certificates.path("client.key")),
        ConnectionOptions(
          caFile: ca, clientCert: certificates.path("client.pem"), clientKey: certificates.path("server.key")),
        // Nobody is asked for the passphrase.
        ConnectionOptions(
          caFile: ca, clientCert: certificates.path("client.pem"), clientKey: certificates.path("locked.key")),
      ] {
        let error = try #require(try await HTTPClient(options).failure(of: .get(url)))
        #expect(error.code == .setup, "\(error)")
      }
    }
  }

  @Test func `a server that speaks no TLS is a TLS error`() async throws {
    try await withServer { _ in
      .json("[]")
    } _: { server, connections in
      let error = await connections.failure(of: .get(server.url.replacing("http:", with: "https:")))
      #expect(error?.code == .tls)
    }
  }

  @Test func `nothing was sent where the connection ends within the handshake`() async throws {
    let deaf = try DeafServer()
    let connections = try HTTPClient(ConnectionOptions())
    async let failure = connections.failure(of: .post(deaf.url.replacing("http:", with: "https:")))
    try await eventually("the connection") { deaf.isCalled }
    deaf.hangUp()
    #expect(await failure?.code == .notSent)
  }
}
