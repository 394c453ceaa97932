import Foundation
import JSONText
import Testing
import TestKit

/// Webhooks and mail that report what happens.
@Suite struct `Notify` {
  private static let secret = "a secret of the hook"
  private static let everything = "[accepted, partial, rejected, held, released]"

  private static func hook(_ server: LoopbackServer, _ events: String = everything) -> String {
    "{webhook: \"\(server.url)/hooks/x?token=canary\", secret: \"\(secret)\", name: hook, on: \(events)}"
  }

  private static func mail(_ server: MailServer, _ events: String = everything) -> String {
    "{mail: ops@example.com, from: upsertd@example.com, smtp: \"\(server.url)\", on: \(events)}"
  }

  private static func setup(_ api: LoopbackServer, _ receivers: String...) -> Setup {
    .lusid(api.url).with { $0.more = ["notify: [\(receivers.joined(separator: ", "))]"] }
  }

  private static func body(_ request: ReceivedRequest) throws -> JSONValue { try JSONValue.parse(request.body) }

  /// What `openssl` says that the signature must be.
  private static func signature(
    _ request: ReceivedRequest, _ world: World, secret: String = secret
  ) async throws -> String {
    let signed = world.folder + "/signed"
    let start = "\(request.headers["webhook-id"] ?? "").\(request.headers["webhook-timestamp"] ?? "")."
    try Data(Array(start.utf8) + request.body).write(to: URL(filePath: signed))
    let (status, said) = try await world.tool("openssl dgst -sha256 -hmac '\(secret)' -binary \(signed) | base64")
    #expect(status == 0)
    return "v1," + said.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func receivers(_ world: World) async throws -> [JSONValue] {
    try await world.status()["receivers"]?.elements ?? []
  }

  @Test func `a webhook that is down first gets all in order, after a kill, and holds up no delivery`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let hook = try LoopbackServer { $0.number == 2 ? .status(503) : .status(204) }
    await hook.stop()
    try await withWorld(Self.setup(api, Self.hook(hook))) { world in
      let daemon = try await world.startDaemon()
      for number in 1...3 {
        try world.drop("f\(number).json", in: "investors", array([record("\(number)")]))
        try await world.waitForReceipts(number, in: "investors")
      }
      try await eventually("a failed attempt") {
        let receiver = try await Self.receivers(world).first
        return receiver?["waiting"]?.integer == 3 && receiver?["failure"]?.string != nil
      }
      #expect(try await Self.receivers(world).first?["failingSince"]?.string != nil)
      let text = try await world.run(["status"]).printed
      #expect(text.contains("hook: 3 notices waiting, failing since"))
      daemon.kill()
      try hook.start()
      let next = try await world.startDaemon()
      // The second request is rejected, and comes again.
      try await hook.waitForRequests(4)
      try await eventually("an empty queue") {
        let receiver = try await Self.receivers(world).first
        return receiver?["waiting"]?.integer == 0 && receiver?["failure"]?.string == nil
      }
      let requests = hook.requests
      #expect(requests.count == 4)
      #expect(requests[1].headers["webhook-id"] == requests[2].headers["webhook-id"])
      let told = try [0, 2, 3].map { try Self.body(requests[$0]) }
      let files = try world.receipts("investors").compactMap { $0["file"]?["id"]?.string }.sorted()
      #expect(told.map { $0["receipt"]?["file"]?["id"]?.string } == files)
      for request in requests {
        #expect(request.method == "POST" && request.path == "/hooks/x?token=canary")
        #expect(request.headers["content-type"] == "application/json")
        let body = try Self.body(request)
        #expect(request.headers["webhook-id"] == body["id"]?.string)
        #expect(request.headers["webhook-signature"] == (try await Self.signature(request, world)))
        #expect(body["version"]?.integer == 1 && body["event"]?.string == "accepted")
        #expect(body["inbox"]?.string == "investors" && body["target"]?.string == "lusid")
        #expect(body["receipt"]?["counts"]?["accepted"]?.integer == 1 && body["receipt"]?["batches"] == nil)
      }
      let log = daemon.log + next.log
      #expect(!log.contains("canary") && !log.contains(Self.secret) && !log.contains("/hooks/"))
      #expect(daemon.log.split(separator: "\n").count { $0.contains("a notice can't be sent") } == 1)
      #expect(next.log.contains("the receiver accepts notices again"))
    }
    await api.stop()
    await hook.stop()
  }

  @Test func `a hook that never answers holds up neither deliveries, nor other receivers, nor the end`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let deaf = try LoopbackServer { _ in .hang }
    let hook = try LoopbackServer { _ in .status(200) }
    let setup = Self.setup(api, "{webhook: \"\(deaf.url)/\", secret: x, on: accepted, name: deaf}", Self.hook(hook))
    try await withWorld(setup) { world in
      let daemon = try await world.startDaemon()
      for number in 1...5 { try world.drop("f\(number).json", in: "investors", array([record("\(number)")])) }
      try await world.waitForReceipts(5, in: "investors", within: .seconds(10))
      try await hook.waitForRequests(5, within: .seconds(10))
      try await deaf.waitForRequests(1)
      let began = ContinuousClock.now
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
      #expect(ContinuousClock.now - began < .seconds(10))
      #expect(try await Self.receivers(world).map { $0["waiting"]?.integer } == [5, 0])
    }
    await api.stop()
    await deaf.stop()
    await hook.stop()
  }

  @Test func `a webhook's secret that is corrected in its file signs the next notice, without a reload`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let hook = try LoopbackServer { _ in .status(204) }
    let receiver = "{webhook: \"\(hook.url)/hook\", secret_file: hook.secret, on: [accepted]}"
    try await withWorld(Self.setup(api, receiver)) { world in
      try world.write("old\n", to: world.folder + "/hook.secret")
      _ = try await world.startDaemon()
      for (number, secret) in ["old", "new"].enumerated() {
        try world.write(secret + "\n", to: world.folder + "/hook.secret")
        try world.drop("f\(number).json", in: "investors", array([record("\(number)")]))
        let request = try await hook.waitForRequests(number + 1)[number]
        let expected = try await Self.signature(request, world, secret: secret)
        #expect(request.headers["webhook-signature"] == expected)
      }
    }
    await api.stop()
    await hook.stop()
  }

  @Test func `a mail says what was rejected, where the rejects are, and what to do`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let server = try MailServer(refusals: 1)
    try await withWorld(Self.setup(api, Self.mail(server, "[partial]"))) { world in
      _ = try await world.startDaemon()
      try world.drop("good.json", in: "investors", array([record("0")]))
      try world.drop("clients.json", in: "investors", array([record("1", name: "canary"), "{}"]))
      try await eventually("the mail") { !server.mails.isEmpty }
      let mail = server.mails[0]
      #expect(mail.from == "<upsertd@example.com>" && mail.to == ["<ops@example.com>"])
      #expect(mail.text.contains("Subject: [upsertd] partial: clients.json in inbox investors"))
      let id = try #require(try world.receipt("investors", of: "clients.json")["file"]?["id"]?.string)
      #expect(mail.text.contains("\(world.spool)/investors/outbox/rejected/clients.\(id).rejected.json"))
      #expect(mail.text.contains("\(world.spool)/investors/outbox/receipts/clients.json.\(id).receipt.json"))
      #expect(mail.text.contains("1 of 2 items rejected"))
      #expect(mail.text.contains("drop it into \(world.spool)/investors/inbox"))
      #expect(!mail.text.contains("canary"))
      #expect(server.mails.count == 1)
    }
    await api.stop()
    await server.stop()
  }

  @Test func `a run that ends tries each notice once and leaves the rest, and its status stays`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let hook = try LoopbackServer { $0.number <= 2 ? .status(500) : .status(200) }
    try await withWorld(Self.setup(api, Self.hook(hook))) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try world.drop("b.json", in: "investors", array([record("2")]))
      try await world.workOff()
      #expect(hook.requests.count == 2)
      #expect(try await Self.receivers(world).first?["waiting"]?.integer == 2)
      try await world.workOff()
      let ids = hook.requests.map { $0.headers["webhook-id"] }
      #expect(ids.count == 4 && Array(ids[0..<2]) == Array(ids[2..<4]))
      #expect(try await Self.receivers(world).first?["waiting"]?.integer == 0)
    }
    await api.stop()
    await hook.stop()
  }

  @Test(arguments: [true, false])
  func `retry --notices sends at once what would wait for long`(_ hasDaemon: Bool) async throws {
    let api = try LoopbackServer { .lusid($0) }
    let hook = try LoopbackServer { $0.number == 1 ? .status(503, headers: ["Retry-After": "3600"]) : .status(204) }
    try await withWorld(Self.setup(api, Self.hook(hook))) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await eventually("a failed attempt") {
        try await Self.receivers(world).first?["failure"]?.string != nil
      }
      if !hasDaemon {
        daemon.send(SIGTERM)
        #expect(try await daemon.end() == 0)
      }
      let (status, printed, log) = try await world.run(["retry", "--notices"])
      #expect(status == 0, "\(log)")
      #expect(printed == "tried \(hasDaemon ? "now" : "as soon as the daemon runs"): 1 notice for hook\n")
      if !hasDaemon { _ = try await world.startDaemon() }
      try await hook.waitForRequests(2)
      try await eventually("an empty queue") { try await Self.receivers(world).first?["waiting"]?.integer == 0 }
      #expect(try await world.run(["retry", "--notices"]).printed == "no notice waits\n")
      #expect(try await world.run(["retry", "--notices", "--target", "lusid"]).status == 2)
    }
    await api.stop()
    await hook.stop()
  }

  @Test func `a reload that removes a receiver drops its queue and says so; another keeps its own`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let hook = try LoopbackServer { _ in .status(200) }
    let gone = try LoopbackServer { _ in .status(200) }
    await hook.stop()
    await gone.stop()
    let other = "{webhook: \"\(gone.url)/\", secret: x, on: accepted, name: gone}"
    try await withWorld(Self.setup(api, other, Self.hook(hook))) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.waitForReceipts(1, in: "investors")
      try await eventually("both queues") {
        try await Self.receivers(world).map { $0["waiting"]?.integer } == [1, 1]
      }
      try world.configure(Self.setup(api, Self.hook(hook)))
      daemon.send(SIGHUP)
      try await daemon.waitFor("configuration reloaded")
      #expect(daemon.log.contains("the configuration no longer has their receiver"))
      #expect(try await Self.receivers(world).map { $0["name"]?.string } == ["hook"])
      try hook.start()
      try await hook.waitForRequests(1)
      #expect(gone.requests.isEmpty)
    }
    await api.stop()
    await hook.stop()
  }

  @Test func `a target on hold for five minutes is told once, and so is that it delivers again`() async throws {
    let trouble = Arrivals()
    let api = try LoopbackServer { trouble.isOver ? .lusid($0) : .status(403) }
    let hook = try LoopbackServer { _ in .status(200) }
    try await withWorld(Self.setup(api, Self.hook(hook, "[held, released]"))) { world in
      let first = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.waitFor(target: "lusid", toBe: "held")
      // Not reported yet.
      try await api.waitForRequests(5)
      #expect(hook.requests.isEmpty)
      first.kill()
      // Four minutes and fifty-eight seconds are over.
      try await world.sql("UPDATE hold SET since_ms = since_ms - 298000")
      _ = try await world.startDaemon()
      try await hook.waitForRequests(1)
      let held = try Self.body(hook.requests[0])
      #expect(held["event"]?.string == "held" && held["target"]?.string == "lusid")
      #expect(held["message"]?.string?.contains("403") == true)
      #expect(held["receipt"].map { if case .null = $0 { true } else { false } } == true)
      trouble.isOver = true
      try await hook.waitForRequests(2)
      #expect(try Self.body(hook.requests[1])["event"]?.string == "released")
      try await world.waitForReceipts(1, in: "investors")
      #expect(hook.requests.count == 2)
    }
    await api.stop()
    await hook.stop()
  }

  @Test func `check sends a test to each receiver, and fails if one does not take it`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let hook = try LoopbackServer { _ in .status(200) }
    let server = try MailServer()
    try await withWorld(Self.setup(api, Self.hook(hook), Self.mail(server))) { world in
      let good = try await world.run(["check", "--connect", "--notify"])
      #expect(good.status == 0)
      #expect(good.printed.contains("receiver hook: took the test"))
      #expect(good.printed.contains("receiver ops@example.com: took the test"))
      #expect(try Self.body(hook.requests[0])["event"]?.string == "test")
      #expect(server.mails.count == 1)
      await hook.stop()
      let bad = try await world.run(["check", "--connect", "--notify"])
      #expect(bad.status == 1)
      #expect(bad.printed.contains("receiver hook: the test failed"))
      #expect(try await world.run(["check", "--notify"]).status == 2)
    }
    await api.stop()
    await server.stop()
  }
}
