package import Core
package import Engine
internal import Synchronization

extension MemoryOutbox: IntakeStore {
  package func commit<Value>(_ body: (any IntakeCommit) throws -> Value) throws(OutboxError) -> Value {
    var result: Result<Value, any Error>?
    try write { content throws(OutboxError) in
      let commit = MemoryCommit(content)
      let made = Result { try body(commit) }
      result = made
      if case .failure(let error) = made {
        throw error as? OutboxError ?? OutboxError(.failing, path: "memory", reason: "\(error)")
      }
      content = commit.content
    }
    switch result {
    case .success(let value): return value
    case .failure(let error): throw Self.contradiction("\(error)")
    case nil: throw Self.contradiction("the commit was not made")
    }
  }

  package func commitLarge<Value>(_ body: (any IntakeCommit) throws -> Value) throws(OutboxError) -> Value {
    try commit(body)
  }

  package func discardStaged(of id: FileID, onProgress: () -> Void) throws(OutboxError) {
    try write { content in
      guard let place = content.place(of: id), content.files[place].record.state == .reading else { return }
      content.files[place].batches = []
      content.files[place].rejects = []
    }
  }

  package func unreadFiles() async throws(OutboxError) -> [FileRecord] {
    try read { content in content.files.filter { $0.record.state == .reading }.map(\.record) }
  }

  package func release(
    _ id: FileID, as line: FileID, order: FileOrder, at now: QueueTime
  ) async throws(OutboxError) -> Bool {
    try write(isDurable: true) { content in
      guard let place = content.place(of: id), content.files[place].record.waitsForRelease,
        content.files[place].record.line == nil
      else { return false }
      content.files[place].record.line = line
      content.files[place].record.waitsForRelease = false
      content.files[place].record.claimedAt = now
      content.files[place].orders.append(order)
      for batch in content.files[place].batches.indices {
        content.files[place].batches[batch].waiting.name.file = line
      }
      return true
    }
  }

  package func keep(_ mark: QueueClock.Mark) async throws(OutboxError) {
    try write { content in content.clockMark = mark }
  }

  package func clockMark() async throws(OutboxError) -> QueueClock.Mark? {
    try read { content in content.clockMark }
  }

  package func expected() async throws(OutboxError) -> [Expectations.Key: ExpectedFiles.Snapshot] {
    try read { content in content.expected }
  }
}

/// Changes a copy, which replaces the content once everything is done.
private final class MemoryCommit: IntakeCommit {
  private(set) var content: MemoryContent

  init(_ content: MemoryContent) { self.content = content }

  func begin(_ file: NewFile) throws {
    if let place = content.place(of: file.id) {
      guard content.files[place].record.state == .reading else {
        throw MemoryOutbox.contradiction("file \(file.id) was read already")
      }
      content.files[place].batches = []
      content.files[place].rejects = []
      content.files[place].record.waitsForRelease = false
      content.files[place].record.counts = FileCounts()
      return
    }
    var record = FileRecord(
      id: file.id, inbox: file.inbox, name: file.name, state: .reading, receivedAt: file.receivedAt,
      claimedAt: file.claimedAt, owner: file.replay?.owner ?? file.owner)
    record.facts.replayOf = file.replay?.of
    record.otherOwners = file.replay?.otherOwners ?? []
    content.files.insert(
      MemoryFile(record: record), at: content.files.partition(behind: file.id, \.record.id))
  }

  func stage(
    _ batches: [(ordinal: Int, batch: QueuedBatch)], rejects: [Reject], of id: FileID, target: String
  ) throws {
    guard let place = content.place(of: id), content.files[place].record.state == .reading else {
      throw MemoryOutbox.contradiction("file \(id) is not being read")
    }
    for (ordinal, batch) in batches {
      let name = BatchName(file: content.files[place].record.place, ordinal: ordinal)
      try content.files[place].insert(batch, as: name, target: target)
    }
    try content.files[place].reject(rejects)
  }

  func publish(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws {
    guard let place = note(facts, items: items, rejected: rejected, of: id) else { return }
    content.files[place].record.waitsForRelease = false
    content.files[place].record.state = content.files[place].batches.isEmpty ? .finishing : .queued
    try content.files[place].checkCounts()
  }

  func hold(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws {
    guard let place = note(facts, items: items, rejected: rejected, of: id) else { return }
    content.files[place].record.waitsForRelease = true
    try content.files[place].checkCounts()
  }

  func fail(_ id: FileID, facts: FileFacts, fault: FileFault) throws {
    guard let place = content.place(of: id) else { return }
    content.files[place].batches = []
    content.files[place].rejects = []
    note(facts, of: place)
    content.files[place].record.fault = fault
    content.files[place].record.waitsForRelease = false
    content.files[place].record.counts = FileCounts()
    content.files[place].record.state = .finishing
    try content.files[place].checkCounts()
  }

  /// Where the file is; nil if there is none.
  private func note(_ facts: FileFacts, items: Int, rejected: Int, of id: FileID) -> Int? {
    guard let place = content.place(of: id) else { return nil }
    note(facts, of: place)
    content.files[place].record.counts.items = items
    content.files[place].record.counts.rejected = rejected
    return place
  }

  private func note(_ facts: FileFacts, of place: Int) {
    content.files[place].record.facts = facts
    let record = content.files[place].record
    var others = record.otherOwners
    for id in [facts.replayOf, facts.corrects].compactMap({ $0 }) {
      let owners =
        content.finished.first { $0.id == id }?.owners ?? content.place(of: id).map { content.files[$0].record.owners }
      for owner in owners ?? [] where owner != record.owner && !others.contains(owner) { others.append(owner) }
    }
    content.files[place].record.otherOwners = others
  }

  func forget(_ id: FileID) throws {
    guard let place = content.place(of: id), content.files[place].record.state == .reading else { return }
    content.files.remove(at: place)
  }

  func original(sha256: String, inbox: String, before id: FileID) throws -> (id: FileID, wasUsed: Bool)? {
    var found: [(id: FileID, wasUsed: Bool)] = []
    for file in content.finished where file.sha256 == sha256 && file.inbox == inbox {
      found.append((file.id, file.counts.accepted > 0))
    }
    for file in content.files where file.record.facts.sha256 == sha256 && file.record.inbox == inbox {
      if file.record.state != .reading { found.append((file.record.id, file.record.fault == nil)) }
    }
    found.removeAll { $0.id >= id }
    return found.map(\.id).min().map { ($0, found.contains { $0.wasUsed }) }
  }

  func keep(_ changes: ExpectationChanges) throws {
    for (key, snapshot) in changes.snapshots { content.expected[key] = snapshot }
    for key in changes.forgotten { content.expected[key] = nil }
  }
}

extension MemoryFile {
  mutating func insert(_ batch: QueuedBatch, as name: BatchName, target: String) throws(OutboxError) {
    guard place(of: name.position) == nil else { throw MemoryOutbox.contradiction("there is a batch \(name) already") }
    guard !batch.items.isEmpty else { throw MemoryOutbox.contradiction("batch \(name) has no items") }
    let whole = KeyHash(inbox: record.inbox)
    let waiting = WaitingBatch(
      name: name, count: batch.items.count, bytes: batch.body.count,
      itemKeys: KeySet.distinct(batch.items.map { $0.key ?? whole }))
    batches.insert(
      MemoryBatch(waiting: waiting, target: target, content: batch),
      at: batches.partition(behind: name.position, \.waiting.name.position))
  }

  mutating func reject(_ more: [Reject]) throws(OutboxError) {
    for reject in more {
      let place = rejects.partition(behind: reject.item, \.item)
      guard place == rejects.count || rejects[place].item != reject.item else {
        throw MemoryOutbox.contradiction("item \(reject.item) of file \(record.id) is rejected twice")
      }
      rejects.insert(reject, at: place)
    }
  }

  /// The checks that a database schema would make.
  func checkCounts() throws(OutboxError) {
    let (counts, settled) = (record.counts, record.counts.accepted + record.counts.rejected)
    guard settled <= counts.items, counts.requests >= 0, record.state != .finishing || settled == counts.items else {
      throw MemoryOutbox.contradiction("the counts of file \(record.id) do not add up: \(counts)")
    }
  }
}
