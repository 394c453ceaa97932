package import Core
package import Engine

extension MemoryOutbox: ResultStore {
  package func secureFinished(
    after last: FileID?, limit: Int, at now: Timestamp
  ) async throws(OutboxError) -> [FileRecord] {
    try write(isDurable: true) { content in
      var found: [FileRecord] = []
      for place in content.files.indices where content.files[place].record.state == .finishing {
        if let last, content.files[place].record.id <= last { continue }
        guard found.count < limit else { break }
        let record = content.files[place].record
        content.files[place].record.completedAt = record.completedAt ?? max(now, record.receivedAt)
        found.append(content.files[place].record)
      }
      return found
    }
  }

  package func settled(_ id: FileID) throws(OutboxError) -> [SettledBatch] {
    try read { content in content.place(of: id).map { content.files[$0].settled.map(\.batch) } ?? [] }
  }

  package func rejects(_ id: FileID, after item: Int, limit: Int) throws(OutboxError) -> [Reject] {
    try read { content in
      guard let place = content.place(of: id) else { return [] }
      return Array(content.files[place].rejects.lazy.filter { $0.item > item }.prefix(limit))
    }
  }

  package func settledPositions(_ id: FileID) throws(OutboxError) -> [String] {
    try read { content in
      content.place(of: id).map { content.files[$0].settled.filter { $0.batch.attempts > 0 }.map(\.position) } ?? []
    }
  }

  package func accepted(_ id: FileID, after item: Int, limit: Int) throws(OutboxError) -> [AcceptedBatch] {
    try read { content in
      guard let place = content.place(of: id) else { return [] }
      return Array(content.files[place].accepted.lazy.filter { $0.first > item }.prefix(limit))
    }
  }

  package func orders(_ id: FileID) throws(OutboxError) -> [FileOrder] {
    try read { content in content.place(of: id).map { content.files[$0].orders } ?? [] }
  }

  package func keep(_ order: FileOrder, for id: FileID) async throws(OutboxError) {
    try write { content in
      if let place = content.place(of: id) { content.files[place].orders.append(order) }
    }
  }

  package func finish(
    _ files: [(record: FileRecord, status: String, receipt: String, digest: String)]
  ) async throws(OutboxError) {
    try write { content in
      for (record, status, receipt, _) in files {
        let finished = HistoryRow(
          id: record.id, inbox: record.inbox, sha256: record.facts.sha256, status: status, counts: record.counts,
          receipt: receipt, owners: record.owners)
        let place = content.finished.partition(behind: record.id, \.id)
        if place < content.finished.count, content.finished[place].id == record.id {
          content.finished[place] = finished
        } else {
          content.finished.insert(finished, at: place)
        }
        if let place = content.place(of: record.id) { content.files.remove(at: place) }
      }
    }
  }
}
