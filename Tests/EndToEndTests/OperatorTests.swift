import Foundation
import JSONText
import Testing
import TestKit

/// retry, cancel, pause and resume, beside a running daemon and without one; SIGHUP.
@Suite struct `Operating` {
  /// Retries wait for days, so that what comes earlier was asked for. Jitter draws from zero on: a minute would be over at once now and then.
  private static func patient(_ setup: Setup) -> Setup {
    setup.with { $0.retry = "{initial: 4d, max: 4d}" }
  }

  @Test(arguments: [true, false])
  func `a paused target gets nothing until it is resumed`(_ hasDaemon: Bool) async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      if hasDaemon { _ = try await world.startDaemon() }
      let (status, printed, log) = try await world.run(["pause", "lusid"])
      #expect(status == 0, "\(log)")
      #expect(printed.contains("lusid"))
      try world.drop("a.json", in: "investors", array([record("1")]))
      if !hasDaemon { #expect(try await world.run(["run", "--once", "--deadline", "2s"]).status == 75) }
      try await eventually("the claim") { world.names("investors", "work").count == 1 }
      try await world.waitFor(target: "lusid", toBe: "paused")
      #expect(try await world.status()["queue"]?["items"]?.integer == 1)
      #expect(api.requests.isEmpty)
      #expect(try await world.run(["resume", "lusid"]).status == 0)
      if hasDaemon { try await world.waitForReceipts(1, in: "investors") } else { try await world.workOff() }
      try world.checkResults("investors", files: 1)
    }
    await api.stop()
  }

  @Test func `a paused inbox keeps its files, beyond a restart too`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let daemon = try await world.startDaemon()
      #expect(try await world.run(["pause", "investors"]).status == 0)
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await eventually("the file being told of as unclaimed") {
        let inbox = try await world.status()["inboxes"]?.elements?.first
        return inbox?["unclaimed"]?.elements?.first?["reason"]?.string?.contains("paused") == true
      }
      #expect(world.names("investors", "inbox") == ["a.json"])
      #expect(try await world.run(["resume", "investors"]).status == 0)
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
    }
    await api.stop()
  }

  @Test(arguments: [true, false])
  func `cancel refuses what of a file was not sent`(_ hasDaemon: Bool) async throws {
    let api = try LoopbackServer { $0.displayNames == ["2"] ? .lusid($0) : .status(500) }
    try await withWorld(Self.patient(.lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 1"]))) { world in
      try world.drop("a.json", in: "investors", array((1...3).map { record("\($0)") }))
      let daemon = try await world.startDaemon()
      try await api.waitForRequests(3)
      try await eventually("two waiting batches") { try await world.status()["queue"]?["batches"]?.integer == 2 }
      if !hasDaemon {
        daemon.send(SIGTERM)
        #expect(try await daemon.end() == 0)
      }
      let id = String(try #require(world.names("investors", "work").first).prefix(26))
      let (status, printed, log) = try await world.run(["cancel", id.lowercased()])
      #expect(status == 0, "\(log)")
      #expect(printed.contains("2 items"))
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.id == id)
      #expect(receipt.codes == [1: "cancelled", 3: "cancelled"])
      #expect(receipt.accepted == 1)
      #expect(receipt.status == "partial")
      // It is done: there is nothing to cancel any more.
      #expect(try await world.run(["cancel", id]).status == 2)
      #expect(try await world.run(["cancel", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]).status == 2)
      #expect(try await world.run(["cancel", "nonsense"]).status == 2)
    }
    await api.stop()
  }

  /// What a request under way is answered with while its file is cancelled, and how many of its two items that accepts.
  static let answers: [(reply: @Sendable (ReceivedRequest) -> Reply, accepted: Int)] = [
    ({ .lusid($0) }, 2), ({ .lusid(accepting: [$0.requestIDs[0]]) }, 1), ({ _ in .status(500) }, 0),
    ({ _ in .status(400) }, 0), ({ _ in .status(403) }, 0), ({ _ in .status(401) }, 0), ({ _ in .close }, 0),
  ]

  @Test(arguments: answers.indices)
  func `cancel awaits a request under way, and sends nothing again`(_ index: Int) async throws {
    let (reply, accepted) = Self.answers[index]
    let answers = Arrivals()
    let api = try LoopbackServer { request in
      answers.waitUntilOver()
      return reply(request)
    }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 2}", "concurrency: 1"])) { world in
      try world.drop("a.json", in: "investors", array((1...6).map { record("\($0)") }))
      _ = try await world.startDaemon()
      try await api.waitForRequests(1)
      let id = String(try #require(world.names("investors", "work").first).prefix(26))
      let (_, queue, _) = try await world.run(["queue"])
      #expect(queue.contains("sending: 1 of 3 batches is being sent"), "\(queue)")
      let (status, printed, _) = try await world.run(["cancel", id])
      #expect(status == 0)
      #expect(printed.contains("cancelled 4 items") && printed.contains("2 items are being sent"), "\(printed)")
      let (_, again, _) = try await world.run(["queue"])
      #expect(again.contains("sending: it is being sent"), "\(again)")
      answers.isOver = true
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == accepted)
      #expect(receipt.codes == Dictionary(uniqueKeysWithValues: (accepted + 1...6).map { ($0, "cancelled") }))
      #expect(api.requests.count == 1)
      #expect(receipt.requests == 1)
    }
    await api.stop()
  }

  @Test func `a cancelled file frees those that waited behind it`() async throws {
    let api = try LoopbackServer { $0.displayNames == ["first"] ? .status(500) : .lusid($0) }
    try await withWorld(Self.patient(.lusid(api.url))) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("k", name: "first")]))
      try await api.waitForRequests(1)
      let id = String(try #require(world.names("investors", "work").first).prefix(26))
      try world.drop("b.json", in: "investors", array([record("k", name: "second")]))
      try await eventually("both files being queued") { try await world.status()["queue"]?["batches"]?.integer == 2 }
      #expect(try await world.run(["cancel", id]).status == 0)
      try await world.waitForReceipts(2, in: "investors")
      try world.checkResults("investors", files: 2)
      #expect(try world.receipt("investors", of: "b.json").accepted == 1)
    }
    await api.stop()
  }

  @Test(arguments: ["all", "file", "target"])
  func `retry tries at once what would wait`(_ what: String) async throws {
    let api = try LoopbackServer { $0.number == 1 ? .status(500) : .lusid($0) }
    try await withWorld(Self.patient(.lusid(api.url))) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await api.waitForRequests(1)
      let id = String(try #require(world.names("investors", "work").first).prefix(26))
      let arguments = what == "all" ? ["retry"] : what == "file" ? ["retry", id] : ["retry", "--target", "lusid"]
      // The first answer may still be on its way.
      try await eventually("the second request") {
        let ended = try await world.run(arguments).status
        // It fails only once there is nothing left to try.
        let isTried = api.requests.count > 1
        #expect(ended == 0 || isTried)
        return isTried
      }
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      #expect(try await world.run(["retry", "--target", "nobody"]).status == 2)
      #expect(try await world.run(["retry", id]).status == 2)
    }
    await api.stop()
  }

  @Test func `retry releases a hold`() async throws {
    let api = try LoopbackServer { $0.number == 1 ? .status(403) : .lusid($0) }
    try await withWorld(Self.patient(.lusid(api.url))) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.waitFor(target: "lusid", toBe: "held")
      let (status, printed, _) = try await world.run(["retry", "--target", "lusid"])
      #expect(status == 0)
      #expect(printed.contains("1 waiting batch is due now; released the hold of lusid"), "\(printed)")
      try await world.waitForReceipts(1, in: "investors")
      #expect(try await world.run(["retry"]).printed == "nothing waits to be sent\n")
      #expect(try await world.run(["resume", "lusid"]).printed == "target lusid: was not paused\n")
      try world.checkResults("investors", files: 1)
    }
    await api.stop()
  }

  @Test func `retry without a daemon makes what waits due for the next run`() async throws {
    let api = try LoopbackServer { $0.number == 1 ? .status(500) : .lusid($0) }
    try await withWorld(Self.patient(.lusid(api.url))) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      #expect(try await world.run(["run", "--once", "--deadline", "2s"]).status == 75)
      #expect(try await world.run(["retry"]).status == 0)
      try await world.workOff(within: .seconds(15))
      try world.checkResults("investors", files: 1)
    }
    await api.stop()
  }

  @Test func `SIGHUP reads the configuration again, and a bad one changes nothing`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let daemon = try await world.startDaemon()
      try world.configure(Setup.lusid(api.url).with { $0.more = ["nonsense: 1"] })
      daemon.send(SIGHUP)
      try await daemon.waitFor("the old one stays")
      #expect(daemon.log.contains("nonsense"))
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.waitForReceipts(1, in: "investors")

      try world.configure(Setup.lusid(api.url).with { $0.inboxes += ["- {name: others, target: lusid}"] })
      daemon.send(SIGHUP)
      try await daemon.waitFor("configuration reloaded")
      try world.drop("b.json", in: "others", array([record("2")]))
      try world.drop("c.json", in: "investors", array([record("3")]))
      try await world.waitForReceipts(1, in: "others")
      try await world.waitForReceipts(2, in: "investors")
      try world.checkResults("others", files: 1)
      try world.checkResults("investors", files: 2)
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
    }
    await api.stop()
  }

  @Test(arguments: ["nonsense: 1\nfolly: 2", "more: [1"])
  func `commands work while the configuration on disk is faulty, and need a daemon for it`(
    _ fault: String
  ) async throws {
    let api = try LoopbackServer { _ in .status(403) }
    let setup = Self.patient(.lusid(api.url))
    try await withWorld(setup) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.waitFor(target: "lusid", toBe: "held")
      let id = String(try #require(world.names("investors", "work").first).prefix(26))
      try world.configure(setup.with { $0.more = [fault] })
      daemon.send(SIGHUP)
      try await daemon.waitFor("the old one stays")
      let told = try #require(lines(daemon.log).first { $0.contains("the old one stays") })
      if fault.contains("folly") { #expect(told.contains("nonsense") && told.contains("; ") && told.contains("folly")) }
      #expect(!told.contains("\\n"))
      #expect(try await world.run(["check"]).status == 2)
      for (arguments, text) in [
        (["status"], "lusid: held"), (["queue"], id), (["show", id], "a.json"), (["verify"], "all agree"),
        (["pause", "lusid"], "paused"), (["resume", "lusid"], "resumed"),
        (["retry", id], "1 waiting batch is due now"),
      ] {
        let (status, printed, log) = try await world.run(arguments)
        #expect(status == 0, "\(arguments): \(log)")
        #expect(printed.contains(text), "\(arguments): \(printed)")
        #expect(log.contains("can't be used as it is"), "\(arguments): \(log)")
      }
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
      for arguments in [["status"], ["queue"], ["show", id], ["retry"]] {
        let (status, _, log) = try await world.run(arguments)
        #expect(status == 2)
        #expect(log.contains("upsertd.yaml:"), "\(log)")
      }
    }
    await api.stop()
  }

  @Test func `a reload in the middle of a delivery loses nothing and sends nothing twice`() async throws {
    let api = try LoopbackServer { .delayed(.milliseconds(20), .lusid($0)) }
    let setup = Setup.lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 2"])
    try await withWorld(setup) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array((1...120).map { record("\($0)") }))
      for count in [5, 25, 50, 75] {
        try await api.waitForRequests(count)
        daemon.send(SIGHUP)
      }
      try await world.waitForReceipts(1, in: "investors")
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
      // Now that no reload tries the folders out any more.
      try world.checkResults("investors", files: 1)
      #expect(api.requests.count == 120)
    }
    await api.stop()
  }

  @Test func `batches of a target that a reload took away wait until it is back`() async throws {
    let api = try LoopbackServer { $0.number == 1 ? .status(500) : .lusid($0) }
    try await withWorld(Self.patient(.lusid(api.url))) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await api.waitForRequests(1)
      var other = Setup.lusid(api.url)
      other.targets[0] = "other:"
      other.inboxes = other.inboxes.map { $0.replacing("target: lusid", with: "target: other") }
      try world.configure(other)
      daemon.send(SIGHUP)
      try await daemon.waitFor("configuration reloaded")
      try await world.waitFor(target: "lusid", toBe: "held")
      #expect(try await world.status()["queue"]?["items"]?.integer == 1)
      try world.drop("b.json", in: "investors", array([record("2")]))
      try await eventually("the receipt of the new file") { try world.receipts("investors").count == 1 }
      try world.configure(.lusid(api.url))
      daemon.send(SIGHUP)
      #expect(try await world.run(["retry"]).status == 0)
      try await eventually("the receipt of the old file", within: .seconds(20)) {
        _ = try await world.run(["retry"])
        return try world.receipts("investors").count == 2
      }
    }
    await api.stop()
  }

  @Test func `the admin address tells how it stands, to nobody who calls it by another name`() async throws {
    let port = try ReservedPort().number
    let setup = Setup.lusid("http://127.0.0.1:1/api").with { $0.admin = "{listen: \"127.0.0.1:\(port)\"}" }
    try await withWorld(setup) { world in
      _ = try await world.startDaemon()
      try world.drop("<b>.json", in: "investors", array([record("1")]))
      try await world.waitFor(target: "lusid", toBe: "slowed")
      func get(_ path: String, host: String = "127.0.0.1") throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
          "python3", "-c",
          "import sys,urllib.request as u;"
            + "print(u.urlopen(u.Request(sys.argv[1],headers={'Host':sys.argv[2]})).read().decode())",
          "http://127.0.0.1:\(port)\(path)", host,
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text
      }
      #expect(try get("/").contains("/dashboard/main.js"))
      let stuck = try JSONValue.parse(Array(get("/api/dashboard").utf8))["stuck"]?.elements
      #expect(stuck?.first?["title"]?.string == "lusid can't be reached")
      #expect(try get("/healthz").hasPrefix("ok"))
      #expect(try get("/readyz").hasPrefix("ready"))
      #expect(try get("/metrics").contains("upsertd_queue_items 1"))
      #expect(try JSONValue.parse(Array(get("/api/status").utf8))["queue"]?["items"]?.integer == 1)
      #expect(try get("/", host: "evil.example") == "")
    }
  }
}
