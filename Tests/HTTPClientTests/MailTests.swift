import HTTPClient
import Testing
import TestKit

@Suite struct `Mail` {
  private static let text = Array("Subject: x\r\n\r\nfirst\r\n.a line with a dot\r\n.\r\nlast\r\n".utf8)

  @Test func `a mail arrives as it is, with its sender and recipient, after the login`() async throws {
    let server = try MailServer()
    let client = MailClient(options(server, username: "u", password: "p"))
    try await client.send(from: "a@example.com", to: "b@example.com", text: Self.text)
    #expect(server.mails.map(\.from) == ["<a@example.com>"])
    #expect(server.mails.map(\.to) == [["<b@example.com>"]])
    #expect(server.mails.map(\.text) == [String(decoding: Self.text, as: UTF8.self)])
    #expect(server.commands.contains { $0.hasPrefix("AUTH PLAIN") })
    await server.stop()
  }

  @Test func `a server without TLS gets neither login nor mail where TLS is needed`() async throws {
    let server = try MailServer()
    let client = MailClient(options(server, needsTLS: true, username: "u", password: "p"))
    await #expect(throws: MailError.self) {
      try await client.send(from: "a@example.com", to: "b@example.com", text: Self.text)
    }
    #expect(!server.commands.isEmpty)
    #expect(!server.commands.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
    await server.stop()
  }

  /// A server with STARTTLS, which prints each command and whether TLS is in use, one mail after the other.
  private static let startTLS = """
    import socket, ssl, sys
    listener = socket.create_server(("127.0.0.1", 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    print("port:%d" % listener.getsockname()[1], flush=True)
    while True:
      connection, _ = listener.accept()
      try:
        secure, lines = False, connection.makefile("rwb")
        def say(text):
          lines.write(text.encode() + b"\\r\\n"); lines.flush()
        say("220 ready")
        while True:
          word = lines.readline().split()[0].upper()
          if word == b"EHLO": say("250 SIZE 100000" if secure else "250 STARTTLS")
          elif word == b"STARTTLS":
            say("220 go on")
            connection = context.wrap_socket(connection, server_side=True)
            secure, lines = True, connection.makefile("rwb")
          elif word == b"DATA" and secure:
            say("354 go on")
            while lines.readline() != b".\\r\\n": pass
            say("250 accepted")
          elif secure: say("250 ok")
          else: say("530 not without TLS")
      except Exception: pass
      connection.close()
    """

  @Test(.enabled(if: Certificates.canBeMade))
  func `a server with STARTTLS gets the mail over TLS, if its certificate is trusted`() async throws {
    try await withTemporaryFolder { folder in
      let certificates = try await Certificates(in: folder)
      let server = try Command(
        "python3", ["-c", Self.startTLS, certificates.path("server.pem"), certificates.path("server.key")])
      let url = "smtp://127.0.0.1:\(try await server.port(after: "port"))"
      let trusting = MailClient(MailOptions(url: url, needsTLS: true, caFile: certificates.path("ca.pem")))
      try await trusting.send(from: "a@example.com", to: "b@example.com", text: Self.text)
      let error = await #expect(throws: MailError.self) {
        try await MailClient(MailOptions(url: url, needsTLS: true))
          .send(from: "a@example.com", to: "b@example.com", text: Self.text)
      }
      #expect(error?.reason.contains("certificate") == true)
    }
  }

  @Test func `a refusal of the mail is told from a server that is away`() async throws {
    let server = try MailServer(refusals: 1)
    let client = MailClient(options(server))
    let refused = await #expect(throws: MailError.self) {
      try await client.send(from: "a@example.com", to: "b@example.com", text: Self.text)
    }
    #expect(refused?.isReply == true)
    await server.stop()
    let away = await #expect(throws: MailError.self) {
      try await client.send(from: "a@example.com", to: "b@example.com", text: Self.text)
    }
    #expect(away?.isReply == false)
    #expect(away?.reason.isEmpty == false)
  }

  @Test func `closing gives up a mail that nobody takes`() async throws {
    let server = try DeafServer()
    let url = server.url.replacing("http://", with: "smtp://").dropLast()
    let client = MailClient(MailOptions(url: String(url), needsTLS: false))
    let sending = Task {
      try await client.send(from: "a@example.com", to: "b@example.com", text: Self.text, timeout: .seconds(600))
    }
    try await eventually("the connection") { server.isCalled }
    client.close()
    let began = ContinuousClock.now
    await #expect(throws: MailError.self) { try await sending.value }
    #expect(ContinuousClock.now - began < .seconds(30))
    #expect(client.isClosed)
  }
}

/// How to reach a test's server.
private func options(
  _ server: MailServer, needsTLS: Bool = false, username: String? = nil, password: String? = nil
) -> MailOptions {
  MailOptions(url: server.url, needsTLS: needsTLS, username: username, password: password)
}
