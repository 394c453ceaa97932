import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// What the log says, to people and to programs.
@Suite struct `The log` {
  /// The lines of a JSON log.
  private static func entries(_ log: String) throws -> [JSONValue] {
    try log.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
  }

  @Test func `as JSON, has a line for each thing that happens to a file, and numbers as numbers`() async throws {
    let api = try LoopbackServer { $0.number == 1 ? .status(500) : .lusid($0) }
    try await withWorld(Setup.lusid(api.url).with { $0.format = "json" }) { world in
      try world.drop("a.json", in: "investors", array([record("1"), record("2"), "{}"]))
      let log = try Self.entries(try await world.workOff(expecting: 1))
      let id = try world.receipt("investors").id
      let story = log.filter { $0["file"]?.string == id }
      #expect(
        story.map { $0["message"]?.string } == [
          "file is claimed", "file is queued", "batch is delayed", "batch is sent", "file is done",
        ])
      #expect(story.map { $0["level"]?.string } == ["info", "info", "warning", "info", "warning"])
      for entry in story {
        #expect(entry["inbox"]?.string == "investors")
        #expect(entry["time"]?.string?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
      }
      for entry in story.dropFirst() { #expect(entry["target"]?.string == "lusid") }
      #expect(story[1]["items"]?.integer == 3)
      #expect(story[1]["rejected"]?.integer == 1)
      #expect(story[2]["batch"]?.string == "1")
      #expect(story[2]["attempt"]?.integer == 1)
      #expect(story[2]["reason"]?.string == "answered 500")
      #expect(story[3]["attempt"]?.integer == 2)
      #expect(story[3]["accepted"]?.integer == 2)
      #expect(story[3]["status"]?.integer == 201)
      #expect(story[4]["accepted"]?.integer == 2)
      #expect(story[4]["rejected"]?.integer == 1)
      #expect(story[4]["requests"]?.integer == 2)
      #expect(story[4]["status"]?.string == "partial")
    }
    await api.stop()
  }

  @Test func `under systemd goes to the journal with its fields`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let journal = try Journal(path: world.folder + "/journal")
      defer { journal.stop() }
      try world.drop("two\nlines.json", in: "investors", array([record("1")]))
      let product = try world.start(["run", "--once"], journal: journal)
      #expect(try await product.end() == 0)
      #expect(product.log == "")
      let id = try world.receipt("investors").id
      let story = journal.all.filter { $0["UPSERTD_FILE"] == id }
      #expect(
        story.map { $0["UPSERTD_EVENT"] } == ["file is claimed", "file is queued", "batch is sent", "file is done"])
      for entry in story {
        #expect(entry["SYSLOG_IDENTIFIER"] == "upsertd")
        #expect(entry["PRIORITY"] == "6")
        #expect(entry["UPSERTD_INBOX"] == "investors")
        #expect(entry["MESSAGE"]?.hasPrefix("\(entry["UPSERTD_EVENT"] ?? "?") inbox=investors file=\(id)") == true)
      }
      #expect(story[0]["UPSERTD_NAME"] == "two\nlines.json")
      #expect(story[2]["UPSERTD_BATCH"] == "1")
      #expect(story[2]["UPSERTD_ATTEMPT"] == "1")
      #expect(story[3]["UPSERTD_ACCEPTED"] == "1")
      #expect(journal.all.contains { $0["PRIORITY"] == "5" })
    }
    await api.stop()
  }

  @Test func `has priorities where the journal's socket is out of reach, and none where standard error goes elsewhere`()
    async throws
  {
    try await withWorld(.lusid("http://127.0.0.1:1/api")) { world in
      let journal = try Journal(path: world.folder + "/journal")
      journal.stop()
      unlink(journal.path)
      let product = try world.start(["run", "--once"], journal: journal)
      #expect(try await product.end() == 0)
      #expect(product.log.hasPrefix("<5>upsertd "))
      let elsewhere = try await world.run(["run", "--once"], environment: ["JOURNAL_STREAM": "1:2"])
      #expect(elsewhere.log.contains("Z notice  upsertd "))
    }
  }

  @Test func `tells of thousands of batches in a few lines, and of a rate limit once`() async throws {
    let api = try LoopbackServer {
      $0.number % 10 == 3 ? .status(429, headers: ["Retry-After": "0"]) : .lusid($0)
    }
    let setup = Setup.lusid(api.url, target: ["batch: {max_items: 1}"])
    try await withWorld(setup.with { $0.retry = "{initial: 1ms, max: 5ms}" }) { world in
      try world.drop("a.json", in: "investors", array((1...200).map { record("\($0)") }))
      let log = try await world.workOff()
      let lines = log.split(separator: "\n")
      #expect(api.requests.count > 220)
      #expect(lines.filter { $0.contains("target is slowed down") }.count == 1)
      #expect(lines.count <= 10, "\(log)")
    }
    await api.stop()
  }

  @Test func `says nothing while nothing happens`() async throws {
    let port = try ReservedPort().number
    let setup = Setup.lusid("http://127.0.0.1:1/api").with {
      $0.level = "trace"
      $0.admin = "{listen: \"127.0.0.1:\(port)\"}"
    }
    try await withWorld(setup) { world in
      let daemon = try await world.startDaemon()
      let started = daemon.log
      try world.drop("left.tmp", in: "investors", "")
      let admin = AdminClient(port: port)
      try await eventually("twenty looks") {
        try admin.metrics()["upsertd_poll_duration_seconds_count{inbox=\"investors\"}"] ?? 0 >= 20
      }
      #expect(daemon.log == started)
    }
  }

  @Test func `warns of a file that waits at a tenth and at half of its time, once each, also beyond restarts`()
    async throws
  {
    let api = try LoopbackServer { _ in .status(500) }
    let setup = Setup.lusid(api.url, target: ["batch: {max_items: 1}"])
    try await withWorld(setup.with { $0.retry = "{initial: 20ms, max: 40ms, max_age: 10s}" }) { world in
      try world.drop("a.json", in: "investors", array([record("1"), record("2")]))
      func warnings(_ log: String) -> [Substring] { log.split(separator: "\n").filter { $0.contains("has waited") } }
      let first = try await world.startDaemon()
      try await first.waitFor("file has waited for a tenth of retry.max_age")
      let line = try #require(warnings(first.log).first)
      for part in ["inbox=investors", "name=a.json", "target=lusid", "items=2", "reason=\"answered 500\"", "file=01"] {
        #expect(line.contains(part), "\(line)")
      }
      first.send(SIGTERM)
      #expect(try await first.end() == 0)
      #expect(warnings(first.log).count == 1)
      let second = try await world.startDaemon()
      try await second.waitFor("file has waited for half of retry.max_age")
      #expect(warnings(second.log).count == 1)
      second.send(SIGTERM)
      #expect(try await second.end() == 0)
      // It expires in the end.
      let third = try await world.startDaemon()
      try await third.waitFor("file is done")
      #expect(warnings(third.log).isEmpty)
      #expect(try world.receipt("investors").codes == [1: "expired", 2: "expired"])
    }
    await api.stop()
  }
}
