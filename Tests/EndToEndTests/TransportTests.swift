import Glibc
import Testing
import TestKit

/// What a target says about the way to its API holds for the daemon's own requests.
@Suite struct `Transport` {
  @Test func `requests go through the target's proxy, which learns who asks`() async throws {
    let proxy = try LoopbackServer { .lusid($0) }
    let target = ["allow_plaintext: true", "proxy: \"http://u:pw@127.0.0.1:\(proxy.port)\""]
    try await withWorld(.lusid("http://api.invalid/api", target: target)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
    }
    let request = try #require(proxy.requests.first)
    #expect(request.path.hasPrefix("http://api.invalid/api/"))
    #expect(request.headers["proxy-authorization"] == "Basic dTpwdw==")
    await proxy.stop()
  }

  @Test(.enabled(if: Certificates.canBeMade && Command.exists("python3")))
  func `an API is believed by the target's ca_file, and gets the target's client certificate`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withTemporaryFolder { folder in
      let certificates = try await Certificates(in: "\(folder)")
      let front = try Command("python3", ["-c", Self.terminator, certificates.folder, "\(api.port)"])
      let url = "https://127.0.0.1:\(try await front.port(after: "ACCEPT"))/api"
      let ca = "ca_file: \(certificates.path("ca.pem"))"
      let client = [
        "client_cert: \(certificates.path("client.pem"))", "client_key: \(certificates.path("client.key"))",
      ]
      for target in [[], [ca], client] {
        try await withWorld(.lusid(url, target: target)) { world in
          let daemon = try await world.startDaemon()
          try world.drop("a.json", in: "investors", array([record("1")]))
          try await daemon.waitFor("is on hold")
          daemon.send(SIGTERM)
          #expect(try await daemon.end() == 0)
        }
      }
      #expect(api.requests.isEmpty)
      try await withWorld(.lusid(url, target: [ca] + client)) { world in
        try world.drop("a.json", in: "investors", array([record("1")]))
        try await world.workOff()
        try world.checkResults("investors", files: 1)
      }
      #expect(api.requests.count == 1)
    }
    await api.stop()
  }

  /// Takes TLS connections of those who show a certificate of the authority, and passes what they hold to a port.
  private static let terminator = """
    import socket, ssl, sys, threading
    folder, port = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/server.pem", folder + "/server.key")
    context.load_verify_locations(folder + "/ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    def copy(source, sink):
        try:
            while data := source.recv(65536): sink.sendall(data)
        except OSError: pass
        sink.close()
    def serve(connection):
        try: inside = context.wrap_socket(connection, server_side=True)
        except OSError: return connection.close()
        outside = socket.create_connection(("127.0.0.1", int(port)))
        threading.Thread(target=copy, args=(outside, inside), daemon=True).start()
        copy(inside, outside)
    listener = socket.create_server(("127.0.0.1", 0))
    print("ACCEPT 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    """
}
