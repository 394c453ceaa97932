import Foundation
import JSONText
import Synchronization
import Testing
import TestKit

/// Access tokens that end, are rejected, or are not available.
@Suite struct `Tokens` {
  /// A server with a token endpoint, which hands out `token-1`, `token-2` …
  private static func server(
    tokens: @escaping @Sendable (ReceivedRequest, _ number: Int) -> Reply = { _, number in grant(number) },
    _ api: @escaping @Sendable (ReceivedRequest, _ token: String) -> Reply
  ) throws -> LoopbackServer {
    let count = Mutex(0)
    return try LoopbackServer { request in
      if request.path.hasPrefix("/token") {
        let number = count.withLock { count in
          count += 1
          return count
        }
        return tokens(request, number)
      }
      return api(request, String((request.headers["authorization"] ?? "").dropFirst("Bearer ".count)))
    }
  }

  private static func grant(_ number: Int) -> Reply {
    .json("{\"access_token\": \"token-\(number)\", \"expires_in\": 3600, \"token_type\": \"Bearer\"}")
  }

  private static func setup(_ server: LoopbackServer) -> Setup {
    .lusid(server.url, tokensFrom: server.url + "/token", target: ["batch: {max_items: 2}"])
  }

  @Test func `a token is renewed a minute before it ends`() async throws {
    let used = Mutex<Set<String>>([])
    let server = try Self.server(
      tokens: { _, number in
        .json("{\"access_token\": \"token-\(number)\", \"expires_in\": 61, \"token_type\": \"Bearer\"}")
      },
      { request, token in
        used.withLock { _ = $0.insert(token) }
        return .lusid(request)
      })
    try await withWorld(Self.setup(server)) { world in
      let daemon = try await world.startDaemon()
      var number = 0
      // One second after the first; it is good for sixty more.
      try await eventually("a second token") {
        number += 1
        try world.drop("\(number).json", in: "investors", array([record("\(number)")]))
        try await world.waitForReceipts(number, in: "investors")
        return used.withLock { $0.contains("token-2") }
      }
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
    }
    await server.stop()
  }

  @Test(arguments: [(401, 0), (403, 119), (400, 186), (403, 187), (400, 188)])
  func `a token that ends in the middle is replaced once, and no item is lost`(_ status: Int, _ code: Int) async throws
  {
    let sent = Mutex(0)
    let server = try Self.server { request, token in
      let isEnded = sent.withLock { sent in
        sent += 1
        return sent > 3 && token == "token-1"
      }
      return isEnded ? .problem(status, code: code) : .lusid(request)
    }
    try await withWorld(Self.setup(server)) { world in
      try world.drop("a.json", in: "investors", array((1...20).map { record("\($0)") }))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").accepted == 20)
      let grants = server.requests.filter { $0.path == "/token" }
      #expect(grants.count == 2)
      #expect(grants.first?.text.contains("grant_type=password") == true)
      #expect(grants.first?.text.contains("password=secret-password") == true)
    }
    await server.stop()
  }

  @Test func `a fresh token that is refused as well holds the target, and refuses nothing`() async throws {
    let trouble = Arrivals()
    let server = try Self.server { request, _ in trouble.isOver ? .lusid(request) : .status(401) }
    try await withWorld(Self.setup(server)) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array((1...4).map { record("\($0)") }))
      let reason = try await world.waitFor(target: "lusid", toBe: "held")
      #expect(reason.contains("401"))
      #expect(try await world.status()["queue"]?["items"]?.integer == 4)
      trouble.isOver = true
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").accepted == 4)
    }
    await server.stop()
  }

  @Test func `a token from the configuration that is refused holds the target`() async throws {
    let api = try LoopbackServer { $0.number <= 2 ? .status(401) : .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      let log = try await world.workOff()
      #expect(log.contains("target is on hold"))
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").requests == 3)
    }
    await api.stop()
  }

  @Test func `a token endpoint that says no holds the target without telling secrets`() async throws {
    let trouble = Arrivals()
    let server = try Self.server { request, number in
      trouble.isOver
        ? Self.grant(number)
        : .json("{\"error\": \"invalid_grant\", \"error_description\": \"secret-password is wrong\"}", status: 400)
    } _: { request, _ in
      .lusid(request)
    }
    try await withWorld(Self.setup(server)) { world in
      let (status, printed, log) = try await world.run(["check", "--connect"])
      #expect(status == 1)
      #expect(!(printed + log).contains("secret-"))
      #expect((printed + log).contains("invalid_grant"))
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      let reason = try await world.waitFor(target: "lusid", toBe: "held")
      #expect(reason.contains("invalid_grant"))
      #expect(!reason.contains("secret-"))
      trouble.isOver = true
      try await world.waitForReceipts(1, in: "investors")
      // What was never sent is not a request.
      #expect(try world.receipt("investors").requests == 1)
      #expect(!daemon.log.contains("secret-"))
    }
    await server.stop()
  }

  @Test(arguments: [(405, 0), (503, 0), (401, 1), (404, 1), (302, 1)])
  func `a check tries the address that items are sent to, without sending any`(answer: Int, status: Int) async throws {
    let methods = Mutex<[String]>([])
    let server = try Self.server { _, number in
      Self.grant(number)
    } _: { request, token in
      methods.withLock { $0.append(request.method) }
      return token == "token-1" ? .status(answer) : .status(500)
    }
    try await withWorld(Self.setup(server)) { world in
      let check = try await world.run(["check", "--connect"])
      #expect(check.status == Int32(status), "\(check)")
      #expect(check.printed.contains("GET ") && check.printed.contains(": \(answer): "), "\(check)")
      #expect(!(check.printed + check.log).contains("token-1"))
    }
    #expect(methods.withLock { $0 } == ["GET"])
    await server.stop()
  }

  @Test func `a token endpoint in trouble is asked again`() async throws {
    let server = try Self.server { _, number in
      number <= 2 ? .status(503) : number == 3 ? .json("{\"access_token\": \"\"}") : Self.grant(number)
    } _: { request, token in
      token == "token-4" ? .lusid(request) : .status(401)
    }
    try await withWorld(Self.setup(server)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").requests == 1)
    }
    await server.stop()
  }

  @Test func `a refresh token is used, and where it is refused the first grant is asked for again`() async throws {
    let sent = Mutex(0)
    let server = try Self.server { request, number in
      if request.text.contains("grant_type=refresh_token") {
        return request.text.contains("refresh-1") && request.headers["authorization"]?.hasPrefix("Basic ") == true
          ? .json("{\"access_token\": \"token-\(number)\", \"refresh_token\": \"refresh-2\", \"expires_in\": 3600}")
          : .json("{\"error\": \"invalid_grant\"}", status: 400)
      }
      return .json(
        "{\"access_token\": \"token-\(number)\", \"refresh_token\": \"refresh-\(number)\", \"expires_in\": 3600}")
    } _: { request, token in
      // Each token is good for two requests.
      let number = sent.withLock { sent in
        sent += 1
        return sent
      }
      return number % 3 == 0 ? .status(401) : .lusid(request)
    }
    try await withWorld(Self.setup(server).with { $0.targets += ["  concurrency: 1"] }) { world in
      try world.drop("a.json", in: "investors", array((1...10).map { record("\($0)") }))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").accepted == 10)
    }
    await server.stop()
  }

  @Test func `a token file that somebody else keeps fresh is read again`() async throws {
    let server = try Self.server { request, token in token == "second" ? .lusid(request) : .status(401) }
    var setup = Setup.lusid(server.url)
    setup.targets = setup.targets.map { $0.hasSuffix(Setup.token) ? "  auth: {access_token_file: token}" : $0 }
    try await withWorld(setup) { world in
      try world.write("first\n", to: world.folder + "/token")
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.waitFor(target: "lusid", toBe: "held")
      try world.write("second\n", to: world.folder + "/token")
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
    }
    await server.stop()
  }

  /// Where a password is, what the advice names, and what brings a corrected one into effect.
  enum Place: String, CaseIterable {
    case file, credential, environment, configuration
  }

  @Test(arguments: Place.allCases)
  func `a corrected password counts at the next attempt where the daemon reads it, else as the advice says`(
    _ place: Place
  ) async throws {
    let server = try Self.server { request, number in
      request.text.contains("password=good")
        ? Self.grant(number) : .json("{\"error\": \"invalid_grant\"}", status: 400)
    } _: { request, _ in
      .lusid(request)
    }
    func setup(_ password: String) -> Setup {
      Setup.lusid(server.url).with { setup in
        setup.targets = setup.targets.map {
          $0.hasSuffix(Setup.token)
            ? "  auth: {token_url: \"\(server.url)/token\", username: svc, \(password)}" : $0
        }
      }
    }
    let keys: [Place: String] = [
      .file: "password_file: pw", .credential: "password_file: pw", .environment: "password: \"${PW}\"",
      .configuration: "password: bad",
    ]
    try await withWorld(setup(keys[place] ?? "")) { world in
      let credentials = world.folder + "/credentials"
      try FileManager.default.createDirectory(atPath: credentials, withIntermediateDirectories: false)
      let file = (place == .credential ? credentials : world.folder) + "/pw"
      try world.write("bad\n", to: file)
      var environment = ["CREDENTIALS_DIRECTORY": credentials, "PW": "bad"]
      let daemon = try world.start(["run"], environment: environment)
      try await daemon.waitFor("is ready")
      try world.drop("a.json", in: "investors", array([record("1")]))
      let reason = try await world.waitFor(target: "lusid", toBe: "held")
      #expect(
        reason
          == "the token endpoint \"\(server.url)/token\" answered 400 (invalid_grant) to user \"svc\": user name or password is wrong"
      )
      let target = try #require(try await world.status()["targets"]?.elements?.first)
      let (advice, command) = (target["advice"]?.string ?? "", target["command"]?.string ?? "")
      try await daemon.waitFor("target is on hold")
      #expect(daemon.log.contains(command))
      let shown = try await world.run(["status"]).printed
      #expect(shown.contains("\(advice); then: \(command)"), "\(shown)")
      switch place {
      case .file:
        #expect(advice.contains("\"\(file)\"") && command == "upsertd retry --target lusid")
        try world.write("good\n", to: file)
      case .credential:
        #expect(advice.contains("LoadCredential= names for \"pw\"") && command == "systemctl restart upsertd")
      case .environment:
        #expect(advice.contains("environment") && command == "systemctl restart upsertd")
        environment["PW"] = "good"
      case .configuration:
        #expect(advice.contains("in the configuration") && command == "systemctl reload upsertd")
        try world.configure(setup("password: good"))
        daemon.send(SIGHUP)
      }
      if place == .credential || place == .environment {
        daemon.send(SIGTERM)
        #expect(try await daemon.end() == 0)
        try world.write("good\n", to: file)
        _ = try world.start(["run"], environment: environment)
      }
      try await world.waitForReceipts(1, in: "investors")
      #expect(try world.receipt("investors").accepted == 1)
      #expect(!daemon.log.contains("configuration reloaded") || place == .configuration)
    }
    await server.stop()
  }
}
