import Core
import Outbox
import Testing
@testable import Operations

@Suite struct `The last hour` {
  private func queue(_ items: Int) -> QueueCounts {
    var counts = QueueCounts()
    counts.items = items
    return counts
  }

  private func at(_ minute: Int) -> Timestamp { Timestamp(milliseconds: Int64(minute) * 60_000) }

  @Test func `a minute holds what flowed in it, and what waited at its end`() {
    let history = FlowHistory(from: at(0), counts: FlowCounts())
    #expect(!history.isDue(at: at(0) + .seconds(59)))
    #expect(history.isDue(at: at(1)))
    history.end(at: at(1), counts: FlowCounts(read: ["a": 10], accepted: ["t": 4]), queue: queue(6))
    #expect(!history.isDue(at: at(1)))
    history.end(
      at: at(2), counts: FlowCounts(read: ["a": 10, "b": 2], accepted: ["t": 9], rejected: ["t": 1]), queue: queue(2))
    let minutes = history.minutes(
      at: at(2) + .seconds(5), counts: FlowCounts(read: ["a": 10, "b": 3], accepted: ["t": 9], rejected: ["t": 1]),
      queue: queue(3))
    #expect(
      minutes.map(\.flow) == [
        FlowCounts(read: ["a": 10], accepted: ["t": 4]),
        FlowCounts(read: ["b": 2], accepted: ["t": 5], rejected: ["t": 1]),
        FlowCounts(read: ["b": 1]),
      ])
    #expect(minutes.map(\.queuedItems) == [6, 2, 3])
  }

  @Test func `it holds an hour and no more`() {
    let history = FlowHistory(from: at(0), counts: FlowCounts())
    for minute in 1...100 { history.end(at: at(minute), counts: FlowCounts(read: ["a": minute]), queue: queue(minute)) }
    let minutes = history.minutes(at: at(100), counts: FlowCounts(read: ["a": 100]), queue: queue(0))
    #expect(minutes.count == 61)
    #expect(minutes.first?.at == at(41))
    #expect(minutes.dropLast().allSatisfy { $0.flow.read == ["a": 1] })
  }
}
