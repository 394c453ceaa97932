import Core
import Engine
import Testing

@Suite struct ReadingTroubleTests {
  private let start = QueueTime(milliseconds: 1_000_000)
  private let backoff = Backoff(initial: .seconds(1), max: .seconds(300))

  @Test func `tries come further and further apart, the last one at the end of an hour`() {
    var trouble = ReadingTrouble(since: start)
    trouble.fail("input/output error", at: start, backoff: backoff)
    var waits: [Duration] = []
    while !trouble.isHopeless(at: trouble.due) {
      let now = trouble.due
      trouble.fail("input/output error", at: now, backoff: backoff)
      waits.append(trouble.due - now)
    }
    #expect(Array(waits.prefix(4)) == [.seconds(2), .seconds(4), .seconds(8), .seconds(16)])
    #expect(waits.max() == .seconds(300))
    #expect(trouble.due == start + .seconds(3600))
  }

  @Test func `the hour counts from the first failure, and the last reason is told`() {
    var trouble = ReadingTrouble(since: start)
    trouble.fail("a", at: start, backoff: backoff)
    trouble.fail("b", at: start + .seconds(3599), backoff: backoff)
    #expect(trouble.since == start)
    #expect(trouble.reason == "b")
    #expect(!trouble.isHopeless(at: start + .seconds(3599)))
    #expect(trouble.isHopeless(at: start + .seconds(3600)))
  }

  @Test func `a try long after the hour is not put off into the past`() {
    var trouble = ReadingTrouble(since: start)
    trouble.fail("a", at: start, backoff: backoff)
    trouble.fail("a", at: start + .seconds(9000), backoff: backoff)
    #expect(trouble.due == start + .seconds(9000))
  }

  @Test func `an operator's retry makes it due, and never later than it was`() {
    var trouble = ReadingTrouble(since: start)
    trouble.fail("a", at: start, backoff: backoff)
    trouble.makeDue(at: start + .milliseconds(500))
    #expect(trouble.due == start + .milliseconds(500))
    trouble.makeDue(at: start + .seconds(5))
    #expect(trouble.due == start + .milliseconds(500))
  }
}
