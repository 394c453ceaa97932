import TestKit
import Testing

/// A daemon that dies of a request, again and again.
@Suite struct `Crash loop` {
  @Test func `a request that the daemon did not survive waits longer each time, however soon it is started again`()
    async throws
  {
    let api = try LoopbackServer { _ in .hang }
    let setup = Setup.lusid(api.url).with { $0.retry = "{initial: 1s, max: 1h}" }
    try await withWorld(setup) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      var sent: [ContinuousClock.Instant] = []
      for crash in 1...3 {
        let daemon = try await world.startDaemon()
        _ = try await api.waitForRequests(crash)
        sent.append(.now)
        daemon.kill()
      }
      // A beat before the full wait: the request was written down a moment before it was seen.
      #expect(sent[1] - sent[0] > .milliseconds(900))
      #expect(sent[2] - sent[1] > .milliseconds(1900))
    }
    await api.stop()
  }
}
