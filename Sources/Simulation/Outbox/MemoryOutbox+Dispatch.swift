package import Core
package import Engine

extension MemoryOutbox: DispatchStore {
  package func line(
    for target: String, after last: BatchName?, limit: Int
  ) async throws(OutboxError) -> LinePage {
    try read { content in
      var page = PageBuilder(limit: limit)
      let files = content.inLine
      let first = last.map { files.partition(behind: $0.file, \.record.place) } ?? 0
      for file in files[first...] where file.isPublished && file.record.facts.target == target {
        for batch in file.batches where batch.target == target {
          if let last, batch.waiting.name <= last { continue }
          guard page.add(batch, of: file) else { return page.page }
        }
      }
      return page.page
    }
  }

  package func batches(
    of file: FileID, after position: String?, limit: Int
  ) async throws(OutboxError) -> LinePage {
    try read { content in
      var page = PageBuilder(limit: limit)
      guard let place = content.file(at: file), content.files[place].isPublished else { return page.page }
      for batch in content.files[place].batches {
        if let position, batch.waiting.name.position <= position { continue }
        guard page.add(batch, of: content.files[place]) else { break }
      }
      return page.page
    }
  }

  package func batches(_ names: [BatchName]) async throws(OutboxError) -> LinePage {
    try read { content in
      var page = PageBuilder(limit: .max)
      for name in names.sorted() {
        guard let place = content.place(of: name), content.files[place.file].isPublished else { continue }
        _ = page.add(content.files[place.file].batches[place.batch], of: content.files[place.file])
      }
      return page.page
    }
  }

  package func postponed(
    for target: String, after last: (due: QueueTime, name: BatchName)?, limit: Int
  ) async throws(OutboxError) -> LinePage {
    try read { content in
      var found: [(due: QueueTime, batch: MemoryBatch, file: Int)] = []
      for (place, file) in content.files.enumerated() where file.isPublished {
        for batch in file.batches where batch.target == target && batch.problem != nil {
          let due = batch.waiting.retryState.due
          if let last, (due, batch.waiting.name) <= last { continue }
          found.append((due, batch, place))
        }
      }
      found.sort { ($0.due, $0.batch.waiting.name) < ($1.due, $1.batch.waiting.name) }
      var page = PageBuilder(limit: limit)
      for (_, batch, file) in found {
        guard page.add(batch, of: content.files[file]) else { break }
      }
      return page.page
    }
  }

  package func oldestFile(for target: String, after last: FileID?) async throws(OutboxError) -> LineFile? {
    try read { content in
      let files = content.inLine
      let first = last.map { last in files.partition(behind: last, \.record.place) } ?? 0
      return files[first...].first {
        if let last, $0.record.place <= last { return false }
        return $0.isPublished && $0.batches.contains { $0.target == target }
      }?.lineFile
    }
  }

  package func files(for target: String) async throws(OutboxError) -> TargetFiles {
    try read { content in
      let files = content.inLine.filter {
        $0.isPublished && $0.record.facts.target == target && !$0.batches.isEmpty
      }
      return TargetFiles(
        newestOrdered: files.last { $0.record.facts.ordering != .none }?.record.place,
        cancelled: files.filter(\.isCancelled).map(\.record.place))
    }
  }

  package func lease(
    _ batches: [(name: BatchName, attempts: Int)], dueAfterCrash due: QueueTime
  ) async throws(OutboxError) -> LeaseResult {
    try write { content in
      var stale: [BatchName] = []
      var damaged: [BatchName] = []
      var leased: [QueuedBatch] = []
      var places: [(file: Int, batch: Int)] = []
      for (name, attempts) in batches {
        guard let place = content.place(of: name) else {
          stale.append(name)
          continue
        }
        let batch = content.files[place.file].batches[place.batch]
        if batch.isDamaged {
          damaged.append(name)
        } else if batch.waiting.attempts != attempts {
          stale.append(name)
        }
        places.append(place)
        leased.append(batch.content)
      }
      if !stale.isEmpty { return .stale(stale) }
      if !damaged.isEmpty { return .damaged(damaged) }
      for (file, batch) in places {
        content.files[file].batches[batch].waiting.attempts += 1
        content.files[file].batches[batch].waiting.unanswered += 1
        content.files[file].batches[batch].waiting.retryState.due = due
        content.files[file].record.counts.requests += 1
      }
      return .leased(leased)
    }
  }

  package func content(of name: BatchName) async throws(OutboxError) -> QueuedContent? {
    try read { (content) throws(OutboxError) in
      guard let place = content.place(of: name) else { return nil }
      let batch = content.files[place.file].batches[place.batch]
      if batch.isDamaged { throw Self.contradiction("batch \(name) can't be read") }
      return QueuedContent(batch: batch.content, problem: batch.problem)
    }
  }

  package func apply(
    _ changes: [(name: BatchName, change: BatchChange)], request: RequestFacts?
  ) async throws(OutboxError) -> [ChangeResult] {
    try write { (content) throws(OutboxError) in
      var results: [ChangeResult] = []
      for (name, change) in changes {
        guard let place = content.place(of: name) else {
          results.append(ChangeResult(batches: [], isFileComplete: false))
          continue
        }
        results.append(try content.files[place.file].apply(change, at: place.batch, request))
      }
      return results
    }
  }

  package func makeDue(file: FileID?, target: String?, at now: QueueTime) async throws(OutboxError) -> Int {
    try write { content in
      var count = 0
      for place in content.files.indices where content.files[place].isPublished {
        if let file, content.files[place].record.id != file { continue }
        for batch in content.files[place].batches.indices {
          if let target, content.files[place].batches[batch].target != target { continue }
          let due = content.files[place].batches[batch].waiting.retryState.due
          content.files[place].batches[batch].waiting.retryState.due = min(due, now)
          count += 1
        }
      }
      return count
    }
  }

  package func cancel(_ file: FileID) async throws(OutboxError) -> Bool {
    try write(isDurable: true) { content in
      guard let place = content.place(of: file), content.files[place].isPublished else { return false }
      content.files[place].isCancelled = true
      return true
    }
  }

  package func note(target: String, state: TargetState, reason: Hindrance?, until: QueueTime?) async throws(OutboxError)
  {
    try write { content in
      let note = TargetNote(target: target, state: state, reason: reason, until: until)
      let place = content.notes.partition(behind: target, \.target)
      if place < content.notes.count, content.notes[place].target == target {
        content.notes[place] = note
      } else {
        content.notes.insert(note, at: place)
      }
    }
  }
}

/// Collects rows up to a limit.
private struct PageBuilder {
  let limit: Int
  private var rows = 0
  private(set) var page = LinePage()

  init(limit: Int) { self.limit = limit }

  /// Returns whether there is room for more.
  mutating func add(_ batch: MemoryBatch, of file: MemoryFile) -> Bool {
    rows += 1
    if batch.isDamaged {
      page.damaged.append(batch.waiting.name)
    } else {
      page.batches.append(batch.waiting)
      if page.files[file.record.place] == nil { page.files[file.record.place] = file.lineFile }
    }
    page.isEnd = rows < limit
    return page.isEnd
  }
}

extension MemoryFile {
  /// Writes down the outcome of the batch at `place`.
  fileprivate mutating func apply(
    _ change: BatchChange, at place: Int, _ request: RequestFacts?
  ) throws(OutboxError) -> ChangeResult {
    switch change {
    case .settle(let settlement):
      return try settle(settlement, at: place, request)
    case .split(let parts, let retryState, let why, let isOpen):
      let old = batches.remove(at: place)
      let unanswered = old.waiting.unanswered - (isOpen ? 0 : 1)
      var result: [WaitingBatch] = []
      for (index, part) in parts.enumerated() {
        let name = old.waiting.name.part(index)
        try insert(QueuedBatch(part), as: name, target: old.target)
        try edit(name) { new in
          new.waiting.retryState = retryState
          new.waiting.attempts = unanswered
          new.waiting.unanswered = unanswered
          new.problem = why
          result.append(new.waiting)
        }
      }
      return ChangeResult(batches: result, isFileComplete: false)
    case .postpone(let retryState, let why, let isOpen):
      batches[place].waiting.retryState = retryState
      batches[place].waiting.unanswered -= isOpen ? 0 : 1
      batches[place].problem = why
    case .takeBack(let retryState, let why):
      batches[place].waiting.attempts -= 1
      batches[place].waiting.unanswered -= 1
      batches[place].waiting.retryState = retryState
      batches[place].problem = why ?? batches[place].problem
      record.counts.requests -= 1
      try checkCounts()
    }
    try batches[place].checkCounts()
    return ChangeResult(batches: [batches[place].waiting], isFileComplete: false)
  }

  private mutating func settle(
    _ settlement: Settlement, at place: Int, _ request: RequestFacts?
  ) throws(OutboxError) -> ChangeResult {
    var old = batches.remove(at: place)
    if request != nil { old.waiting.unanswered -= 1 }
    try old.checkCounts()
    let (name, rejected) = (old.waiting.name, settlement.rejects.count)
    guard settlement.accepted + rejected + (settlement.rest?.items.count ?? 0) == old.waiting.count else {
      throw MemoryOutbox.contradiction("batch \(name) of \(old.waiting.count) items is settled as \(settlement)")
    }
    if settlement.accepted + rejected > 0 {
      var row = SettledBatch(
        items: settlement.accepted + rejected, accepted: settlement.accepted, rejected: rejected,
        attempts: old.waiting.attempts, unanswered: old.waiting.unanswered, status: request?.status,
        requestID: request?.requestID, sentAt: request?.sentAt)
      row.ranges = settlement.ranges
      settled.insert((name.position, row), at: settled.partition(behind: name.position, \.position))
    }
    let items = settlement.acceptedItems
    if items.count > 0 {
      let answered = AcceptedBatch(
        first: items.first, position: name.position, requestID: request?.requestID, sentAt: request?.sentAt,
        answeredAt: request?.answeredAt, items: items.bytes)
      accepted.insert(answered, at: accepted.partition(behind: items.first, \.first))
    }
    if let url = request?.url { record.facts.url = url }
    try reject(settlement.rejects)
    record.counts.accepted += settlement.accepted
    record.counts.unchanged += settlement.unchanged
    record.counts.rejected += rejected
    var rest: [WaitingBatch] = []
    if let batch = settlement.rest {
      try insert(QueuedBatch(batch), as: name.part(0), target: old.target)
      try edit(name.part(0)) { new in
        new.waiting.retryState = old.waiting.retryState
        new.waiting.retryState.due = QueueTime(milliseconds: 0)
        let cause = settlement.restCause
        let unanswered = old.waiting.unanswered + cause.unanswered
        (new.waiting.attempts, new.waiting.unanswered) = (unanswered, unanswered)
        new.waiting.misses = old.waiting.misses + cause.misses
        new.problem = cause.reason
        rest.append(new.waiting)
      }
    }
    if batches.isEmpty { record.state = .finishing }
    try checkCounts()
    return ChangeResult(batches: rest, isFileComplete: batches.isEmpty)
  }

  private mutating func edit(
    _ name: BatchName, _ body: (inout MemoryBatch) -> Void
  ) throws(OutboxError) {
    guard let place = place(of: name.position) else { throw MemoryOutbox.contradiction("there is no batch \(name)") }
    body(&batches[place])
    try batches[place].checkCounts()
  }
}

extension MemoryBatch {
  fileprivate func checkCounts() throws(OutboxError) {
    guard waiting.unanswered >= 0, waiting.attempts >= waiting.unanswered else {
      throw MemoryOutbox.contradiction("the attempts of batch \(waiting.name) do not add up: \(waiting)")
    }
  }
}
