import HTTPClient
import TestKit
import Testing

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
