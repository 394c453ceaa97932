import Foundation
import Glibc
import JSONText
import Synchronization
import Testing
import TestKit

/// Files, folders and answers that somebody made to do harm: they harm their own file at most.
@Suite struct `Hostile files and neighbours` {
  private static func withAdmin(
    _ setup: Setup, _ body: (World, AdminClient) async throws -> Void
  ) async throws {
    let port = try ReservedPort().number
    try await withWorld(setup.with { $0.admin = "{listen: \"127.0.0.1:\(port)\"}" }) { world in
      try await body(world, AdminClient(port: port))
    }
  }

  @Test func `a file from the end of time is delivered, and told of, like any other`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      let path = world.path("investors", "inbox") + "/x.json"
      try world.drop("x.json", in: "investors", record("x"))
      let time = timespec(tv_sec: 9_223_372_036, tv_nsec: 900_000_000)
      try #require(utimensat(AT_FDCWD, path, [time, time], 0) == 0)
      #expect(try await world.status()["inboxes"]?.elements?.first?["waiting"]?.integer == 1)
      try await world.workOff()
      #expect(try world.receipt("investors").status == "accepted")
      #expect(server.bodies.count == 1)
    }
  }

  @Test func `a receipt of 8 TiB is told of by its name, and nothing ends`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await Self.withAdmin(.lusid(api.url)) { world, admin in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", record("a"))
      try await world.waitForReceipts(1, in: "investors")
      let forged = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
      let id = try world.receipt("investors").id
      let receipt = world.path("investors", "outbox/receipts") + "/a.json.\(id).receipt.json"
      let other = world.path("investors", "outbox/receipts") + "/x.json.\(forged).receipt.json"
      try world.write("", to: other)
      try #require(truncate(other, 8 << 40) == 0)
      let listed = try await world.run(["receipts"])
      #expect(listed.status == 1 && listed.log.contains("has 8796093022208 bytes"), "\(listed)")
      let verified = try await world.run(["verify"])
      #expect(verified.status == 1 && verified.printed.contains("receipt-unreadable"), "\(verified)")
      #expect(try await world.run(["show", forged]).log.contains("a.json") == false)
      #expect(try admin.get("/api/files/\(forged)").status == 500)
      // The daemon's own, made too large: what the outbox knows of the file is shown.
      try #require(truncate(receipt, 8 << 40) == 0)
      let (status, body) = try admin.get("/api/files/\(id)")
      #expect(status == 200)
      let shown = try JSONValue.parse(Array(body.utf8))
      #expect(shown["file"]?["accepted"]?.integer == 1)
      #expect(shown["receiptFault"]?.string?.contains("has 8796093022208 bytes") == true, "\(body)")
      #expect(try admin.get("/healthz").status == 200)
      #expect(daemon.status == nil)
    }
    await api.stop()
  }

  @Test func `forged counts are told, and trap nobody`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1"), "{}"]))
      try await world.workOff(expecting: 1)
      let receipt = try world.receipt("investors")
      let path = world.path("investors", "outbox/receipts") + "/" + receipt.name
      let text = try world.text("investors", "outbox/receipts", receipt.name)
      for number in ["9223372036854775807", "9007199254740992", "-9223372036854775808"] {
        for member in ["items", "accepted", "rejected", "requests", "attempts", "unanswered"] {
          let forged = text.replacing(try Regex("\"\(member)\": [0-9]+"), with: "\"\(member)\": \(number)")
          try world.write(forged, to: path)
          for command in [["verify"], ["show", receipt.id], ["receipts"]] {
            let (status, _, log) = try await world.run(command)
            #expect((0...1).contains(status), "\(command) \(member) \(number): \(status)\n\(log)")
          }
        }
      }
    }
    await api.stop()
  }

  @Test func `a folder with a receipt's name keeps neither the receipt nor the daemon's health`() async throws {
    let isDown = Gate()
    let api = try LoopbackServer { isDown.isOpen ? .lusid($0) : .status(503) }
    try await Self.withAdmin(.lusid(api.url)) { world, admin in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1"), "{}"]))
      try await daemon.waitFor("file is queued")
      let work = try #require(world.names("investors", "work").first)
      let id = String(work.prefix(26))
      let receipts = world.path("investors", "outbox/receipts")
      let rejected = world.path("investors", "outbox/rejected")
      for path in ["\(receipts)/a.json.\(id).receipt.json", "\(rejected)/a.\(id).rejected.json"] {
        try FileManager.default.createDirectory(atPath: path + "/inside", withIntermediateDirectories: true)
      }
      isDown.open()
      try await eventually("the receipt", within: .seconds(20)) {
        (try? world.text("investors", "outbox/receipts", "a.json.\(id).receipt.json")) != nil
          && world.names("investors", "work").isEmpty
      }
      let (status, body) = try admin.get("/healthz")
      #expect(status == 200, "\(body)")
      #expect(try world.text("investors", "outbox/rejected", "a.\(id).rejected.json").contains("missing-field"))
      let log = daemon.log
      #expect(log.contains("a folder had the name of a result") && log.contains("file=\(id)"), "\(log)")
      #expect(world.names("investors", "outbox/receipts").contains { $0.contains(".in-the-way.") })
    }
    await api.stop()
  }

  @Test func `a refused line without end keeps back nobody else's receipt, and no stop`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let setup = Setup.lusid(api.url).with { $0.inboxes += ["- name: others", "  target: lusid"] }
    try await withWorld(setup) { world in
      let daemon = try await world.startDaemon()
      let hidden = world.path("others", "inbox") + "/.x"
      try world.write("", to: hidden)
      // Six times as much is to be written: each of its zeros becomes an escape.
      try #require(truncate(hidden, 64 << 20) == 0)
      try #require(rename(hidden, world.path("others", "inbox") + "/x.ndjson") == 0)
      try await eventually("the line to be refused", within: .seconds(60)) {
        daemon.log.contains("file is queued inbox=others")
      }
      try world.drop("a.json", in: "investors", array([record("1"), "{}"]))
      try await world.waitForReceipts(1, in: "investors")
      #expect(world.names("others", "outbox/receipts") == [])
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(10)) == 0)
      #expect(!daemon.log.contains("did not stop in time"), "\(daemon.log)")
    }
    await api.stop()
  }

  @Test func `listings are capped, and say how much is left out`() async throws {
    try await Self.withAdmin(.lusid("http://127.0.0.1:9/api")) { world, admin in
      _ = try await world.startDaemon()
      for number in 0..<1000 { try world.drop("\(number).tmp", in: "investors", "") }
      mkdir(world.path("investors", "inbox/zzz"), 0o755)
      for status in [
        try await world.status(), try JSONValue.parse(Array(try admin.get("/api/status").body.utf8)),
      ] {
        let inbox = try #require(status["inboxes"]?.elements?.first)
        let listed = try #require(inbox["unclaimed"]?.elements)
        #expect(listed.count == 200)
        // What somebody has to look at comes before what is ignored.
        #expect(listed.contains { $0["name"]?.string == "zzz" })
        #expect(inbox["unclaimedLeftOut"]?.integer == 801)
      }
      #expect(try admin.metrics()["upsertd_inbox_unclaimed_files{inbox=\"investors\",reason=\"ignored\"}"] == 1000)
      let table = try await world.run(["status"]).printed
      #expect(table.contains("… and 981 more"), "\(table)")
    }
  }

  @Test func `an inbox that is removed is named until it is back, and then taken from again`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await Self.withAdmin(.lusid(api.url)) { world, admin in
      let daemon = try await world.startDaemon()
      let root = world.spool + "/investors"
      // Away in one step: while it goes piece by piece, the daemon brings back what is missing.
      try #require(rename(root, world.folder + "/gone") == 0)
      try await eventually("health telling of it") { try admin.get("/healthz").status == 503 }
      #expect(try admin.get("/healthz").body.contains("investors"))
      #expect(try admin.get("/readyz").status == 503)
      #expect(try admin.metrics()["upsertd_inbox_unclaimed_files{inbox=\"investors\",reason=\"folder\"}"] == 1)
      let status = try await world.status()
      #expect(status["inboxes"]?.elements?[0]["unclaimed"]?.elements?.first?["kind"]?.string == "folder")
      // What nobody can prepare is reported as well, with the reason.
      try FileManager.default.createDirectory(atPath: root + "/inbox", withIntermediateDirectories: true)
      try await daemon.waitFor("folders were replaced")
      try FileManager.default.removeItem(atPath: root + "/work")
      try world.write("", to: root + "/work")
      try await eventually("health telling of the file") {
        try admin.get("/healthz").body.contains("is not a folder")
      }
      #expect(try await world.run(["status"]).printed.contains("work\": the folder is missing"))
      unlink(root + "/work")
      try world.drop("a.json", in: "investors", record("a"))
      try await world.waitForReceipts(1, in: "investors")
      #expect(try admin.get("/healthz").status == 200)
    }
    await api.stop()
  }

  @Test func `results go when their time is over, and verify knows that`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let kept = ["retention: {archive: 0s, rejected: 0s, receipts: 0s, accepted: 0s}"]
    try await withWorld(.lusid(api.url, inbox: kept)) { world in
      try world.drop("a.json", in: "investors", array([record("1"), "{}"]))
      try await world.workOff(expecting: 1)
      // The first idle moment of a run tidies.
      try await world.workOff()
      for folder in ["outbox/receipts", "outbox/rejected", "archive"] {
        #expect(world.names("investors", folder) == [], "\(folder)")
      }
      let verified = try await world.run(["verify"])
      #expect(verified.status == 0, "\(verified)")
      #expect(verified.printed.contains("expired receipts (retention.receipts): 1"), "\(verified)")
      let id = try #require(try await world.sql("SELECT file_id FROM history").first)
      #expect(try await world.run(["show", id]).printed.contains("it has expired (retention.receipts)"))
    }
    await api.stop()
  }

  @Test func `no word of an API is a formula, steers a terminal, or fills a receipt`() async throws {
    let id = String(repeating: "r", count: 100_000)
    let api = try LoopbackServer { request in
      var reply = Reply.lusid(
        accepting: [], failing: ["item-1": #"{"detail": "=cmd()\u202egnp\u001b[31m"}"#])
      if case .answer(let status, var headers, let body) = reply {
        headers["lusid-meta-requestId"] = id
        reply = .answer(status: status, headers: headers, body: body)
      }
      return request.requestIDs == ["item-1"] ? reply : .lusid(request)
    }
    let csv = "displayName,identifiers.InvestorRecord/Test/Id,scope\n=a,1,s\n"
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.csv", in: "investors", csv)
      let log = try await world.workOff(expecting: 1)
      let receipt = try world.receipt("investors")
      let rejects = try world.rejects(of: receipt)
      #expect(rejects.contains(#"rejected-by-api,'=cmd()\u{202E}gnp\u{1B}[31m,2,=a,1,s"#), "\(rejects)")
      #expect(receipt.message(ofItem: 1) == #"=cmd()\u{202E}gnp\u{1B}[31m"#)
      #expect((receipt.batches.first?["requestId"]?.string?.utf8.count).map { (1...500).contains($0) } == true)
      for text in [log, rejects, try await world.run(["show", receipt.id]).printed] {
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.properties.isBidiControl })
      }
    }
    await api.stop()
  }

  @Test func `a name that turns the text is shown as what it is`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:9/api")) { world in
      try world.drop("a\u{202E}vsc.exe", in: "investors", "x")
      let log = try await world.workOff(expecting: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.file?["name"]?.string == "a\u{202E}vsc.exe")
      let raw = try world.text("investors", "outbox/receipts", receipt.name)
      let listed = try await world.run(["receipts"]).printed
      let status = try await world.run(["status", "--json"]).printed
      for text in [log, raw, listed, status] {
        #expect(!text.unicodeScalars.contains { $0.properties.isBidiControl }, "\(text)")
      }
      #expect(listed.contains(#"a\u{202E}vsc.exe"#))
    }
  }

  @Test func `a mapping of ten thousand columns is followed`() async throws {
    let api = try LoopbackServer { .liquid($0) }
    var setup = Setup.liquid(api.url)
    setup.inboxes.append("  mapping: mapping.yaml")
    try await withWorld(setup) { world in
      let columns = 0..<10_000
      try world.write(
        "columns:\n" + columns.map { "  \"Column \($0)\": \($0 == 0 ? "accountId" : "f\($0)")\n" }.joined(),
        to: world.folder + "/mapping.yaml")
      try world.drop(
        "a.csv", in: "accounts",
        columns.map { "Column \($0)" }.joined(separator: ",") + "\n" + columns.map { "\($0)" }.joined(separator: ",")
          + "\n")
      try await world.workOff()
      #expect(try world.receipt("accounts").accepted == 1)
    }
    await api.stop()
  }
}

/// Closed until it is opened.
private final class Gate: Sendable {
  private let state = Mutex(false)

  var isOpen: Bool { state.withLock { $0 } }

  func open() { state.withLock { $0 = true } }
}
