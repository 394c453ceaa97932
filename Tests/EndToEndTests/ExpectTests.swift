import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// Files that should come every day, with the real daemon and a clock that is set. 2027-01-13 is a Wednesday, on which
/// Dublin has UTC and New York is five hours behind.
@Suite struct `Files that should come every day` {
  private static let missing = "an expected file is missing"
  private static let late = "an expected file is late"

  private static func entry(_ match: String, _ more: String = "timezone: Europe/Dublin") -> String {
    "  - {match: \"\(match)\", by: \"07:30\", days: mon-fri, \(more)}"
  }

  private static let numbered = entry(
    "nav-*.json", "timezone: Europe/Dublin, min_items: 2, sequence: 'nav-([0-9]+)\\.json'")

  /// A world at a time of 2027-01-13 that `setClock` chooses.
  private func withExpectingWorld(
    _ entries: [String], _ body: @Sendable (World, Preload, AdminClient, Setup) async throws -> Void
  ) async throws {
    let api = try LoopbackServer { .lusid($0) }
    let port = try ReservedPort().number
    let setup = Setup.lusid(api.url, inbox: ["expect:"] + entries).with {
      $0.admin = "{listen: \"127.0.0.1:\(port)\"}"
    }
    try await withWorld(setup) { world in
      try await body(world, try await Preload(world), AdminClient(port: port), setup)
    }
    await api.stop()
  }

  private func setClock(_ preload: Preload, _ time: String) throws {
    let moment = try #require(ISO8601DateFormatter().date(from: "2027-01-13T\(time)Z"))
    try preload.shiftClock(seconds: Int64(moment.timeIntervalSinceNow.rounded()))
  }

  /// What the daemon shows of each entry: `nav-*.json came 2`.
  private func shown(_ admin: AdminClient) throws -> [String] {
    try expected(admin).map { entry in
      "\(entry["match"]?.string ?? "") \(entry["state"]?.string ?? "") \(entry["files"]?.integer ?? -1)"
    }
  }

  private func expected(_ admin: AdminClient) throws -> [JSONValue] {
    let status = try JSONValue.parse(Array(try admin.get("/api/status").body.utf8))
    return try #require(status["inboxes"]?.elements?.first?["expected"]?.elements)
  }

  private func stop(_ daemon: Product) async throws {
    daemon.send(SIGTERM)
    #expect(try await daemon.end() == 0)
  }

  @Test func `what came, is missing or out of sequence is shown everywhere and told once, also over restarts`()
    async throws
  {
    let entries = [
      Self.numbered, Self.entry("pos-*.json"), Self.entry("late-*.json", "timezone: America/New_York"),
    ]
    try await withExpectingWorld(entries) { world, preload, admin, _ in
      try setClock(preload, "07:00:00")
      var daemon = try await preload.startDaemon(world)
      try world.drop("nav-0001.json", in: "investors", array([record("1"), record("2")]))
      try await world.waitForReceipts(1, in: "investors")
      #expect(try shown(admin) == ["nav-*.json came 1", "pos-*.json waiting 0", "late-*.json waiting 0"])
      #expect(
        try expected(admin).map { $0["due"]?.string } == [
          "2027-01-13T07:30:00.000Z", "2027-01-13T07:30:00.000Z", "2027-01-13T12:30:00.000Z",
        ])
      try world.drop("nav-0004.json", in: "investors", array([record("3")]))
      try await world.waitForReceipts(2, in: "investors")
      try await daemon.waitFor("numbered files are missing")
      try await daemon.waitFor("a file has fewer items than expected")
      #expect(!daemon.log.contains(Self.missing))
      let nav = try expected(admin)[0]
      #expect(nav["missingNumbers"]?.elements?.map(\.integer) == [2, 3])
      #expect(nav["alarms"]?.elements?.compactMap { $0["kind"]?.string } == ["short", "gap"])

      // It is a few seconds to the time when pos-*.json is due.
      try await stop(daemon)
      try setClock(preload, "07:29:58")
      daemon = try await preload.startDaemon(world)
      try await daemon.waitFor(Self.missing, within: .seconds(20))
      #expect(daemon.log.contains("came by 2027-01-13 07:30 Europe/Dublin"), "\(daemon.log)")
      #expect(try shown(admin) == ["nav-*.json came 2", "pos-*.json missing 0", "late-*.json waiting 0"])
      let samples = try admin.metrics()
      func series(_ match: String, _ state: String) -> Double? {
        samples["upsertd_expected_files{inbox=\"investors\",match=\"\(match)\",state=\"\(state)\"}"]
      }
      #expect(series("pos-*.json", "missing") == 1 && series("pos-*.json", "waiting") == 0)
      #expect(series("nav-*.json", "came") == 1 && series("late-*.json", "waiting") == 1)
      #expect(samples["upsertd_missing_numbers{inbox=\"investors\",match=\"nav-*.json\"}"] == 2)
      #expect(samples["upsertd_expectation_alarms_total{inbox=\"investors\",kind=\"missing\"}"] == 1)
      #expect(samples["upsertd_expectation_alarms_total{inbox=\"investors\",kind=\"gap\"}"] == 0)

      // Reported already: not again after a kill, and the file that comes is late.
      daemon.kill()
      try setClock(preload, "07:40:00")
      daemon = try await preload.startDaemon(world)
      try world.drop("pos-1.json", in: "investors", array([record("5")]))
      try await daemon.waitFor(Self.late)
      try await world.waitForReceipts(3, in: "investors")
      #expect(!daemon.log.contains(Self.missing) && !daemon.log.contains("numbered files are missing"), "\(daemon.log)")
      #expect(try shown(admin) == ["nav-*.json came 2", "pos-*.json late 1", "late-*.json waiting 0"])
      try world.drop("nav-0003.json", in: "investors", array([record("6"), record("7")]))
      try world.drop("nav-0002.json", in: "investors", array([record("8"), record("9")]))
      try await world.waitForReceipts(5, in: "investors")
      #expect(try expected(admin)[0]["missingNumbers"]?.elements == [])
    }
  }

  @Test func `a reload changes what is expected, and what came stays`() async throws {
    try await withExpectingWorld([Self.numbered]) { world, preload, admin, setup in
      try setClock(preload, "07:00:00")
      let daemon = try await preload.startDaemon(world)
      try world.drop("nav-1.json", in: "investors", array([record("1"), record("2")]))
      try await world.waitForReceipts(1, in: "investors")
      #expect(try shown(admin) == ["nav-*.json came 1"])
      let changed = Self.numbered.replacing("07:30", with: "06:30")
      try world.configure(
        setup.with { setup in
          setup.inboxes = setup.inboxes.map { $0.contains("nav-*") ? "  " + changed : $0 }
          setup.inboxes.append("  " + Self.entry("pos-*.json"))
        })
      daemon.send(SIGHUP)
      try await daemon.waitFor("configuration reloaded")
      // It came in time by the terms of then: that is decided, and is not reported.
      #expect(try shown(admin) == ["nav-*.json late 1", "pos-*.json waiting 0"])
      #expect(!daemon.log.contains(Self.late) && !daemon.log.contains(Self.missing))
      try world.drop("nav-3.json", in: "investors", array([record("3"), record("4")]))
      try await daemon.waitFor("numbered files are missing")
    }
  }

  @Test func `status shows people what came and what did not`() async throws {
    // From the first minute of the day on.
    let entry = "  - {match: \"pos-*.json\", by: \"00:01\", timezone: UTC}"
    try await withExpectingWorld([entry]) { world, _, _, _ in
      try await eventually("the first minute of the day to pass", within: .seconds(90)) {
        Int(Date().timeIntervalSince1970) % 86_400 > 61
      }
      _ = try await world.run(["run", "--once"])
      let (status, printed, _) = try await world.run(["status"])
      #expect(status == 0)
      #expect(printed.contains("expects pos-*.json by 00:01, UTC: missing since "), "\(printed)")
      #expect(printed.contains(" missing: no file \"pos-*.json\" came by "), "\(printed)")
      let expected = try await world.status()["inboxes"]?.elements?.first?["expected"]?.elements
      #expect(expected?.first?["state"]?.string == "missing")
    }
  }
}
