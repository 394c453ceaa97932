import Foundation
import Glibc
import JSONText
import Synchronization
import Testing
import TestKit

/// Stopping, and the exit statuses of `run --once`.
@Suite struct `Stopping` {
  @Test(arguments: [SIGTERM, SIGINT])
  func `answers under way are awaited, and nothing new is begun`(_ signal: Int32) async throws {
    let answers = Arrivals()
    let api = try LoopbackServer { request in
      answers.waitUntilOver()
      // Time for the signal to be seen.
      return .delayed(.milliseconds(500), .lusid(request))
    }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 2"])) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array((1...6).map { record("\($0)") }))
      try await api.waitForRequests(2)
      daemon.send(signal)
      answers.isOver = true
      #expect(try await daemon.end(within: .seconds(10)) == 0)
      #expect(api.requests.count == 2)
      #expect(try await world.status()["queue"]?["items"]?.integer == 4)
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      #expect(api.requests.count == 6)
      #expect(try world.receipt("investors").batches.allSatisfy { $0["unanswered"]?.integer == 0 })
    }
    await api.stop()
  }

  @Test func `an answer that takes six seconds is awaited as well`() async throws {
    let api = try LoopbackServer { .delayed(.seconds(6), .lusid($0)) }
    try await withWorld(.lusid(api.url)) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await api.waitForRequests(1)
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(10)) == 0)
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").batches.first?["unanswered"]?.integer == 0)
    }
    await api.stop()
  }

  @Test func `a server that never answers does not keep it from stopping, and nothing is lost`() async throws {
    let api = try LoopbackServer { $0.number == 1 ? .hang : .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await api.waitForRequests(1)
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(10)) == 0)
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      let batch = try world.receipt("investors").batches.first
      #expect(batch?["attempts"]?.integer == 2)
      #expect(batch?["unanswered"]?.integer == 1)
    }
    await api.stop()
  }

  @Test func `a stop during run --once leaves the rest queued and says so`() async throws {
    let answers = Arrivals()
    let api = try LoopbackServer { request in
      answers.waitUntilOver()
      return .delayed(.milliseconds(500), .lusid(request))
    }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 1"])) { world in
      try world.drop("a.json", in: "investors", array((1...3).map { record("\($0)") }))
      let run = try world.start(["run", "--once"])
      try await api.waitForRequests(1)
      run.send(SIGTERM)
      answers.isOver = true
      #expect(try await run.end(within: .seconds(10)) == 75)
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").batches.allSatisfy { $0["unanswered"]?.integer == 0 })
      #expect(api.requests.count == 3)
    }
    await api.stop()
  }

  @Test func `a deadline ends run --once, after the answers under way`() async throws {
    let api = try LoopbackServer { .delayed(.milliseconds(700), .lusid($0)) }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 1"])) { world in
      try world.drop("a.json", in: "investors", array((1...20).map { record("\($0)") }))
      let (status, _, _) = try await world.run(["run", "--once", "--deadline", "900ms"], within: .seconds(10))
      #expect(status == 75)
      let queued = try await world.status()["queue"]?["items"]?.integer ?? 0
      #expect(queued == 20 - api.requests.count)
    }
    await api.stop()
  }

  @Test func `run --once says 0 when all is well, 1 when something was refused`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try await world.workOff(expecting: 0)
      try world.drop("good.json", in: "investors", array([record("1")]))
      try await world.workOff(expecting: 0)
      try world.drop("bad.json", in: "investors", array([record("1"), record("2", name: "")]))
      try await world.workOff(expecting: 1)
      try world.drop("useless.json", in: "investors", "[")
      try await world.workOff(expecting: 1)
      // What earlier runs rejected counts for them.
      try world.drop("empty.json", in: "investors", "[]")
      try await world.workOff(expecting: 0)
      try world.checkResults("investors", files: 4)
    }
    await api.stop()
  }

  @Test func `75 wins over 1`() async throws {
    let api = try LoopbackServer { _ in .status(500) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", "[")
      try world.drop("b.json", in: "investors", array([record("1")]))
      let (status, _, _) = try await world.run(["run", "--once", "--deadline", "500ms"])
      #expect(status == 75)
      #expect(try world.receipts("investors").map(\.errorCode) == ["malformed-json"])
    }
    await api.stop()
  }

  @Test func `run --once says 75 where a file stays that should have been taken`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1"), record("2", name: "")]))
      try world.drop("b.json", in: "investors", array([record("3")]))
      // Root reads whatever the mode says, so this run is somebody else's.
      try await world.giveEverything(to: 65_534)
      try await world.makeUnreadable("investors", "b.json")
      let (status, log) = try await world.run(["run", "--once"], as: 65_534)
      #expect(status == 75, "\(log)")
      #expect(log.contains("files are left in the inboxes"))
      #expect(world.names("investors", "inbox") == ["b.json"])
      #expect(try world.receipt("investors", of: "a.json").accepted == 1)
    }
    await api.stop()
  }

  @Test func `run --once without descriptors never says that all is done`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    var (finished, gaveUp) = (0, 0)
    for limit in stride(from: 10, through: 34, by: 2) {
      try await withWorld(.lusid(api.url)) { world in
        try world.drop("a.json", in: "investors", array([record("1")]))
        let run = try world.start(["run", "--once", "--deadline", "3s"], openFiles: limit)
        let status = try await run.end()
        let isDone = world.names("investors", "inbox").isEmpty && world.names("investors", "outbox/receipts").count == 1
        // On a slow machine, the deadline may come just when all is done.
        #expect(
          isDone ? status == 0 || status == 75 : status != 0,
          "with \(limit) descriptors the status is \(status); it said:\n\(run.log)")
        if !isDone { #expect(status == 75 || status == 2 || status == 127, "with \(limit) descriptors: \(status)") }
        finished += status == 0 ? 1 : 0
        gaveUp += status == 75 ? 1 : 0
      }
    }
    #expect(finished > 0)
    #expect(gaveUp > 0)
    await api.stop()
  }

  // MARK: - Signals at the wrong time

  /// Waits until the process can no longer lose a signal: from before `main` on it is kept.
  private func waitUntilKept(_ signal: Int32, by daemon: Product) async throws {
    try await eventually("that signals are kept") {
      let status = (try? String(contentsOfFile: "/proc/\(daemon.id)/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") } ?? ""
      let mask = UInt64(line.split(separator: "\t").last ?? "", radix: 16) ?? 0
      return mask & (1 << UInt64(signal - 1)) != 0 && status.hasPrefix("Name:\tupsertd")
    }
  }

  @Test(arguments: [0, 20, 60, 120, 250])
  func `SIGTERM right after the start is obeyed`(_ milliseconds: Int) async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      let daemon = try world.start(["run"])
      try await waitUntilKept(SIGTERM, by: daemon)
      try await Task.sleep(for: .milliseconds(milliseconds))
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(8)) == 0, "\(daemon.log)")
    }
  }

  @Test(arguments: [0, 20, 60, 120, 250])
  func `SIGHUP right after the start is followed`(_ milliseconds: Int) async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      let daemon = try world.start(["run"])
      try await waitUntilKept(SIGHUP, by: daemon)
      try await Task.sleep(for: .milliseconds(milliseconds))
      daemon.send(SIGHUP)
      try await daemon.waitFor("configuration reloaded")
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(10)) == 0)
    }
  }

  @Test(arguments: ["inbox investors", "results", "target lusid"])
  func `a stop comes to an end though a part of the pipeline hangs, and says which`(_ loop: String) async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      let daemon = try world.start(["run"], environment: ["UPSERTD_TEST_HANG": world.folder + "/hang"])
      try await daemon.waitFor("is ready")
      try world.write(loop + "\n", to: world.folder + "/hang")
      // Longer than a beat: the loop has turned, and hangs.
      try await Task.sleep(for: .seconds(6))
      let began = ContinuousClock.now
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(15)) == 0)
      #expect(began.duration(to: .now) < .seconds(10))
      #expect(daemon.log.contains("did not stop in time"))
      #expect(daemon.log.contains(loop), "\(daemon.log)")
    }
  }

  @Test func `a stop that hangs leaves the rest of run --once queued, and says so`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try world.write("results\n", to: world.folder + "/hang")
      let run = try world.start(["run", "--once"], environment: ["UPSERTD_TEST_HANG": world.folder + "/hang"])
      try await run.waitFor("is ready")
      try await Task.sleep(for: .seconds(1))
      run.send(SIGTERM)
      #expect(try await run.end(within: .seconds(12)) == 75)
    }
  }

  @Test func `a reload that is asked for during a reload follows it`() async throws {
    let answers = Arrivals()
    let api = try LoopbackServer { request in
      answers.waitUntilOver()
      return .lusid(request)
    }
    let setup = Setup.lusid(api.url)
    try await withWorld(setup) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await api.waitForRequests(1)
      // It waits for the answer under way.
      try world.configure(setup.with { $0.inboxes += ["- name: second", "  target: lusid"] })
      daemon.send(SIGHUP)
      try await eventually("the first reload") { FileManager.default.fileExists(atPath: world.path("second", "inbox")) }
      try world.configure(setup.with { $0.inboxes += ["- name: third", "  target: lusid"] })
      daemon.send(SIGHUP)
      try await Task.sleep(for: .milliseconds(300))
      answers.isOver = true
      try await eventually("the second reload") { FileManager.default.fileExists(atPath: world.path("third", "inbox")) }
      try world.drop("b.json", in: "third", array([record("2")]))
      try await world.waitForReceipts(1, in: "third")
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
    }
    await api.stop()
  }
}

extension World {
  /// Runs a command to its end as another user, without capabilities.
  func run(_ arguments: [String], as user: uid_t) async throws -> (status: Int32, said: String) {
    try #require(geteuid() == 0, "this test needs root, to act as other users")
    let command = ([Product.path] + arguments + ["--config", configuration]).map { "'\($0)'" }.joined(separator: " ")
    return try await tool("setpriv --reuid \(user) --regid \(user) --clear-groups \(command)")
  }

  func giveEverything(to user: uid_t) async throws {
    let (status, said) = try await tool("chown -R \(user):\(user) '\(folder)' && chmod 755 '\(folder)'")
    try #require(status == 0, "\(said)")
  }

  func makeUnreadable(_ inbox: String, _ name: String) async throws {
    let (status, said) = try await tool("chmod 000 '\(path(inbox, "inbox"))/\(name)'")
    try #require(status == 0, "\(said)")
  }
}
