import Foundation
import Glibc
import JSONText
import Synchronization
import Testing
import TestKit

/// APIs and token endpoints that answer what nobody should.
@Suite struct `Hostile servers` {
  private static let odd = [
    "Sun, 06 Nov 1994 9223372036854775807:49:37 GMT", "+9223372036854775808", "-9223372036854775808", "0",
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 99:99:99 GMT", "soon",
  ]

  @Test func `no Retry-After and no expires_in, of API or token endpoint, brings the daemon down`() async throws {
    let tokens = Mutex(0)
    let requests = Mutex(0)
    let server = try LoopbackServer { request in
      if request.path.hasPrefix("/token") {
        let number = tokens.withLock { count in
          defer { count += 1 }
          return count
        }
        guard number >= Self.odd.count else { return .status(503, headers: ["Retry-After": Self.odd[number]]) }
        return .json(#"{"access_token": "t", "expires_in": 9223372036854775807}"#)
      }
      let number = requests.withLock { count in
        defer { count += 1 }
        return count
      }
      guard number >= 2 * Self.odd.count else {
        return .status(number % 2 == 0 ? 429 : 500, headers: ["Retry-After": Self.odd[number / 2]])
      }
      return .lusid(request)
    }
    try await withWorld(.lusid(server.url, tokensFrom: server.url + "/token")) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      #expect(try world.receipt("investors").accepted == 1)
    }
    await server.stop()
  }

  /// A 201 that names the items before the one called `bad`, and then goes on for 60 MB.
  private static func endless(_ request: ReceivedRequest, deep: Bool) -> Reply {
    guard let place = request.displayNames.firstIndex(of: "bad") else { return .lusid(request) }
    let ids = request.requestIDs
    let good = ids[..<place].map { "\"\($0)\": {}, " }.joined()
    let start = "{\"values\": {\(good)\"\(ids[place])\": {\"displayName\": "
    return .json(start + (deep ? deepFilling : longFilling), status: 201)
  }

  // Made once: it takes seconds.
  private static let deepFilling = String(repeating: "[", count: 480) + String(repeating: "1,", count: 30_000_000)
  private static let longFilling = "\"" + String(repeating: "x", count: 60_000_000)

  @Test(arguments: [false, true])
  func `an answer without end costs its own item at most, and little time`(_ deep: Bool) async throws {
    let api = try LoopbackServer { Self.endless($0, deep: deep) }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 40}"])) { world in
      let records = (1...120).map { record("\($0)", name: $0 == 57 ? "bad" : nil) }
      try world.drop("a.json", in: "investors", array(records))
      try await world.workOff(expecting: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 119)
      let refused = receipt["rejects"]?["first"]?.elements ?? []
      #expect(refused.map { $0["code"]?.string } == ["unacknowledged"])
      #expect(refused.first?["item"]?.integer == 57)
      // What an answer settled is settled: whole batches are not sent again and again.
      #expect(api.requests.count < 20, "\(api.requests.count) requests")
    }
    await api.stop()
  }

  @Test func `a stop is obeyed while such answers come`() async throws {
    let api = try LoopbackServer { request in
      let deep = String(repeating: "[", count: 480) + String(repeating: "{\"a\":[1,2]},", count: 5_000_000)
      return .json("{\"failed\": {\"\(request.requestIDs[0])\": \(deep)", status: request.number % 2 == 0 ? 201 : 500)
    }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 1}"])) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array((1...50).map { record("\($0)") }))
      try await api.waitForRequests(12)
      let facts = try String(contentsOfFile: "/proc/\(daemon.id)/status", encoding: .utf8)
      let peak = facts.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?.split(whereSeparator: \.isWhitespace)
      #expect(peak.flatMap { Int($0[1]) } ?? .max < 128 << 10, "\(peak ?? [])")
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(10)) == 0)
    }
    await api.stop()
  }

  @Test func `a 413 that comes while the request is still going out halves the batch`() async throws {
    // More than fits into the buffers of a connection.
    let name = String(repeating: "n", count: 400)
    let api = try LoopbackServer { request in
      request.requestIDs.count > 1500 ? .answer(status: 413, headers: ["Connection": "close"]) : .lusid(request)
    }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 2000, max_bytes: 8MiB}"])) { world in
      try world.drop("a.json", in: "investors", array((1...2000).map { record("\($0)", name: name) }))
      try await world.workOff()
      let receipt = try world.receipt("investors")
      #expect(receipt.accepted == 2000)
      #expect(receipt.batches.count == 2)
    }
    await api.stop()
  }
}
