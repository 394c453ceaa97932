import Core
import Foundation
import JSONText
import Synchronization
import Testing
import TestKit

/// Trouble that passes by itself: the batch is sent again, and nothing is rejected.
@Suite struct `Passing trouble` {
  @Test(arguments: [408, 409, 425, 429, 500, 501, 502, 503, 504, 599])
  func `a status that may pass is tried again`(_ status: Int) async throws {
    let api = try LoopbackServer { $0.number <= 2 ? .problem(status) : .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      let batch = try world.receipt("investors").batches.first
      #expect(batch?["attempts"]?.integer == 3)
      #expect(batch?["unanswered"]?.integer == 0)
    }
    await api.stop()
  }

  /// LUSID's own codes, each with a status that would mean something else.
  @Test(arguments: [
    (103, 400), (103, 403), (-1, 400), (-10, 404), (149, 400), (150, 422), (153, 400), (156, 409), (162, 400),
    (163, 400),
  ])
  func `a problem document that speaks of trouble is believed`(_ code: Int, _ status: Int) async throws {
    let api = try LoopbackServer { $0.number <= 2 ? .problem(status, code: code) : .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1"), record("2")]))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 2)
      #expect(receipt.requests == 3)
      // Whole each time: neither halved nor rejected.
      #expect(api.requests.allSatisfy { $0.requestIDs.count == 2 })
    }
    await api.stop()
  }

  @Test(arguments: [409, 425, 500, 502])
  func `Retry-After holds back the batch itself also where the target is not slowed down`(_ status: Int) async throws {
    let arrivals = Arrivals()
    let api = try LoopbackServer { request in
      arrivals.note()
      return request.number == 1 ? .status(status, headers: ["Retry-After": "1"]) : .lusid(request)
    }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      #expect(try #require(arrivals.gap(after: 1)) >= .seconds(1))
    }
    await api.stop()
  }

  @Test(arguments: [429, 503])
  func `Retry-After in seconds holds back the whole target`(_ status: Int) async throws {
    let arrivals = Arrivals()
    let api = try LoopbackServer { request in
      arrivals.note()
      return request.number == 1 ? .status(status, headers: ["Retry-After": "1"]) : .lusid(request)
    }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 1"])) { world in
      try world.drop("a.json", in: "investors", array((1...4).map { record("\($0)") }))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      #expect(try #require(arrivals.gap(after: 1)) >= .seconds(1))
      #expect(arrivals.all.count == 5)
    }
    await api.stop()
  }

  @Test(arguments: ["0", "-1", "Thu, 01 Jan 1970 00:00:00 GMT"])
  func `a 429 slows down, also where its Retry-After asks for no time`(_ value: String) async throws {
    let api = try LoopbackServer { _ in .status(429, headers: ["Retry-After": value]) }
    let setup = Setup.lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 8"])
      .with { $0.retry = "{initial: 500ms, max: 1m}" }
    try await withWorld(setup) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array((1...100).map { record("\($0)") }))
      try await api.waitForRequests(1)
      try await Task.sleep(for: .seconds(4))
      // Eight at first at most, then one at a time with growing pauses.
      #expect(api.requests.count < 30, "\(api.requests.count) requests in four seconds")
    }
    await api.stop()
  }

  @Test func `Retry-After as a date is honoured`() async throws {
    let arrivals = Arrivals()
    // A date has whole seconds: this one is between one and two of them away.
    let date = Mutex(Date.distantFuture)
    let api = try LoopbackServer { request in
      arrivals.note()
      guard request.number == 1 else { return .lusid(request) }
      let until = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + 2).rounded(.down))
      date.withLock { $0 = until }
      return .status(503, headers: ["Retry-After": Self.httpDate(until)])
    }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      #expect(Date() >= date.withLock { $0 })
      #expect(try #require(arrivals.gap(after: 1)) > .seconds(0.9))
      #expect(arrivals.all.count == 2)
    }
    await api.stop()
  }

  private static func httpDate(_ date: Date) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return format.string(from: date)
  }

  @Test func `a server that never answers is left after the time-out, and counted as unanswered`() async throws {
    let api = try LoopbackServer { $0.number <= 2 ? .hang : .lusid($0) }
    try await withWorld(.lusid(api.url, target: ["timeout: 300ms"])) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      let batch = try world.receipt("investors").batches.first
      #expect(batch?["attempts"]?.integer == 3)
      #expect(batch?["unanswered"]?.integer == 2)
    }
    await api.stop()
  }

  @Test func `an unanswered request is still told of after the batch was halved`() async throws {
    let api = try LoopbackServer { request in
      if request.number == 1 { return .close }
      return request.displayNames.contains("poison") ? .status(400) : .lusid(request)
    }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1"), record("2", name: "poison")]))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.requests == 4)
      let unanswered = receipt.batches.compactMap { $0["unanswered"]?.integer }
      #expect(unanswered.contains { $0 > 0 })
    }
    await api.stop()
  }

  @Test func `while no server is there everything waits, is told as that with since when, and counts as not sent`()
    async throws
  {
    let api = try LoopbackServer { .lusid($0) }
    await api.stop()
    try await withWorld(.lusid(api.url)) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      let reason = try await world.waitFor(target: "lusid", toBe: "slowed")
      #expect(reason.contains("\"\(api.url)/") && reason.contains("can't be reached"), "\(reason)")
      try await daemon.waitFor("target can't be reached", within: .seconds(60))
      try await eventually("since when") {
        let target = try await world.status()["targets"]?.elements?.first
        #expect(target?["advice"]?.string?.contains("server runs") == true)
        #expect(target?["command"]?.string == "systemctl reload upsertd")
        return target?["unreachable"] == .bool(true) && target?["since"]?.string != nil
      }
      let shown = try await world.run(["status"]).printed
      #expect(shown.contains("lusid: slowed, can't be reached since 20"), "\(shown)")
      #expect(shown.contains("; then: systemctl reload upsertd"), "\(shown)")
      #expect(try await world.status()["queue"]?["items"]?.integer == 1)
      try api.start()
      try await world.waitForReceipts(1, in: "investors")
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 1)
      #expect(receipt.requests == 1)
      #expect(receipt.batches.first?["attempts"]?.integer == 1)
      #expect(receipt.batches.first?["unanswered"]?.integer == 0)
      try await eventually("the end of the trouble") {
        let target = try await world.status()["targets"]?.elements?.first
        return target?["unreachable"] == .bool(false) && target?["since"] == .null && target?["advice"] == .null
      }
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
    }
    await api.stop()
  }

  /// No such host, and an address that nothing answers at (RFC 5737).
  @Test(arguments: ["https://nowhere.invalid", "https://192.0.2.1"])
  func `a server that is not to be found is told as that within a minute`(_ url: String) async throws {
    try await withWorld(.lusid(url)) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await daemon.waitFor("target can't be reached", within: .seconds(60))
      let reason = try await world.waitFor(target: "lusid", toBe: "slowed")
      #expect(reason.contains("\"\(url)/") && reason.contains("can't be reached"), "\(reason)")
    }
  }

  @Test func `what is not accepted in time expires, and says whether it may have been applied`() async throws {
    let api = try LoopbackServer { $0.number == 1 ? .close : .status(500) }
    try await withWorld(.lusid(api.url).with { $0.retry = "{initial: 20ms, max: 50ms, max_age: 1s}" }) { world in
      try world.drop("a.json", in: "investors", array([record("1"), record("2")]))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.codes == [1: "expired", 2: "expired"])
      #expect(receipt.message(ofItem: 1)?.contains("it may have been applied") == true)
      #expect(receipt.requests == api.requests.count)
    }
    await api.stop()
  }

  @Test func `what waits for a target on hold expires as well`() async throws {
    let api = try LoopbackServer { _ in .status(403) }
    try await withWorld(.lusid(api.url).with { $0.retry = "{initial: 20ms, max: 50ms, max_age: 500ms}" }) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.codes == [1: "expired"])
      #expect(receipt.message(ofItem: 1)?.contains("may have been applied") == false)
    }
    await api.stop()
  }

  @Test func `what expires unsent says what its target waited for`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url).with { $0.retry = "{initial: 20ms, max: 50ms, max_age: 500ms}" }) { world in
      _ = try await world.startDaemon()
      #expect(try await world.run(["pause", "lusid"]).status == 0)
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.waitForReceipts(1, in: "investors")
      let message = try world.receipt("investors").message(ofItem: 1)
      #expect(message?.hasSuffix("(retry.max_age); last problem: the target is paused") == true, "\(message ?? "")")
      #expect(api.requests.isEmpty)
    }
    await api.stop()
  }

  @Test func `no more requests go out in a second than the target allows, nor at once`() async throws {
    let arrivals = Arrivals()
    let api = try LoopbackServer { request in
      arrivals.note()
      return .delayed(.milliseconds(150), .lusid(request))
    }
    let target = ["batch: {max_items: 1}", "concurrency: 3", "max_requests_per_second: 10"]
    try await withWorld(.lusid(api.url, target: target)) { world in
      try world.drop("a.json", in: "investors", array((1...8).map { record("\($0)") }))
      try await world.workOff()
      let all = arrivals.all
      #expect(try #require(all.last) - all[0] >= .milliseconds(650))
      #expect(api.mostUnderWay <= 3)
      #expect(api.mostUnderWay > 1)
    }
    await api.stop()
  }

  @Test func `receipts name the request by which LUSID knows it, and status repeats them without batches`() async throws
  {
    let api = try LoopbackServer { request in
      guard case .answer(let status, let headers, let body) = Reply.lusid(request) else { return .close }
      return .answer(
        status: status, headers: headers.merging(["lusid-meta-requestId": "0HN:00000001"]) { a, _ in a }, body: body)
    }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      let receipt = try world.receipt("investors")
      #expect(receipt.batches.first?["requestId"]?.string == "0HN:00000001")
      #expect(receipt.batches.first?["status"]?.integer == 201)
      #expect(receipt.batches.first?["sentAt"]?.string?.hasSuffix("Z") == true)
      let recent = try await world.status()["recent"]?.elements ?? []
      #expect(recent.count == 1)
      #expect(recent.first?["file"]?["id"]?.string == receipt.id)
      #expect(recent.first?["counts"]?["accepted"]?.integer == 1)
      #expect(recent.first?["batches"] == nil)
    }
    await api.stop()
  }
}
