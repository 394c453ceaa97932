import Core
import Engine
import Testing

@Suite struct `Notices of one receiver` {
  private static let start = QueueTime(milliseconds: 1_000_000)
  private static let backoff = Backoff(initial: .seconds(1), max: .seconds(300))
  private static let away = NoticeQueue.Outcome.unavailable(isAnswered: false, retryAfter: nil)

  /// Notices 1, 2, 3 … about these files.
  private static func queue(
    _ subjects: String..., maxAge: Duration = .seconds(86_400), triesOnce: Bool = false
  ) -> NoticeQueue {
    var queue = NoticeQueue(backoff: backoff, maxAge: maxAge, triesOnce: triesOnce)
    queue.add(
      subjects.enumerated().map { NoticeQueue.Entry(row: Int64($0 + 1), subject: $1, queuedAt: start) })
    return queue
  }

  /// Sends whatever may go until time `end`, and returns what was sent, in order.
  private static func drive(
    _ queue: inout NoticeQueue, from start: QueueTime, to end: QueueTime,
    _ outcome: (Int64, QueueTime) -> NoticeQueue.Outcome
  ) -> [(row: Int64, at: QueueTime)] {
    var sent: [(row: Int64, at: QueueTime)] = []
    var now = start
    while now <= end {
      while case .send(let row)? = queue.nextAction(at: now) {
        sent.append((row, now))
        queue.ended(row, outcome(row, now), at: now, jitter: 1)
      }
      guard let wake = queue.wakeTime(after: now) else { break }
      now = max(wake, now + .milliseconds(1))
    }
    return sent
  }

  @Test func `they are sent one at a time, in their order`() {
    var queue = Self.queue("a", "b")
    #expect(queue.nextAction(at: Self.start) == .send(row: 1))
    #expect(queue.nextAction(at: Self.start) == nil)
    queue.ended(1, .delivered, at: Self.start, jitter: 0)
    #expect(queue.nextAction(at: Self.start) == .send(row: 2))
    queue.ended(2, .delivered, at: Self.start, jitter: 0)
    #expect(queue.nextAction(at: Self.start) == nil)
    #expect(queue.count == 0)
    #expect(queue.wakeTime(after: Self.start) == nil)
  }

  @Test func `a receiver that is away for an hour gets all in order, after ever longer waits`() {
    var queue = Self.queue("a", "b", "c")
    let back = Self.start + .seconds(3600)
    let sent = Self.drive(&queue, from: Self.start, to: back + .seconds(600)) { _, now in
      now < back ? Self.away : .delivered
    }
    let tries = sent.filter { $0.at < back }
    #expect(tries.allSatisfy { $0.row == 1 })
    #expect((10...30).contains(tries.count))
    #expect(sent.dropFirst(tries.count).map(\.row) == [1, 2, 3])
    let waits = zip(tries, tries.dropFirst()).map { $1.at - $0.at }
    #expect(waits.prefix(3) == [.seconds(1), .seconds(2), .seconds(4)])
    #expect(waits.allSatisfy { $0 <= .seconds(300) })
  }

  @Test func `an operator's retry sends at once what waits, also what stepped aside`() {
    var queue = Self.queue("a", "b")
    var now = Self.start
    _ = queue.nextAction(at: now)
    queue.ended(1, .unavailable(isAnswered: true, retryAfter: .seconds(3600)), at: now, jitter: 1)
    #expect(queue.nextAction(at: now + .seconds(60)) == nil)
    queue.tryNow(at: now + .seconds(60))
    #expect(queue.nextAction(at: now + .seconds(60)) == .send(row: 1))
    queue.ended(1, .delivered, at: now + .seconds(60), jitter: 1)
    now = now + .seconds(100)
    while queue.nextAction(at: now) != nil {
      queue.ended(2, .refused, at: now, jitter: 1)
      now = now + .seconds(400)
      if now > Self.start + .seconds(3000) { break }
    }
    queue.tryNow(at: now)
    #expect(queue.nextAction(at: now) == .send(row: 2))
  }

  @Test func `nothing is sent before the time that the receiver asked for`() {
    var queue = Self.queue("a")
    #expect(queue.nextAction(at: Self.start) == .send(row: 1))
    queue.ended(1, .unavailable(isAnswered: true, retryAfter: .seconds(100)), at: Self.start, jitter: 0)
    #expect(queue.nextAction(at: Self.start + .seconds(99)) == nil)
    #expect(queue.wakeTime(after: Self.start) == Self.start + .seconds(100))
    #expect(queue.nextAction(at: Self.start + .seconds(100)) == .send(row: 1))
  }

  @Test func `one that is refused again and again lets others pass, but none of its own file`() {
    var queue = Self.queue("bad", "bad", "good")
    let sent = Self.drive(&queue, from: Self.start, to: Self.start + .seconds(3600)) { row, _ in
      row == 1 ? .refused : .delivered
    }
    let passed = sent.firstIndex { $0.row == 3 }
    #expect(!sent.contains { $0.row == 2 })
    #expect(passed.map { $0 >= NoticeQueue.mostRefusals } == true)
    #expect(passed.map { sent[$0].at - Self.start >= NoticeQueue.refusedFor } == true)
    #expect(passed.map { sent[$0].at - Self.start < .seconds(1200) } == true)
    #expect(sent.last?.row == 1, "it is still tried")
    #expect(queue.count == 2)
  }

  @Test func `a receiver that is away is no reason to pass anything over`() {
    var queue = Self.queue("a", "b")
    let sent = Self.drive(&queue, from: Self.start, to: Self.start + .seconds(7200)) { _, _ in Self.away }
    #expect(sent.allSatisfy { $0.row == 1 })
  }

  @Test func `one that is too old is given up, and the next goes on`() {
    var queue = Self.queue("a", "b", maxAge: .seconds(60))
    queue.add([NoticeQueue.Entry(row: 3, subject: "c", queuedAt: Self.start + .seconds(30))])
    _ = queue.nextAction(at: Self.start)
    queue.ended(1, Self.away, at: Self.start, jitter: 1)
    #expect(queue.nextAction(at: Self.start + .seconds(60)) == .giveUp(rows: [1, 2]))
    #expect(queue.nextAction(at: Self.start + .seconds(60)) == .send(row: 3))
  }

  @Test func `a run that ends tries each once, and none behind a failed one of the same file`() {
    var queue = Self.queue("a", "a", "b", "c", triesOnce: true)
    let sent = Self.drive(&queue, from: Self.start, to: Self.start) { row, _ in row == 3 ? .delivered : .refused }
    #expect(sent.map(\.row) == [1, 3, 4])
    #expect(queue.nextAction(at: Self.start + .seconds(600)) == nil)
    #expect(queue.count == 3)
  }

  @Test func `a run that ends does not wait for a receiver that never answers, notice by notice`() {
    var queue = Self.queue("a", "b", "c", "d", "e", triesOnce: true)
    let sent = Self.drive(&queue, from: Self.start, to: Self.start) { _, _ in Self.away }
    #expect(sent.map(\.row) == [1, 2, 3])
  }

  @Test func `what was added before is not added again`() {
    var queue = Self.queue("a")
    queue.add([
      NoticeQueue.Entry(row: 1, subject: "a", queuedAt: Self.start),
      NoticeQueue.Entry(row: 2, subject: "b", queuedAt: Self.start),
    ])
    #expect(queue.count == 2)
    #expect(queue.lastRow == 2)
  }

  @Test func `a notice has the same id for the same occurrence, and another one for any other`() {
    let file = FileID(value: 1)
    let time = Timestamp(milliseconds: 0)
    let first = Notice(.partial, at: time, inbox: "a", file: file, message: "one")
    #expect(first.id == Notice(.partial, at: Timestamp(milliseconds: 5), inbox: "a", file: file, message: "two").id)
    let others = [
      Notice(.rejected, at: time, inbox: "a", file: file, message: "one"),
      Notice(.partial, at: time, inbox: "b", file: file, message: "one"),
      Notice(.partial, at: time, inbox: "a", file: FileID(value: 2), message: "one"),
      Notice(.partial, at: time, inbox: "a", file: file, occurrence: "x", message: "one"),
      Notice(.partial, at: time, target: "a", file: file, message: "one"),
    ]
    #expect(Set(others.map(\.id) + [first.id]).count == 6)
    #expect(first.id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
  }
}
