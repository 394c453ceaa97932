import JSONText
import Testing
import TestKit

/// Neither tokens nor passwords nor what items hold is ever logged or shown.
@Suite struct `Secrecy` {
  /// Where a log goes, and how talkative it is. What the quiet levels log is part of what `trace` logs, or it is logged
  /// another way.
  static let logs = [
    ("trace", "text"), ("trace", "json"), ("trace", "journal"), ("debug", "text"), ("info", "text"), ("error", "json"),
  ]

  @Test(arguments: logs)
  func `no secret and no item content appears in logs or status`(_ level: String, _ form: String) async throws {
    let api = try LoopbackServer(Self.parrot)
    try await withWorld(Self.setup(api, level, form)) { world in
      try Self.dropBadAndGood(world)
      let log = try await Self.log(of: ["run", "--once"], world, form)
      #expect(!log.contains("canary"), "\(log.split(separator: "\n").filter { $0.contains("canary") })")
      // So much happened that there was something to log.
      #expect(level == "error" || log.contains("answered 403"), "\(log)")
      let (_, status, _) = try await world.run(["status"])
      #expect(!status.contains("canary-token") && !status.contains("canary-password"))
      let json = try await world.run(["status", "--json"]).printed
      #expect(!json.contains("canary-password") && !json.contains("canary-client"))
      let check = try await world.run(["check", "--connect"])
      #expect(!(check.printed + check.log).contains("canary"))
      try world.checkResults("investors", files: 6)
      // People who fix items see them where the items are.
      #expect(try world.receipt("investors", of: "a.json").message(ofItem: 1)?.contains("canary-name") == true)
    }
    await api.stop()
  }

  @Test func `no secret and no item content appears while a target is on hold`() async throws {
    let words = "canary-name canary-key canary-token canary-password"
    let api = try LoopbackServer { request in
      // Sometimes the token is rejected, sometimes what it is for; never twice in the same words.
      if request.path == "/token", request.number % 3 != 0 {
        return .json("{\"access_token\": \"canary-token\(request.number)\", \"expires_in\": 1}")
      }
      let problem = "{\"title\": \"\(words) \(request.number)\", \"error\": \"\(words)\", \"detail\": \"\(words)\"}"
      return .json(problem, status: [401, 403, 302][request.number % 3], headers: ["Location": "/canary-token"])
    }
    try await withWorld(Self.setup(api, "trace", "text")) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("canary-key", name: "canary-name")]))
      try await world.waitFor(target: "lusid", toBe: "held")
      try await api.waitForRequests(20)
      let json = try await world.run(["status", "--json"]).printed
      #expect(!json.contains("canary"), "\(json)")
      #expect(!daemon.log.contains("canary"), "\(daemon.log)")
      #expect(daemon.log.contains("target is on hold"))
      #expect(daemon.log.contains("its message repeats sent data and is not shown"))
    }
    await api.stop()
  }

  /// Repeats all it was sent, in every place where an answer has words.
  @Sendable private static func parrot(_ request: ReceivedRequest) -> Reply {
    if request.path == "/token" {
      switch request.number {
      case 1:
        return .json(
          "{\"error\": \"invalid_grant\", \"error_description\": \"canary-password, canary-client\"}", status: 400)
      case 2: return .json("{\"error\": \"canary-password canary-client\"}", status: 401)
      case 3: return .answer(status: 500, body: Array("canary-password".utf8))
      case 4: return .json("{\"access_token\": \"canary token\"}")
      case 5: return .garbage(Array("canary-password\r\n\r\n".utf8))
      case 6: return .cut(status: 200, body: Array("{\"access_token\": \"canary-token\"".utf8), after: 10)
      default:
        return .json(
          "{\"access_token\": \"canary-token\", \"refresh_token\": \"canary-refresh\", \"expires_in\": 3600}")
      }
    }
    let echo = "canary-name canary-key canary-token"
    let problem = """
      {"code": 1, "name": "\(echo)", "title": "\(echo)", "type": "\(echo)", "detail": "\(echo)", "error": "\(echo)",
       "message": "\(echo)", "errors": {"canary-name": ["\(echo)"]}, "errorDetails": [{"canary-key": "\(echo)"}]}
      """
    let statuses = [
      8: 403, 9: 403, 10: 403, 11: 500, 12: 409, 13: 302, 14: 401, 15: 415, 16: 413, 18: 400, 19: 400, 20: 422,
    ]
    if let status = statuses[request.number] {
      return .json(problem, status: status, headers: ["Location": "/canary-token", "Retry-After": "0"])
    }
    switch request.number {
    case 21: return .answer(status: 503, headers: ["Retry-After": "canary-token"], body: Array(echo.utf8))
    case 22: return .answer(status: 201, body: Array(echo.utf8))
    case 23: return .json("{\"values\": {\"\(echo)\": {}}}", status: 201)
    case 24: return .garbage(Array("HTTP/9 \(echo)\r\n\r\n".utf8))
    case 25: return .garbage(Array("HTTP/1.1 403 \(echo)\r\nContent-Length: 0\r\ncanary-key: \(echo)\r\n\r\n".utf8))
    case 26: return .cut(status: 201, body: Array(echo.utf8), after: 20)
    default:
      return .lusid(
        accepting: Array(request.requestIDs.dropFirst()),
        failing: request.requestIDs.first.map { [$0: "{\"detail\": \"\(echo)\", \"type\": \"t\"}"] } ?? [:])
    }
  }

  private static func setup(_ api: LoopbackServer, _ level: String, _ form: String) -> Setup {
    Setup.lusid(api.url, tokensFrom: api.url + "/token").with { setup in
      setup.targets = setup.targets.map {
        $0.replacing("secret-password", with: "canary-password").replacing("secret-client", with: "canary-client")
      }
      setup.retry = "{initial: 5ms, max: 20ms}"
      setup.level = level
      setup.format = form == "journal" ? "text" : form
    }
  }

  /// Files that can be used, and files that can't, in every way that has words.
  private static func dropBadAndGood(_ world: World) throws {
    let records = (1...2).map { record("canary-key-\($0)", name: "canary-name") }
    try world.drop("a.json", in: "investors", array(records + ["{\"canary-name\": \"canary-key\"}"]))
    try world.drop("b.json", in: "investors", "[{\"canary-name\": canary-key}]")
    try world.drop("c.csv", in: "investors", "canary-name,displayName\ncanary-key,x\n")
    try world.drop("d.ndjson", in: "investors", "{\"canary-name\": canary-key}\n\"canary-key\"\n")
    try world.drop("e.csv", in: "investors", "displayName,exposure:number\n\"canary-name\"canary-key,1\n")
    try world.drop("f.json.gz", in: "investors", "canary-name canary-key")
  }

  /// What a command said to whoever keeps the log.
  private static func log(of arguments: [String], _ world: World, _ form: String) async throws -> String {
    guard form == "journal" else {
      let (ended, _, log) = try await world.run(arguments)
      #expect(ended == 1, "\(log)")
      return log
    }
    let journal = try Journal(path: world.folder + "/journal")
    defer { journal.stop() }
    let product = try world.start(arguments, journal: journal)
    #expect(try await product.end() == 1, "\(journal.text)")
    return journal.text + product.log
  }
}
