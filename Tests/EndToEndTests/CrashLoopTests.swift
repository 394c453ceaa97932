import Testing
import TestKit

/// A daemon that dies of a request, again and again.
@Suite struct `Crash loop` {
  @Test func `a request that the daemon did not survive waits longer each time, however soon it is started again`()
    async throws
  {
    let api = try LoopbackServer { _ in .hang }
    let setup = Setup.lusid(api.url).with { $0.retry = "{initial: 1s, max: 1h}" }
    try await withWorld(setup) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      let began = ContinuousClock.now
      var sent: [ContinuousClock.Instant] = []
      for crash in 1...3 {
        let daemon = try await world.startDaemon()
        _ = try await api.waitForRequests(crash)
        sent.append(.now)
        daemon.kill()
      }
      // One second after the first request, two after the second; counted from before the first, since a busy machine sees them late.
      #expect(sent[1] - began > .milliseconds(990))
      #expect(sent[2] - began > .milliseconds(2980))
    }
    await api.stop()
  }
}
