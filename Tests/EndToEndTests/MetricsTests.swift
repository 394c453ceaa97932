import Foundation
import Glibc
import JSONText
import Synchronization
import Testing
import TestKit

/// `/metrics`, `/healthz`, `/readyz`, and what is made to watch them.
@Suite struct `Watching the daemon` {
  /// A world whose admin address is known.
  private static func withAdmin(
    _ setup: Setup, _ body: (World, AdminClient) async throws -> Void
  ) async throws {
    let port = try ReservedPort().number
    try await withWorld(setup.with { $0.admin = "{listen: \"127.0.0.1:\(port)\"}" }) { world in
      try await body(world, AdminClient(port: port))
    }
  }

  /// A daemon that has seen something of everything: accepted and rejected items, an unusable file, a 503, a split, a
  /// token.
  private static func withBusyDaemon(_ body: (World, AdminClient) async throws -> Void) async throws {
    let api = try LoopbackServer { request in
      if request.path == "/token" { return .json("{\"access_token\": \"t\", \"expires_in\": 3600}") }
      switch request.number {
      case 2: return .status(503, headers: ["Retry-After": "0"])
      case 3: return .status(400)
      default:
        return .lusid(
          accepting: request.requestIDs.filter { $0 != "item-3" },
          failing: request.requestIDs.contains("item-3") ? ["item-3": "{\"detail\": \"no\"}"] : [:])
      }
    }
    let hook = try LoopbackServer { _ in .status(200) }
    let expect = "  expect: [{match: \"*.csv\", by: \"24:00\", sequence: \"a([0-9]).csv\"}]"
    let setup = Setup.lusid(api.url, tokensFrom: api.url + "/token").with {
      $0.inboxes.append(expect)
      $0.more = ["notify: [{webhook: \"\(hook.url)/\", secret: x, name: hook}]"]
    }
    try await withAdmin(setup) { world, admin in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array((1...4).map { record("\($0)") } + ["{}"]))
      try world.drop("b.json", in: "investors", "[{]")
      try world.drop("c.tmp", in: "investors", "[")
      try await world.waitForReceipts(2, in: "investors")
      try await body(world, admin)
    }
    await api.stop()
    await hook.stop()
  }

  @Test func `what was never read does not count as read`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await Self.withAdmin(.lusid(api.url)) { world, admin in
      _ = try await world.startDaemon()
      let hidden = world.path("investors", "inbox") + "/.huge.json"
      try Data().write(to: URL(filePath: hidden))
      try #require(truncate(hidden, 1 << 43) == 0)
      try #require(rename(hidden, world.path("investors", "inbox") + "/huge.json") == 0)
      let small = array([record("1")])
      let bad = "[{]"
      try world.drop("small.json", in: "investors", small)
      try world.drop("bad.json", in: "investors", bad)
      try await world.waitForReceipts(3, in: "investors")
      #expect(try world.receipt("investors", of: "huge.json")["file"]?["bytes"]?.integer == 1 << 43)
      let read = try admin.metrics()["upsertd_read_bytes_total{inbox=\"investors\"}"]
      #expect(read == Double(small.utf8.count + bad.utf8.count))
    }
    await api.stop()
  }

  @Test func `everything that happens is counted, as Prometheus wants it`() async throws {
    try await Self.withBusyDaemon { world, admin in
      try await eventually("the last count") {
        let samples = try admin.metrics()
        return samples["upsertd_files_total{inbox=\"investors\",status=\"partial\"}"] == 1
          && samples["upsertd_notices_waiting{receiver=\"hook\"}"] == 0
          && samples["upsertd_notices_sent_total{receiver=\"hook\"}"] == 2
      }
      let samples = try admin.metrics()
      let inbox = "inbox=\"investors\""
      let target = "target=\"lusid\""
      let expected: [String: Double] = [
        "upsertd_claimed_files_total{\(inbox)}": 2,
        "upsertd_files_total{\(inbox),status=\"rejected\"}": 1,
        "upsertd_files_total{\(inbox),status=\"accepted\"}": 0,
        "upsertd_unusable_files_total{\(inbox),code=\"malformed-json\"}": 1,
        "upsertd_read_items_total{\(inbox)}": 5,
        "upsertd_items_total{\(inbox),\(target),outcome=\"accepted\"}": 3,
        "upsertd_items_total{\(inbox),\(target),outcome=\"rejected\"}": 2,
        "upsertd_rejected_items_total{\(inbox),code=\"missing-field\"}": 1,
        "upsertd_rejected_items_total{\(inbox),code=\"rejected-by-api\"}": 1,
        "upsertd_requests_total{\(target),status=\"2xx\"}": 2,
        "upsertd_requests_total{\(target),status=\"4xx\"}": 1,
        "upsertd_requests_total{\(target),status=\"5xx\"}": 1,
        "upsertd_request_duration_seconds_count{\(target)}": 4,
        "upsertd_request_duration_seconds_bucket{\(target),le=\"+Inf\"}": 4,
        "upsertd_requests_under_way{\(target)}": 0,
        "upsertd_split_batches_total{\(target)}": 1,
        "upsertd_settled_batches_total{\(target)}": 2,
        "upsertd_retries_total{\(target),reason=\"answer\"}": 1,
        "upsertd_slowdowns_total{\(target)}": 1,
        "upsertd_token_requests_total{\(target),outcome=\"granted\"}": 1,
        "upsertd_queue_items": 0,
        "upsertd_target_queue_items{\(target)}": 0,
        "upsertd_target_state{\(target),state=\"delivering\"}": 1,
        "upsertd_inbox_unclaimed_files{\(inbox),reason=\"ignored\"}": 1,
        "upsertd_inbox_unclaimed_files{\(inbox),reason=\"unreadable\"}": 0,
        "upsertd_troubles": 0,
        "upsertd_configuration_refused": 0,
        "upsertd_notices_failed_total{receiver=\"hook\"}": 0,
        "upsertd_notices_dropped_total{receiver=\"hook\",reason=\"full\"}": 0,
        "upsertd_notices_dropped_total{receiver=\"hook\",reason=\"expired\"}": 0,
        "upsertd_receiver_failing_seconds{receiver=\"hook\"}": 0,
      ]
      for (name, value) in expected { #expect(samples[name] == value, "\(name)") }
      #expect(samples["upsertd_read_bytes_total{\(inbox)}"] ?? 0 > 500)
      #expect(samples["upsertd_sent_bytes_total{\(target)}"] ?? 0 > 500)
      #expect(samples["upsertd_poll_duration_seconds_count{\(inbox)}"] ?? 0 > 1)
      #expect(samples["upsertd_free_disk_bytes{folder=\"state\"}"] ?? 0 > 0)
      #expect(samples["process_resident_memory_bytes"] ?? 0 > 1_000_000)
      #expect(samples["process_open_fds"] ?? 0 > 5)
      let now = Date.now.timeIntervalSince1970
      #expect(abs(now - (samples["process_start_time_seconds"] ?? 0)) < 120)
      try world.write(try admin.get("/metrics").body, to: world.folder + "/metrics")
      let (status, said) = try await world.tool("promtool check metrics < \(world.folder)/metrics")
      #expect(status == 0 && said.isEmpty, "\(said)")
    }
  }

  @Test func `alert rules and dashboard name metrics that there are, and pass their own checks`() async throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../config/monitoring").path
    try await Self.withBusyDaemon { world, admin in
      var known = Set(try admin.metrics().keys.map { String($0.prefix { $0 != "{" }) })
      for name in known where name.hasSuffix("_bucket") { known.insert(String(name.dropLast("_bucket".count))) }
      let dashboard = try Data(contentsOf: URL(filePath: folder + "/grafana-dashboard.json"))
      #expect((try? JSONSerialization.jsonObject(with: dashboard)) != nil)
      let rules = try String(contentsOfFile: folder + "/upsertd.rules.yml", encoding: .utf8)
      for text in [rules, String(decoding: dashboard, as: UTF8.self)] {
        let named = text.matches(of: /\b(upsertd|process)_[a-z_]+\b/).map { String($0.output.0) }
        #expect(named.count > 10)
        #expect(Set(named).subtracting(known).isEmpty)
      }
      let check = try await world.tool("promtool check rules \(folder)/upsertd.rules.yml")
      #expect(check.status == 0, "\(check.said)")
      let test = try await world.tool("promtool test rules \(folder)/upsertd.rules.test.yml")
      #expect(test.status == 0, "\(test.said)")
      // Whoever is called at night finds what to do.
      let runbook = try String(contentsOfFile: folder + "/README.md", encoding: .utf8)
      let alerts = rules.matches(of: /alert: (\w+)/).map { String($0.output.1) }
      #expect(alerts.count > 10)
      for alert in alerts {
        #expect(runbook.contains("### \(alert)\n"), "\(alert)")
        // As Scripts/package installs config/, with the anchor that the heading gets.
        let url = "file:///usr/share/doc/upsertd/examples/monitoring/README.md#\(alert.lowercased())"
        #expect(rules.contains("runbook_url: \"\(url)\""), "\(alert)")
      }
    }
  }

  @Test func `readyz says why files are not taken`() async throws {
    let setup = Setup.lusid("http://127.0.0.1:1/api").with { $0.queue = "{min_free_disk: 1000000GiB}" }
    try await Self.withAdmin(setup) { world, admin in
      let daemon = try await world.startDaemon()
      #expect(try admin.get("/healthz").status == 200)
      let (status, body) = try admin.get("/readyz")
      #expect(status == 503)
      #expect(body.hasPrefix("not ready: the disk is full"))
      let json = try JSONValue.parse(Array(try admin.get("/readyz", accept: "application/json").body.utf8))
      #expect(json["status"]?.string == "failing")
      #expect(json["reasons"]?.elements?.first?.string?.contains("disk is full") == true)
      // Logged once for the inbox, not for each file, nor at each look.
      for number in 1...3 { try world.drop("\(number).json", in: "investors", "[]") }
      try await eventually("three files being held up") {
        try admin.metrics()["upsertd_inbox_unclaimed_files{inbox=\"investors\",reason=\"disk_full\"}"] == 3
      }
      try await daemon.waitFor("no files are being claimed")
      try await eventually("more looks") {
        try admin.metrics()["upsertd_poll_duration_seconds_count{inbox=\"investors\"}"] ?? 0 >= 10
      }
      #expect(daemon.log.split(separator: "\n").filter { $0.contains("claimed") }.count == 1)
    }
  }

  @Test func `healthz says what does not work`() async throws {
    let isUp = Mutex(false)
    let api = try LoopbackServer { request in isUp.withLock { $0 } ? .lusid(request) : .status(503) }
    try await Self.withAdmin(.lusid(api.url)) { world, admin in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await daemon.waitFor("file is queued")
      // Nothing can be written there, whoever tries: it is not a folder.
      let receipts = world.path("investors", "outbox/receipts")
      guard rmdir(receipts) == 0, FileManager.default.createFile(atPath: receipts, contents: nil) else {
        throw SystemError("replace \(receipts)")
      }
      isUp.withLock { $0 = true }
      try await eventually("the trouble") {
        try admin.get("/healthz").body.contains("can't write the file's results")
      }
      #expect(try admin.get("/healthz").status == 503)
      #expect(try admin.metrics()["upsertd_troubles"] == 1)
      // The daemon makes the folder itself.
      unlink(receipts)
      try await eventually("its end") { try admin.get("/healthz").status == 200 }
      try await world.waitForReceipts(1, in: "investors")
      let lines = daemon.log.split(separator: "\n")
      #expect(lines.filter { $0.contains("can't write the file's results; retrying") }.count == 1)
      #expect(lines.filter { $0.contains("recovered") }.count == 1)
    }
    await api.stop()
  }

  @Test func `a folder that is gone makes the daemon unready`() async throws {
    try await Self.withAdmin(.lusid("http://127.0.0.1:1/api")) { world, admin in
      _ = try await world.startDaemon()
      let inbox = world.path("investors", "inbox")
      #expect(rename(inbox, inbox + ".away") == 0)
      let (status, body) = try admin.get("/readyz")
      #expect(status == 503)
      #expect(body.contains("investors"))
      #expect(rename(inbox + ".away", inbox) == 0)
      // At the next look.
      try await eventually("it to be ready again") { try admin.get("/readyz").status == 200 }
    }
  }

  @Test func `a file that stays is in status with its reason, and in the log once`() async throws {
    let setup = Setup.lusid("http://127.0.0.1:1/api", inbox: ["marker: .done", "ignore: [\"*.bak\"]"])
    try await Self.withAdmin(setup) { world, admin in
      let daemon = try await world.startDaemon()
      let names = ["a.json", "b.bak", "c.done", "d.part"]
      for name in names { try world.drop(name, in: "investors", "[]") }
      mkdir(world.path("investors", "inbox/folder"), 0o755)
      try await daemon.waitFor("file stays in the inbox")
      try await eventually("all of them") {
        try await world.status()["inboxes"]?.elements?[0]["unclaimed"]?.elements?.count == 5
      }
      for status in [
        try await world.status(), try JSONValue.parse(Array(try admin.get("/api/status").body.utf8)),
      ] {
        let files = try #require(status["inboxes"]?.elements?[0]["unclaimed"]?.elements)
        #expect(
          Set(files.map { "\($0["name"]?.string ?? "") \($0["kind"]?.string ?? "")" }) == [
            "a.json waiting_for_marker", "b.bak ignored", "c.done marker", "d.part ignored", "folder not_regular",
          ])
        #expect(files.allSatisfy { $0["reason"]?.string?.isEmpty == false })
      }
      let told = try JSONValue.parse(Array(try admin.get("/api/status").body.utf8))
      #expect(
        told["inboxes"]?.elements?[0]["unclaimed"]?.elements?.allSatisfy { $0["since"]?.string != nil } == true)
      #expect(daemon.log.split(separator: "\n").filter { $0.contains("stays") }.count == 1, "\(daemon.log)")
    }
  }

  @Test func `a claimed file that was not read is in status`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:1/api")) { world in
      #expect(try await world.run(["run", "--once"]).status == 0)
      let name = "01ARZ3NDEKTSV4RRFFQ69G5FAV.a.json"
      #expect(FileManager.default.createFile(atPath: world.path("investors", "work/\(name)"), contents: nil))
      let unread = try await world.status()["inboxes"]?.elements?[0]["unread"]?.elements
      #expect(unread?.map { $0["file"]?.string } == ["01ARZ3NDEKTSV4RRFFQ69G5FAV"])
      #expect(unread?.first?["name"]?.string == "a.json")
      #expect(try await world.run(["status"]).printed.contains("a.json: claimed as 01ARZ3NDEKTSV4RRFFQ69G5FAV"))
    }
  }
}
