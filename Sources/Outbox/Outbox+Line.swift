package import Core
package import Engine
internal import Foundation
internal import Glibc
internal import GRDB

/// The reads that dispatch needs. `damaged` names rows that can't be read; if a read fails altogether, it throws and
/// may be retried.
extension Outbox: DispatchStore {
  /// For each target, files are published in id order, so nothing ever appears before what was already handed out.
  package func line(for target: String, after last: BatchName?, limit: Int) async throws(OutboxError) -> LinePage {
    let hasReleased = !released.isEmpty
    return try await read { db in
      var reader = PageReader(db, skipsReleased: hasReleased)
      var place = (file: last?.file.text ?? "", position: last?.position ?? "")
      var released = try hasReleased ? Self.released(for: target, from: place.file, db)[...] : []
      while reader.rows < limit {
        let unpublished: String?
        if let next = released.first, next.line == place.file {
          var own = PageReader(db)
          unpublished = try own.read(
            "WHERE file_id = ? AND position > ? ORDER BY position LIMIT ?",
            [next.file, place.position, limit - reader.rows], stopsAtUnpublished: true)
          reader.add(own)
          guard reader.rows < limit else { break }
          released = released.dropFirst()
          place.position = Self.behindAllPositions
          continue
        } else if let next = released.first {
          unpublished = try reader.read(
            """
            \(db.indexed(by: "batch_line")) WHERE target = ? AND (file_id, position) > (?, ?) AND file_id < ?
            ORDER BY file_id, position LIMIT ?
            """, [target, place.file, place.position, next.line, limit - reader.rows], stopsAtUnpublished: true)
        } else {
          unpublished = try reader.read(
            """
            \(db.indexed(by: "batch_line")) WHERE target = ? AND (file_id, position) > (?, ?) ORDER BY file_id, position LIMIT ?
            """, [target, place.file, place.position, limit - reader.rows], stopsAtUnpublished: true)
        }
        if let unpublished {
          place = (unpublished, Self.behindAllPositions)
        } else if reader.rows < limit, let next = released.first {
          place = (next.line, "")
        } else {
          break
        }
      }
      return Self.page(reader, limit: limit)
    }
  }

  /// The released files of a target with the place `first` or a later one, in line order.
  private static func released(
    for target: String, from first: String, _ db: Connection
  ) throws -> [(line: String, file: String)] {
    let sql = """
      SELECT line_id, id FROM file WHERE line_id IS NOT NULL AND line_id >= ? AND target = ? AND state = 'queued'
      ORDER BY line_id
      """
    return try SQLRow.fetchAll(db.cachedStatement(sql: sql), arguments: [first, target]).map { ($0[0], $0[1]) }
  }

  package func batches(
    of file: FileID, after position: String?, limit: Int
  ) async throws(OutboxError) -> LinePage {
    let file = released.own(file)
    return try await read { db in
      var reader = PageReader(db)
      try reader.read(
        "WHERE file_id = ? AND position > ? ORDER BY position LIMIT ?", [file.text, position ?? "", limit],
        stopsAtUnpublished: true)
      return Self.page(reader, limit: limit)
    }
  }

  package func batches(_ names: [BatchName]) async throws(OutboxError) -> LinePage {
    let names = Set(names).sorted().map { released.own($0) }
    return try await read { db in
      var reader = PageReader(db)
      for name in names {
        try reader.read("WHERE file_id = ? AND position = ?", [name.file.text, name.position])
      }
      return Self.page(reader, limit: .max)
    }
  }

  package func postponed(
    for target: String, after last: (due: QueueTime, name: BatchName)?, limit: Int
  ) async throws(OutboxError) -> LinePage {
    let due = last?.due.milliseconds ?? .min
    let (file, position) = (last?.name.file.text ?? "", last?.name.position ?? "")
    let hasReleased = !released.isEmpty
    return try await read { db in
      var reader = PageReader(db)
      guard !hasReleased else {
        // The index has the order of own ids: what is due at the same moment has to be sorted.
        let line = "coalesce((SELECT line_id FROM file WHERE file.id = batch.file_id), file_id)"
        try reader.read(
          """
          \(db.indexed(by: "batch_due")) WHERE target = ? AND problem IS NOT NULL AND due_at_ms >= ?
            AND (due_at_ms, \(line), position) > (?, ?, ?) ORDER BY due_at_ms, \(line), position LIMIT ?
          """, [target, due, due, file, position, limit])
        return Self.page(reader, limit: limit)
      }
      // None of these belongs to an unpublished file, since they were sent.
      try reader.read(
        """
        \(db.indexed(by: "batch_due")) WHERE target = ? AND problem IS NOT NULL AND (due_at_ms, file_id, position) > (?, ?, ?)
        ORDER BY due_at_ms, file_id, position LIMIT ?
        """, [target, due, file, position, limit])
      return Self.page(reader, limit: limit)
    }
  }

  package func oldestFile(for target: String, after last: FileID?) async throws(OutboxError) -> LineFile? {
    let hasReleased = !released.isEmpty
    return try await read { db in
      let sql =
        "SELECT file_id FROM batch \(db.indexed(by: "batch_line")) WHERE target = ? AND file_id > ? ORDER BY file_id LIMIT 1"
      var place = last?.text ?? ""
      var oldest: LineFile?
      while oldest == nil, let next = try String.fetchOne(db.cachedStatement(sql: sql), arguments: [target, place]) {
        if let id = FileID(next), let file = try PageReader.file(id, db), file.id == id { oldest = file }
        place = next
      }
      guard hasReleased else { return oldest }
      for (line, file) in try Self.released(for: target, from: last?.text ?? "", db) where line > last?.text ?? "" {
        guard let id = FileID(file), let found = try PageReader.file(id, db), try Self.hasBatches(id, db) else {
          continue
        }
        return oldest.map { $0.id < found.id ? $0 : found } ?? found
      }
      return oldest
    }
  }

  private static func hasBatches(_ id: FileID, _ db: Connection) throws -> Bool {
    let sql = "SELECT EXISTS (SELECT 1 FROM batch WHERE file_id = ?)"
    return try Bool.fetchOne(db.cachedStatement(sql: sql), arguments: [id.text]) ?? false
  }

  package func files(for target: String) async throws(OutboxError) -> TargetFiles {
    try await read { db in
      let newest = """
        SELECT max(coalesce(line_id, id)) FROM file WHERE state = 'queued' AND target = ? AND ordering <> 'none'
        """
      let cancelled = """
        SELECT coalesce(line_id, id) FROM file WHERE state = 'queued' AND target = ? AND is_cancelled = 1 ORDER BY 1
        """
      return TargetFiles(
        newestOrdered: try String.fetchOne(db.cachedStatement(sql: newest), arguments: [target]).flatMap { FileID($0) },
        cancelled: try String.fetchAll(db.cachedStatement(sql: cancelled), arguments: [target])
          .compactMap { FileID($0) })
    }
  }

  private static func page(_ reader: PageReader, limit: Int) -> LinePage {
    var page = reader.page
    page.isEnd = reader.rows < limit
    return page
  }

  /// Sorts after every position, which are digits.
  private static let behindAllPositions = "~"
}

/// The bytes of batches.
extension Outbox {
  package func lease(
    _ batches: [(name: BatchName, attempts: Int)], dueAfterCrash due: QueueTime
  ) async throws(OutboxError) -> LeaseResult {
    let owns = batches.map { released.own($0.name) }
    return try await write { db in
      var (contents, stale, damaged): ([StoredContent], [BatchName], [BatchName]) = ([], [], [])
      for ((name, attempts), own) in zip(batches, owns) {
        switch try Self.content(of: own, db) {
        case nil: stale.append(name)
        case .found(let content) where content.attempts == attempts: contents.append(content)
        case .found: stale.append(name)
        case .damaged: damaged.append(name)
        }
      }
      guard stale.isEmpty else { return .stale(stale) }
      guard damaged.isEmpty else { return .damaged(damaged) }
      let update = try db.cachedStatement(
        sql: "UPDATE batch SET attempts = attempts + 1, unanswered = unanswered + 1, due_at_ms = ? WHERE id = ?")
      var requests: [FileID: Int] = [:]
      for (content, own) in zip(contents, owns) {
        try update.execute(arguments: [due.milliseconds, content.id])
        requests[own.file, default: 0] += 1
      }
      for (file, count) in requests { try Self.count(requests: count, of: file, db) }
      return .leased(contents.map(\.batch))
    }
  }

  package func content(of name: BatchName) async throws(OutboxError) -> QueuedContent? {
    let (path, own) = (self.path, released.own(name))
    return try await read { db in
      switch try Self.content(of: own, db) {
      case nil: return nil
      case .found(let content): return QueuedContent(batch: content.batch, problem: content.problem)
      case .damaged: throw OutboxError(.damaged, path: path, reason: "batch \(name) can't be read")
      }
    }
  }

  private struct StoredContent {
    var id: Int64
    var attempts: Int
    var batch: QueuedBatch
    var problem: String?
  }

  private enum Content {
    case found(StoredContent)
    case damaged
  }

  /// Nil if there is no such batch.
  private static func content(of name: BatchName, _ db: Connection) throws -> Content? {
    for attempt in 0..<PageReader.attempts {
      do { return try contentNow(of: name, db) } catch let error as DatabaseError
        where error.resultCode == .SQLITE_CORRUPT
      { usleep(UInt32(attempt) * 10_000) }
    }
    return .damaged
  }

  private static func contentNow(of name: BatchName, _ db: Connection) throws -> Content? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT id, attempts, items, batch.bytes AS bytes, item_index, body.bytes AS body, runs, checksum, tags, problem
        FROM batch LEFT JOIN body ON batch_id = id WHERE file_id = ? AND position = ?
        """)
    let rows = try SQLRow.fetchCursor(statement, arguments: [name.file.text, name.position])
    guard let row = try rows.next() else { return nil }
    guard let attempts = Int.fromDatabaseValue(row[1]), let index = Data.fromDatabaseValue(row[4]),
      let items = BatchItem.unpack(Array(index)), items.count == Int.fromDatabaseValue(row[2]),
      let batch = QueuedBatch(items: items, row: row), batch.body.count == Int.fromDatabaseValue(row[3])
    else { return .damaged }
    return .found(StoredContent(id: row[0], attempts: attempts, batch: batch, problem: row["problem"]))
  }
}
