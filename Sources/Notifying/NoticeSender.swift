internal import Core
internal import Engine
internal import HTTPClient
internal import Logging
internal import Outbox
internal import Runtime
internal import Settings
internal import Telemetry

/// Sends one receiver what waits for it in the outbox.
///
/// `NoticeQueue` decides what is sent and when; this carries it out. It takes no part in deliveries: nothing waits for
/// it, and what it can't send stays in the outbox.
actor NoticeSender {
  private let receiver: String
  private let outbox: Outbox
  private let client: ReceiverClient
  private let clock: DaemonClock
  private let instruments: Instruments
  private let metrics: ReceiverMetrics
  private let logger: Logger
  private let signal = Wakeup()
  private let loop: String

  private let backoff: Backoff
  private let maxAge: Duration
  private var queue: NoticeQueue
  private var isStopping = false
  /// Nothing is queued any more: what is there is tried, then this ends.
  private var isEnding = false
  private var isFailing = false
  /// Notices that found the queue full, as far as they are counted; nil before the first look.
  private var overflowed: Int?
  private var overflowLoggedAt: ContinuousClock.Instant?

  /// How long the outbox is not asked for new notices.
  private static let pause = Duration.seconds(1)
  private static let page = 1000
  private static let reading = "can't read the outbox for notices"
  private static let writing = "can't write to the outbox what became of a notice"

  init(
    _ receiver: Receiver, client: ReceiverClient, outbox: Outbox, retry: Settings.Retry, clock: DaemonClock,
    instruments: Instruments, logger: Logger
  ) {
    self.receiver = receiver.name
    self.client = client
    self.outbox = outbox
    self.clock = clock
    self.instruments = instruments
    metrics = ReceiverMetrics(receiver.name, instruments.metrics)
    loop = "notices \(receiver.name)"
    var logger = logger
    logger[metadataKey: "receiver"] = "\(receiver.name)"
    self.logger = logger
    backoff = Backoff(initial: retry.initial, max: retry.max)
    maxAge = retry.maxAge
    queue = NoticeQueue(backoff: backoff, maxAge: maxAge)
  }

  /// Sends until `stop()`, or until everything was tried after `end()`.
  ///
  /// - Parameter triesOnce: whether each notice is tried only once.
  func run(triesOnce: Bool) async {
    queue = NoticeQueue(backoff: backoff, maxAge: maxAge, triesOnce: triesOnce)
    await withDiscardingTaskGroup { tasks in
      while !isStopping {
        instruments.heartbeat.beat(loop)
        let isLast = isEnding
        await look()
        while !isStopping, let action = queue.nextAction(at: clock.now) {
          switch action {
          case .send(let row): tasks.addTask { await self.send(row) }
          case .giveUp(let rows): await giveUp(rows)
          }
        }
        if isLast, !queue.isSending { break }
        let now = clock.now
        let wake = queue.wakeTime(after: now).map { $0 - now } ?? Self.pause
        await signal.wait(atMost: max(.milliseconds(10), min(wake, Self.pause)))
      }
    }
    client.close()
    instruments.heartbeat.ended(loop)
    instruments.activeFailures.forget(loop)
  }

  /// An operator's order: nothing waits for its next attempt any more.
  func tryNow() {
    queue.tryNow(at: clock.now)
    signal.raise()
  }

  func end() {
    isEnding = true
    signal.raise()
  }

  /// Starts nothing more; what is under way may still end.
  func stop() {
    isStopping = true
    signal.raise()
  }

  /// Reads what is new.
  private func look() async {
    do {
      while true {
        let found = try await outbox.notices(
          for: receiver, after: queue.lastRow, limit: Self.page, at: clock.now)
        queue.add(found.entries)
        reportOverflow(found.overflowed)
        if found.entries.count < Self.page { break }
      }
      instruments.activeFailures.end(Self.reading, in: loop, logger: logger)
    } catch {
      instruments.activeFailures.begin(Self.reading, in: loop, error, logger: logger)
    }
  }

  /// At most once a minute.
  private func reportOverflow(_ count: Int) {
    guard let before = overflowed else { return overflowed = count }
    guard count > before, overflowLoggedAt.map({ $0 + .seconds(60) < .now }) ?? true else { return }
    overflowed = count
    overflowLoggedAt = .now
    metrics.dropped(count - before, .full)
    logger.error(
      "notices are lost, since too many wait for this receiver",
      metadata: ["lost": .number(count - before), "waiting": .number(queue.count)])
  }

  private func send(_ row: Int64) async {
    let notice: WaitingNotice
    do {
      guard let found = try await outbox.notice(row) else {
        return queue.ended(row, .delivered, at: clock.now, jitter: 0)
      }
      notice = found
    } catch {
      instruments.activeFailures.begin(Self.reading, in: loop, error, logger: logger)
      return queue.ended(row, .unavailable(isAnswered: false, retryAfter: nil), at: clock.now, jitter: 1)
    }
    switch await client.send(notice) {
    case .delivered:
      metrics.sent()
      await write { try await $0.delivered(row, to: $1) }
      logger.info("notice sent", metadata: Self.metadata(notice))
      if isFailing {
        logger.notice("the receiver accepts notices again", metadata: ["waiting": .number(queue.count - 1)])
      }
      isFailing = false
      queue.ended(row, .delivered, at: clock.now, jitter: 0)
    case .failed(let outcome, let reason):
      metrics.failed()
      await write { try await $0.failed($1, reason: reason, at: .now) }
      logger.log(
        level: isFailing ? .debug : .warning, "a notice can't be sent; retrying",
        metadata: Self.metadata(notice).merging(["reason": "\(reason)"]) { $1 })
      isFailing = true
      queue.ended(row, outcome, at: clock.now, jitter: .random(in: 0...1))
    case .cancelled: break
    }
    signal.raise()
  }

  private func giveUp(_ rows: [Int64]) async {
    metrics.dropped(rows.count, .expired)
    logger.error("notices are given up: they waited for retry.max_age", metadata: ["lost": .number(rows.count)])
    await write { try await $0.giveUp(rows, of: $1) }
  }

  /// Retries until the disk takes it, or the daemon stops; then the notice is sent again at the next start.
  private func write(_ body: @Sendable (Outbox, String) async throws -> Void) async {
    while true {
      do {
        try await body(outbox, receiver)
        return instruments.activeFailures.end(Self.writing, in: loop, logger: logger)
      } catch {
        instruments.activeFailures.begin(Self.writing, in: loop, error, logger: logger)
        if isStopping { return }
        try? await Task.sleep(for: Self.pause)
      }
    }
  }

  private static func metadata(_ notice: WaitingNotice) -> Logger.Metadata {
    var metadata: Logger.Metadata = ["notice": "\(notice.id)", "event": "\(notice.event)"]
    metadata["file"] = notice.file.map { "\($0)" }
    metadata["inbox"] = notice.inbox.map { "\($0)" }
    metadata["target"] = notice.target.map { "\($0)" }
    return metadata
  }
}
