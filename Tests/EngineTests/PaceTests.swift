import Core
import Engine
import Testing

@Suite struct PaceTests {
  private let now = QueueTime(milliseconds: 1_000_000)

  private func pace(concurrency: Int = 4, perSecond: Double? = nil) -> Pace {
    Pace(
      concurrency: concurrency, maxRequestsPerSecond: perSecond,
      backoff: Backoff(initial: .seconds(1), max: .seconds(300)))
  }

  @Test func `no more requests are under way than the concurrency allows`() {
    let pace = pace(concurrency: 2)
    #expect(pace.permission(at: now, underWay: 1) == .go)
    #expect(pace.permission(at: now, underWay: 2) == .wait(until: nil))
  }

  @Test func `requests keep the distance that the rate asks for`() {
    var pace = pace(perSecond: 20)
    pace.begin(at: now)
    #expect(pace.permission(at: now, underWay: 1) == .wait(until: now + .milliseconds(50)))
    #expect(pace.permission(at: now + .milliseconds(50), underWay: 1) == .go)
  }

  @Test func `a Retry-After stops the whole target until then, whatever earlier requests answer`() {
    var pace = pace()
    pace.slow("429", retryAfter: .seconds(7), at: now, jitter: 0)
    pace.succeeded(at: now + .seconds(1))
    #expect(pace.permission(at: now + .seconds(6), underWay: 0) == .wait(until: now + .seconds(7)))
    #expect(pace.permission(at: now + .seconds(7), underWay: 0) == .go)
  }

  @Test func `a hold lets one request at a time find out whether it is over`() {
    var pace = pace()
    pace.hold("403", at: now, jitter: 1)
    #expect(pace.permission(at: now, underWay: 0) == .wait(until: now + .seconds(1)))
    #expect(pace.permission(at: now + .seconds(1), underWay: 0) == .go)
    #expect(pace.permission(at: now + .seconds(1), underWay: 1) == .wait(until: nil))
    pace.succeeded(at: now + .seconds(1))
    #expect(pace.state == .delivering)
  }

  @Test func `holds wait longer and longer, up to the maximum`() {
    var pace = pace()
    var waits: [Int64] = []
    for _ in 0..<12 {
      pace.hold("403", at: now, jitter: 1)
      if case .held(_, let until) = pace.state { waits.append((until - now).milliseconds) }
    }
    #expect(waits.first == 1000)
    #expect(waits == waits.sorted())
    #expect(waits.last == 300_000)
  }

  @Test func `trouble halves the requests under way, good answers bring them back one by one`() {
    var pace = pace(concurrency: 8)
    pace.stumbled(at: now)
    #expect(pace.allowance == 4)
    pace.stumbled(at: now + .milliseconds(10))
    #expect(pace.allowance == 4, "once a second at most: one outage fails many requests at once")
    pace.stumbled(at: now + .seconds(2))
    #expect(pace.allowance == 2)
    for _ in 0..<2 { pace.succeeded(at: now + .seconds(3)) }
    #expect(pace.allowance == 3)
    for _ in 0..<100 { pace.succeeded(at: now + .seconds(3)) }
    #expect(pace.allowance == 8)
  }

  @Test func `backoff doubles up to its maximum and is drawn from zero on`() {
    let backoff = Backoff(initial: .seconds(1), max: .seconds(300))
    #expect(backoff.ceiling(failures: 1) == .seconds(1))
    #expect(backoff.ceiling(failures: 4) == .seconds(8))
    #expect(backoff.ceiling(failures: 1000) == .seconds(300))
    #expect(backoff.delay(failures: 4, jitter: 0) == .zero)
    #expect(backoff.delay(failures: 4, jitter: 0.5) == .seconds(4))
  }
}
