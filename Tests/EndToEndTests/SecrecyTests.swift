import JSONText
import TestKit
import Testing

/// Neither tokens nor passwords nor what items hold is ever logged or shown.
@Suite struct `Secrecy` {
  @Test(arguments: ["text", "json"])
  func `no secret and no item content appears in logs or status, at level trace`(_ format: String) async throws {
    // The API repeats all it was sent, in every place where an answer has words.
    let api = try LoopbackServer { request in
      if request.path == "/token" {
        return request.number == 1
          ? .json(
            "{\"error\": \"invalid_grant\", \"error_description\": \"canary-password, canary-client\"}", status: 400)
          : .json("{\"access_token\": \"canary-token\", \"refresh_token\": \"canary-refresh\", \"expires_in\": 3600}")
      }
      let echo = "canary-name canary-key canary-token"
      switch request.number {
      case ...3:
        return .json("{\"code\": 1, \"name\": \"N\", \"title\": \"T\", \"detail\": \"\(echo)\"}", status: 403)
      case 4: return .json("{\"detail\": \"\(echo)\", \"message\": \"\(echo)\"}", status: 500)
      case 5: return .answer(status: 503, body: Array(echo.utf8))
      case 6: return .answer(status: 201, body: Array(echo.utf8))
      case 7: return .json("{\"values\": {\"\(echo)\": {}}}", status: 201)
      case 8: return .garbage(Array("HTTP/9 \(echo)\r\n\r\n".utf8))
      case 9: return .cut(status: 201, body: Array(echo.utf8), after: 20)
      case 10: return .json("{\"detail\": \"\(echo)\", \"errors\": {\"canary-name\": [\"\(echo)\"]}}", status: 400)
      default:
        return .lusid(
          accepting: Array(request.requestIDs.dropFirst()),
          failing: request.requestIDs.first.map { [$0: "{\"detail\": \"\(echo)\", \"type\": \"t\"}"] } ?? [:])
      }
    }
    var setup = Setup.lusid(api.url, tokensFrom: api.url + "/token")
    setup.targets = setup.targets.map {
      $0.replacing("secret-password", with: "canary-password")
        .replacing("secret-client", with: "canary-client")
    }
    setup.level = "trace, format: \(format)"
    try await withWorld(setup) { world in
      let records = (1...2).map { record("canary-key-\($0)", name: "canary-name") }
      try world.drop("a.json", in: "investors", array(records + ["{\"canary-name\": \"canary-key\"}"]))
      try world.drop("b.json", in: "investors", "[{\"canary-name\": canary-key}]")
      try world.drop("c.csv", in: "investors", "canary-name,displayName\ncanary-key,x\n")
      let log = try await world.workOff(expecting: 1)
      #expect(!log.contains("canary"), "\(log.split(separator: "\n").filter { $0.contains("canary") })")
      let (_, status, _) = try await world.run(["status"])
      #expect(!status.contains("canary-token") && !status.contains("canary-password"))
      let json = try await world.run(["status", "--json"]).printed
      #expect(!json.contains("canary-password") && !json.contains("canary-client"))
      let check = try await world.run(["check", "--connect"])
      #expect(!(check.printed + check.log).contains("canary"))
      try world.checkResults("investors", files: 3)
      // People who mend items see them where the items are.
      #expect(try world.receipt("investors", of: "a.json").message(ofItem: 1)?.contains("canary-name") == true)
    }
    await api.stop()
  }
}
