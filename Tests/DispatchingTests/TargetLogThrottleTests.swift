import Core
import Engine
import Testing
@testable import Dispatching

@Suite struct `News of a target` {
  private let start = QueueTime(milliseconds: 1_000_000)

  private func at(_ seconds: Int) -> QueueTime { start + .seconds(seconds) }

  @Test func `an API that limits its rate all day is logged once`() {
    var news = TargetLogThrottle()
    func take(_ state: Pace.State, at now: QueueTime) -> TargetLogThrottle.Entry? {
      news.take(state, lastSuccess: nil, at: now)
    }
    #expect(take(.delivering, at: at(0)) == nil)
    #expect(take(.slowed(reason: "429", until: at(2)), at: at(1)) == .slowed(reason: "429", until: at(2)))
    for second in stride(from: 2, to: 3600, by: 3) {
      #expect(take(.delivering, at: at(second)) == nil)
      #expect(take(.slowed(reason: "429", until: at(second + 2)), at: at(second + 1)) == nil)
    }
    #expect(take(.delivering, at: at(3601)) == nil)
    #expect(take(.delivering, at: at(3660)) == nil)
    #expect(take(.delivering, at: at(3661)) == .delivers)
    #expect(take(.delivering, at: at(3662)) == nil)
    #expect(take(.slowed(reason: "429", until: at(3664)), at: at(3663)) != nil)
  }

  @Test func `a hold is logged once for each reason, and its end once something was accepted`() {
    var news = TargetLogThrottle()
    var lastSuccess: QueueTime? = at(-1)
    func take(_ state: Pace.State, at now: QueueTime) -> TargetLogThrottle.Entry? {
      news.take(state, lastSuccess: lastSuccess, at: now)
    }
    #expect(take(.held(reason: "401", until: at(5)), at: at(0)) == .held(reason: "401", until: at(5)))
    #expect(take(.held(reason: "401", until: at(10)), at: at(5)) == nil)
    #expect(take(.held(reason: "403", until: at(20)), at: at(10)) == .held(reason: "403", until: at(20)))
    #expect(take(.delivering, at: at(20)) == nil, "an operator's retry alone is no recovery")
    #expect(take(.held(reason: "403", until: at(30)), at: at(21)) == nil)
    lastSuccess = at(22)
    #expect(take(.delivering, at: at(22)) == .delivers)
    #expect(take(.held(reason: "403", until: at(30)), at: at(23)) != nil)
  }

  @Test func `a server that is there now and then is logged once, as one that can't be reached`() {
    var news = TargetLogThrottle()
    func take(_ state: Pace.State, at now: QueueTime) -> TargetLogThrottle.Entry? {
      news.take(state, lastSuccess: nil, at: now)
    }
    let refused = Hindrance("connection refused", isUnreachable: true)
    #expect(take(.slowed(reason: refused, until: at(2)), at: at(1)) == .unreachable(reason: refused, until: at(2)))
    for second in stride(from: 2, to: 600, by: 3) {
      #expect(take(.delivering, at: at(second)) == nil)
      #expect(take(.slowed(reason: refused, until: at(second + 2)), at: at(second + 1)) == nil)
    }
    #expect(take(.delivering, at: at(601)) == nil)
    #expect(take(.delivering, at: at(661)) == .delivers)
  }

  @Test func `a target that is slowed down and then held is logged twice`() {
    var news = TargetLogThrottle()
    func take(_ state: Pace.State, at now: QueueTime) -> TargetLogThrottle.Entry? {
      news.take(state, lastSuccess: now, at: now)
    }
    #expect(take(.slowed(reason: "nobody there", until: at(1)), at: at(0)) != nil)
    #expect(take(.held(reason: "404", until: at(2)), at: at(1)) != nil)
    #expect(take(.delivering, at: at(2)) == .delivers)
  }
}
