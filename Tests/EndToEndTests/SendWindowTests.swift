import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// `send` windows, at whatever time of day the tests run.
@Suite struct `A send window` {
  /// A window in UTC from some hours before now, or after it, to some hours later.
  private static func window(_ from: Int, _ to: Int) -> String {
    let hour = Int(Date().timeIntervalSince1970) / 3600
    func time(_ hours: Int) -> String { String(format: "%02d:00", (hour + hours + 48) % 24) }
    return "send: {from: \"\(time(from))\", to: \"\(time(to))\", timezone: UTC}"
  }

  private static let closed = window(2, 4)
  private static let open = window(-2, 3)

  @Test func `outside it files are checked and wait, retry opens nothing, and status says until when`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url, target: [Self.closed])) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1"), "{}"]))
      try await eventually("the file being queued") { try await world.status()["queue"]?["items"]?.integer == 1 }
      let target = try #require(try await world.status()["targets"]?.elements?.first)
      #expect(target["state"]?.string == "paused")
      #expect(target["reason"]?.string?.hasPrefix("outside its send window (") == true)
      let until = try #require(target["until"]?.string)
      #expect(until.hasSuffix(":00:00.000Z"))
      let (status, printed, _) = try await world.run(["retry"])
      #expect(status == 0)
      #expect(printed == "1 batch waits for the send window of lusid, which opens \(until)\n")
      #expect(try await world.run(["queue"]).printed.contains("outside its send window"))
      // An operator's pause has no known end, and comes first.
      #expect(try await world.run(["pause", "lusid"]).status == 0)
      #expect(try await world.status()["targets"]?.elements?.first?["until"]?.string == nil)
      let (_, resumed, _) = try await world.run(["resume", "lusid"])
      #expect(resumed == "target lusid: resumed; target lusid is outside its send window until \(until)\n")
      #expect(api.requests.isEmpty)
      try await daemon.waitFor("target is outside its send window")

      try world.configure(.lusid(api.url, target: [Self.open]))
      daemon.send(SIGHUP)
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").accepted == 1)
    }
    await api.stop()
  }

  @Test func `run --once does not wait for it: it names the target and ends with 75`() async throws {
    let lusid = try LoopbackServer { .lusid($0) }
    let liquid = try LoopbackServer { .liquid($0) }
    try await withWorld(.lusid(lusid.url, target: [Self.closed]) + .liquid(liquid.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try world.drop("b.json", in: "accounts", array([account("1")]))
      let log = try await world.workOff(expecting: 75, within: .seconds(10))
      #expect(log.contains("files are waiting for a target outside its send window"))
      try world.checkResults("accounts", files: 1)
      #expect(lusid.requests.isEmpty)
      try world.configure(.lusid(lusid.url, target: [Self.open]) + .liquid(liquid.url))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
    }
    await lusid.stop()
    await liquid.stop()
  }

  @Test func `a request under way at its end is finished, the next waits, and a clock that steps is noticed`()
    async throws
  {
    let answers = Arrivals()
    let api = try LoopbackServer { request in
      answers.waitUntilOver()
      return .lusid(request)
    }
    let target = [Self.open, "batch: {max_items: 1}", "concurrency: 1"]
    try await withWorld(.lusid(api.url, target: target)) { world in
      let preload = try await Preload(world)
      let daemon = try await preload.startDaemon(world)
      try world.drop("a.json", in: "investors", array((1...3).map { record("\($0)") }))
      try await api.waitForRequests(1)
      try preload.shiftClock(seconds: 6 * 3600)
      answers.isOver = true
      try await daemon.waitFor("target is outside its send window")
      try await eventually("the first item being settled") {
        try await world.status()["queue"]?["items"]?.integer == 2
      }
      #expect(api.requests.count == 1)
      // Back into it: nobody has to do anything.
      try preload.shiftClock(seconds: 0)
      try await world.waitForReceipts(1, in: "investors", within: .seconds(20))
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").accepted == 3)
      #expect(api.requests.count == 3)
    }
    await api.stop()
  }
}
