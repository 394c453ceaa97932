internal import Delivery
internal import Logging
internal import Outbox
internal import Sender
internal import Settings
internal import TargetAPI

/// Delivers one target's batches, in the order that their keys ask for, at the pace that the API takes.
///
/// The lane looks at the first batches in line (`BatchWindow`), asks whether another request may go out (`Pace`), and sends it in a child
/// task. What the answer means is decided by the API's pure functions; what is done about it is one commit in the outbox.
actor Lane {
  /// How many of the first batches in line are looked at, at most.
  static let windowSize = 500
  /// How many keys these hold, about: some 50 bytes each. What concurrency needs is looked at all the same.
  private static let windowKeys = 40_000
  /// Answers that do not name an item before it is given up.
  static let mostMisses = 3

  let target: Target
  let api: any TargetAPI
  let outbox: Outbox
  let originals: Originals
  let connections: Connections
  let tokens: TokenSource
  let retry: Settings.Retry
  let logger: Logger
  let instruments: Instruments
  let meters: TargetMeters
  /// Tells whoever writes results that a file may have become complete.
  let onSettled: @Sendable () -> Void
  let signal = Signal()

  var window = BatchWindow()
  var batches: [Int64: WaitingBatch] = [:]
  var pace: Pace
  private var last: (file: FileID, position: String)?
  private var mayHaveMore = true
  /// Counts how often the line was read anew.
  private var edition = 0
  /// Counts what was settled or parted.
  private var changes = 0
  private var isPaused: Bool
  private var isStopping = false
  var underWay: Set<Int64> = []
  /// How many requests they make.
  var requestsUnderWay = 0
  var company = Company()
  /// Cancelled files of which a request is under way: what it leaves is refused.
  var cancelled: Set<FileID> = []
  private var noted: Pace.State?
  private var targetNews = TargetNews()
  var fileNews = FileNews()

  init(
    target: Target, api: any TargetAPI, outbox: Outbox, originals: Originals, connections: Connections,
    retry: Settings.Retry, logger: Logger,
    instruments: Instruments, isPaused: Bool, onSettled: @escaping @Sendable () -> Void
  ) {
    self.target = target
    self.api = api
    self.outbox = outbox
    self.originals = originals
    self.connections = connections
    self.retry = retry
    self.logger = logger
    self.instruments = instruments
    let meters = TargetMeters(target.name, instruments.metrics)
    self.meters = meters
    self.isPaused = isPaused
    self.onSettled = onSettled
    tokens = TokenSource(
      auth: target.auth, connections: connections, timeout: target.timeout, count: { meters.askedForToken($0) })
    pace = Pace(
      concurrency: target.concurrency, maxRequestsPerSecond: target.maxRequestsPerSecond,
      backoff: Backoff(initial: retry.initial, max: retry.max))
  }

  var backoff: Backoff { Backoff(initial: retry.initial, max: retry.max) }

  /// Delivers until `stop()`; returns when the requests under way have ended.
  func run() async {
    let loop = "target \(target.name)"
    await withDiscardingTaskGroup { requests in
      while !isStopping {
        instruments.pulse.beat(loop)
        var wake = Timestamp.now + Pulse.beat
        do {
          try await expireIfDue()
          try await refillIfLow()
          try await noteState()
          instruments.troubles.end("the outbox can't be used", in: loop, logger: logger)
          if let next = begin(in: &requests) { wake = min(wake, next) }
        } catch {
          // The disk may be full: nothing is lost by waiting.
          instruments.troubles.begin("the outbox can't be used", in: loop, error, logger: logger)
        }
        await signal.wait(atMost: max(.milliseconds(1), wake - .now))
      }
    }
    instruments.pulse.ended(loop)
    instruments.troubles.forget(loop)
  }

  /// Starts every request that may go out now; returns when to look again, nil for when something happens.
  private func begin(in requests: inout DiscardingTaskGroup) -> Timestamp? {
    let now = Timestamp.now
    noteSendable(at: now)
    while !isPaused {
      switch pace.permission(at: now, underWay: requestsUnderWay) {
      case .wait(let until):
        return until
      case .go:
        let (ids, until) = next(at: now)
        if ids.isEmpty { return until }
        for id in ids { window.begin(id) }
        underWay.formUnion(ids)
        requestsUnderWay += 1
        pace.begin(at: now)
        let members = ids.compactMap { batches[$0] }
        requests.addTask { await self.deliver(members) }
      }
    }
    return nil
  }

  // MARK: - What others ask of the lane

  /// Something was published, up to `file`.
  func published(_ file: FileID) async {
    if let last, file < last.file {
      // A file that could not be read at its time comes late: begin at the front again.
      await reload()
    }
    mayHaveMore = true
    signal.raise()
  }

  func setPaused(_ isPaused: Bool) {
    self.isPaused = isPaused
    signal.raise()
  }

  /// An operator says: try now what waits, and end a hold.
  func tryNow(file: FileID?) {
    pace.release()
    window.makeDue(at: .now) { id in file == nil || batches[id]?.file == file }
    signal.raise()
  }

  /// Begins no further request.
  func stop() {
    isStopping = true
    signal.raise()
  }

  /// What the target is doing, for `status`: paused counts before anything else.
  var state: Pace.State { pace.state }

  // MARK: - The line

  private var isLow: Bool {
    window.count < 2 * target.concurrency
      || window.count < Self.windowSize / 2 && window.keyCount < Self.windowKeys / 2
  }

  /// How many batches are read at once.
  private var page: Int {
    max(4 * target.concurrency, min(Self.windowSize / 2, Self.windowKeys / 2 / target.batch.maxItems))
  }

  private func refillIfLow() async throws(OutboxError) {
    guard mayHaveMore, isLow || hasRoomForSmallBatches else { return }
    let (place, edition) = (last, edition)
    let limit = hasRoomForSmallBatches ? Self.windowSize / 2 : page
    mayHaveMore = false
    let more = try await outbox.line(for: target.name, after: place, limit: limit)
    if more.count == limit { mayHaveMore = true }
    // The line was read anew meanwhile: this page is out of date.
    guard edition == self.edition else { return mayHaveMore = true }
    for batch in more { append(batch) }
  }

  private func append(_ batch: WaitingBatch) {
    // Parts of a batch that was the last in line may have come by way of `replace` already.
    guard batches[batch.id] == nil else { return }
    last = (batch.file, batch.position)
    batches[batch.id] = batch
    window.append(BatchWindow.Entry(id: batch.id, keys: batch.keys, due: batch.due))
  }

  /// Reads the line anew from the outbox; requests under way keep their places.
  func reload() async {
    do {
      var line: [WaitingBatch]
      var before: Int
      repeat {
        before = changes
        line = try await outbox.line(for: target.name, after: nil, limit: page)
        // A batch that was settled or parted meanwhile must not come back.
      } while before != changes
      edition += 1
      window = BatchWindow()
      batches = [:]
      last = nil
      for batch in line {
        append(batch)
        if underWay.contains(batch.id) { window.begin(batch.id) }
      }
      mayHaveMore = line.count == page
    } catch {
      instruments.troubles.begin("the outbox can't be used", in: "target \(target.name)", error, logger: logger)
    }
  }

  func remove(_ id: Int64) { replace(id, by: []) }

  func replace(_ id: Int64, by parts: [WaitingBatch]) {
    changes += 1
    let new = parts.filter { batches[$0.id] == nil }
    window.replace(id, by: new.map { BatchWindow.Entry(id: $0.id, keys: $0.keys, due: $0.due) })
    batches[id] = nil
    company.forget(id)
    for part in new { batches[part.id] = part }
    if let last, let part = parts.last, part.file == last.file, part.position > last.position {
      self.last = (part.file, part.position)
    }
  }

  /// Tells the outbox, and so every `status`, when the target's state has changed; and the log, loudly where it is on hold.
  private func noteState() async throws(OutboxError) {
    if let news = targetNews.take(pace.state, at: .now) { tell(news) }
    guard pace.state != noted else { return }
    count(pace.state, after: noted ?? .delivering)
    noted = pace.state
    switch pace.state {
    case .delivering: try await outbox.note(target: target.name, state: "delivering", reason: nil, until: nil)
    case .slowed(let reason, let until):
      try await outbox.note(target: target.name, state: "slowed", reason: reason, until: until)
    case .held(let reason, let until):
      try await outbox.note(target: target.name, state: "held", reason: reason, until: until)
    }
  }
}
