import Glibc
import Synchronization
import Testing
import TestKit

/// The order of delivery, over files and inboxes, whatever has to be sent again.
@Suite struct `Order` {
  /// What reached the API, by name, in order of arrival.
  private final class Seen: Sendable {
    private let names = Mutex<[String]>([])
    func note(_ request: ReceivedRequest) { names.withLock { $0 += request.displayNames } }
    var all: [String] { names.withLock { $0 } }
    func count(_ name: String) -> Int { all.count { $0 == name } }
  }

  @Test func `an item waits for an earlier one with its key, and everything else passes by`() async throws {
    let seen = Seen()
    let api = try LoopbackServer { request in
      seen.note(request)
      return request.displayNames == ["first"] && seen.count("first") < 5 ? .status(500) : .lusid(request)
    }
    try await withWorld(
      .lusid(api.url, target: ["batch: {max_items: 1}"]).with { $0.retry = "{initial: 100ms, max: 300ms}" }
    ) { world in
      try world.drop("a.json", in: "investors", array([record("k", name: "first"), record("other", name: "aside")]))
      try world.drop("b.json", in: "investors", array([record("k", name: "second"), record("third", name: "free")]))
      try await world.workOff()
      try world.checkResults("investors", files: 2)
      let all = seen.all
      #expect(
        all.filter { $0 == "first" || $0 == "second" } == ["first", "first", "first", "first", "first", "second"])
      let second = try #require(all.firstIndex(of: "second"))
      #expect(try #require(all.firstIndex(of: "aside")) < second)
      #expect(try #require(all.firstIndex(of: "free")) < second)
    }
    await api.stop()
  }

  @Test func `keys are in order over two inboxes of one target`() async throws {
    let seen = Seen()
    let api = try LoopbackServer { request in
      seen.note(request)
      return .lusid(request)
    }
    var setup = Setup.lusid(api.url)
    setup.inboxes += ["- {name: others, target: lusid}"]
    try await withWorld(setup) { world in
      _ = try await world.startDaemon()
      // A large file takes longer to read than a small one that comes right behind it.
      let many = (1...3000).map { record("\($0)") } + [record("k", name: "first")]
      try world.drop("large.json", in: "investors", array(many))
      try await eventually("the claim of the large file") { world.names("investors", "inbox").isEmpty }
      try world.drop("small.json", in: "others", array([record("k", name: "second")]))
      try await world.waitForReceipts(1, in: "others")
      try await world.waitForReceipts(1, in: "investors")
      #expect(seen.all.filter { $0 == "first" || $0 == "second" } == ["first", "second"])
    }
    await api.stop()
  }

  @Test func `a stop while a file is read lets no later one overtake it`() async throws {
    let seen = Seen()
    let api = try LoopbackServer { request in
      seen.note(request)
      return .lusid(request)
    }
    var setup = Setup.lusid(api.url)
    setup.inboxes += ["- {name: others, target: lusid}"]
    try await withWorld(setup) { world in
      for signal in [SIGTERM, SIGKILL] {
        let daemon = try await world.startDaemon()
        let many = (1...20_000).map { record("\($0)") } + [record("k\(signal)", name: "first \(signal)")]
        try world.drop("large.json", in: "investors", array(many))
        try await eventually("the claim of the large file") { world.names("investors", "inbox").isEmpty }
        try world.drop("small.json", in: "others", array([record("k\(signal)", name: "second \(signal)")]))
        try await eventually("the claim of the small file") { world.names("others", "inbox").isEmpty }
        daemon.send(signal)
        _ = try await daemon.end()
        try await world.workOff()
        #expect(seen.all.filter { $0.hasSuffix(" \(signal)") } == ["first \(signal)", "second \(signal)"])
      }
      try world.checkResults("investors", files: 2)
      try world.checkResults("others", files: 2)
    }
    await api.stop()
  }

  @Test func `ordering file sends an inbox's batches one after the other`() async throws {
    let seen = Seen()
    let api = try LoopbackServer { request in
      seen.note(request)
      return request.number % 3 == 2 ? .status(500) : .lusid(request)
    }
    try await withWorld(
      .lusid(api.url, target: ["batch: {max_items: 2}", "concurrency: 4"], inbox: ["ordering: file"])
    ) { world in
      try world.drop("a.json", in: "investors", array((1...9).map { record("\($0)") }))
      try world.drop("b.json", in: "investors", array((10...15).map { record("\($0)") }))
      try await world.workOff()
      try world.checkResults("investors", files: 2)
      #expect(api.mostUnderWay == 1)
      let accepted = api.requests.filter { $0.number % 3 != 2 }.flatMap(\.displayNames)
      #expect(accepted == (1...15).map(String.init))
    }
    await api.stop()
  }

  @Test func `ordering none keeps no order, and sends at once`() async throws {
    let api = try LoopbackServer { request in .delayed(.milliseconds(100), .lusid(request)) }
    try await withWorld(
      .lusid(api.url, target: ["batch: {max_items: 1}", "concurrency: 4"], inbox: ["ordering: none"])
    ) { world in
      // One file, so that its batches become sendable at the same moment however slow the machine is.
      try world.drop("a.json", in: "investors", array((1...4).map { record("k", name: "\($0)") }))
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      #expect(api.mostUnderWay > 1)
    }
    await api.stop()
  }
}
