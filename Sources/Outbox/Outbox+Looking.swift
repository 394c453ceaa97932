package import Core
package import Engine
internal import Foundation
internal import GRDB
internal import Runtime

/// Totals of one inbox since a given moment.
package struct InboxFlow: Sendable, Equatable {
  package var files = 0
  /// Of these files, by state; the rest were accepted in full.
  package var filesUnderWay = 0
  package var filesPartial = 0
  package var filesRejected = 0
  package var items = 0
  package var accepted = 0
  package var rejected = 0
  /// Of `rejected`, those that were dropped again, in files that correct these.
  package var droppedAgain = 0
  /// Of the partly and wholly rejected files, those of which nothing is left to correct.
  package var filesCorrected = 0

  package init() {}
}

/// Subtracts what was dropped again: a value that gets files, and those that correct them.
package struct CorrectedFlow: Sendable {
  private var items: [FileID: Int] = [:]

  package init() {}

  /// The corrected files.
  package var files: [FileID] { items.keys.sorted() }

  /// A file that claims to correct another one; anybody may give a file such a name.
  package mutating func add(_ file: FileID, items count: Int, correcting id: FileID) {
    guard id < file else { return }
    items[id] = (items[id] ?? 0).addingSaturated(count)
  }

  /// How much of a corrected file's rejected items was dropped again.
  package func take(_ id: FileID, rejected: Int, off flow: inout InboxFlow) {
    guard let count = items[id], rejected > 0 else { return }
    // The same rejects may be dropped twice, and others added to them.
    flow.droppedAgain += min(count, rejected)
    if count >= rejected { flow.filesCorrected += 1 }
  }
}

/// Why some requests to a target were postponed.
package struct TargetProblem: Sendable, Equatable {
  package var target: String
  package var text: String
  package var batches: Int
  /// When the first of them is due.
  package var nextAt: Timestamp
}

extension Outbox {
  /// What came in since `moment`, by inbox; an inbox without files is not included.
  package func flow(since moment: Timestamp) async throws(OutboxError) -> [String: InboxFlow] {
    // Ids begin with the time of the claim, and sort by it.
    let first = FileID(at: moment, entropy: 0).text
    return try await read { db in
      var flows: [String: InboxFlow] = [:]
      let sql = """
        SELECT inbox, status, count(*) AS files, sum(items) AS items, sum(accepted) AS accepted, sum(rejected) AS rejected
        FROM history WHERE file_id >= ? GROUP BY inbox, status
        UNION ALL
        SELECT inbox, '', count(*), sum(items), sum(accepted), sum(rejected) FROM file
          WHERE id >= ? AND \(Self.hasNoReceipt) GROUP BY inbox
        """
      for row in try SQLRow.fetchAll(db, sql: sql, arguments: [first, first]) {
        var flow = flows[row["inbox"]] ?? InboxFlow()
        let files: Int = row["files"]
        flow.files += files
        switch row["status"] as String {
        case "": flow.filesUnderWay += files
        case "partial": flow.filesPartial += files
        case "rejected": flow.filesRejected += files
        default: break
        }
        flow.items += row["items"] as Int
        flow.accepted += row["accepted"] as Int
        flow.rejected += row["rejected"] as Int
        flows[row["inbox"]] = flow
      }
      try Self.takeOffCorrections(&flows, since: first, db)
      return flows
    }
  }

  /// Reads one row for each file that corrects another, and one for each corrected file.
  private static func takeOffCorrections(_ flows: inout [String: InboxFlow], since first: String, _ db: Connection)
    throws
  {
    var corrected = CorrectedFlow()
    let finished = """
      SELECT file_id, name, items FROM history WHERE file_id >= ? AND \(db.position(of: "?", in: "name")) > 0
      """
    for row in try SQLRow.fetchAll(db, sql: finished, arguments: [first, Data(".rejected".utf8)]) {
      guard let file = FileID(row[0] as String),
        let corrects = RejectsFileName(Array(row[1] as Data))?.corrects
      else { continue }
      corrected.add(file, items: row[2], correcting: corrects)
    }
    let underWay = "SELECT id, corrects, items FROM file WHERE corrects IS NOT NULL AND \(Self.hasNoReceipt)"
    for row in try SQLRow.fetchAll(db, sql: underWay) {
      guard let file = FileID(row[0] as String), let corrects = FileID(row[1] as String) else { continue }
      corrected.add(file, items: row[2], correcting: corrects)
    }
    let rejects = try db.cachedStatement(
      sql: "SELECT inbox, rejected FROM history WHERE file_id = ?1 AND file_id >= ?2 AND status <> 'accepted'")
    for id in corrected.files {
      guard let row = try SQLRow.fetchOne(rejects, arguments: [id.text, first]) else { continue }
      corrected.take(id, rejected: row["rejected"], off: &flows[row["inbox"], default: InboxFlow()])
    }
  }

  /// Why requests were postponed, most frequent reasons first; from the index `batch_postponed` alone.
  package func problems(at reading: QueueClock.Reading = .now) async throws(OutboxError) -> [TargetProblem] {
    try await read { db in
      let wall = try WallClockConversion(db, at: reading)
      let sql = """
        SELECT file.target AS target, problem, count(*) AS batches, min(due_at_ms) AS next_at_ms
        FROM batch JOIN file ON file.id = file_id WHERE problem IS NOT NULL AND file.target IS NOT NULL
        GROUP BY file.target, problem ORDER BY batches DESC LIMIT 20
        """
      return try SQLRow.fetchAll(db, sql: sql).map { row in
        TargetProblem(
          target: row["target"], text: row["problem"], batches: row["batches"],
          nextAt: wall(row["next_at_ms"]))
      }
    }
  }

  /// Files that match, last claimed first.
  package func files(
    _ filter: FileFilter, at reading: QueueClock.Reading = .now
  ) async throws(OutboxError) -> [FileSummary] {
    try await read { db in
      let wall = try WallClockConversion(db, at: reading)
      var files: [FileSummary] = []
      for source in [Source.underWay, .done] {
        let (condition, arguments) = source.condition(filter, db)
        guard let condition else { continue }
        let sql = "SELECT \(source.columns), \(FileSummary.columns) FROM \(source.table) WHERE \(condition) "
        files += try SQLRow.fetchAll(
          db, sql: sql + "ORDER BY \(source.id) DESC LIMIT \(filter.limit)", arguments: SQLArguments(arguments)
        ).compactMap(FileSummary.init(row:))
      }
      files = Array(files.sorted { $0.id > $1.id }.prefix(filter.limit))
      for index in files.indices { try Self.addReason(to: &files[index], wall, db) }
      return files
    }
  }

  /// Nil if no file has this id.
  package func summary(
    of id: FileID, at reading: QueueClock.Reading = .now
  ) async throws(OutboxError) -> FileSummary? {
    try await read { db in
      let wall = try WallClockConversion(db, at: reading)
      for source in [Source.underWay, .done] {
        let sql = "SELECT \(source.columns), \(FileSummary.columns) FROM \(source.table) WHERE \(source.id) = ?"
        guard var file = try SQLRow.fetchOne(db, sql: sql, arguments: [id.text]).flatMap(FileSummary.init(row:)) else {
          continue
        }
        try Self.addReason(to: &file, wall, db)
        return file
      }
      return nil
    }
  }

  /// How many files were done before `moment` and still have no receipt.
  package func unwrittenFiles(doneBefore moment: Timestamp) async throws(OutboxError) -> Int {
    try await read { db in
      let sql = "SELECT count(*) FROM file WHERE state = 'finishing' AND completed_at_ms < ? AND \(Self.hasNoReceipt)"
      return try Int.fetchOne(db, sql: sql, arguments: [moment.milliseconds]) ?? 0
    }
  }

  private static func addReason(to file: inout FileSummary, _ wall: WallClockConversion, _ db: Connection) throws {
    let id = file.id.text
    guard file.isUnderWay else {
      // An outbox that the daemon has not upgraded has no such column.
      guard try db.hasColumn("fault", in: "history") else { return }
      file.problem = try String.fetchOne(db, sql: "SELECT fault FROM history WHERE file_id = ?", arguments: [id])
      return
    }
    file.target = try String.fetchOne(db, sql: "SELECT target FROM file WHERE id = ?", arguments: [id])
    let sql = """
      SELECT problem, due_at_ms FROM batch WHERE file_id = ? AND problem IS NOT NULL ORDER BY due_at_ms LIMIT 1
      """
    guard let row = try SQLRow.fetchOne(db, sql: sql, arguments: [id]) else { return }
    file.problem = row["problem"]
    file.nextAt = wall(row["due_at_ms"])
  }
}

/// The tables that list files.
private enum Source {
  case underWay
  case done

  var table: String { self == .underWay ? "file" : "history" }
  var id: String { self == .underWay ? "id" : "file_id" }

  var columns: String {
    self == .underWay
      ? "id, state, NULL AS done_at_ms" : "file_id AS id, status AS state, completed_at_ms AS done_at_ms"
  }

  /// Nil if nothing here can match.
  func condition(_ filter: FileFilter, _ db: Connection) -> (String?, [String]) {
    var conditions = ["TRUE"]
    var arguments: [String] = []
    for word in filter.words {
      let inName = db.position(of: "lower(?)", in: "lower(\(db.text(ofBytes: "name")))")
      conditions.append("(\(inName) > 0 OR \(db.position(of: "upper(?)", in: id)) > 0)")
      arguments += [word, word]
    }
    if let inbox = filter.inbox {
      conditions.append("inbox = ?")
      arguments.append(inbox)
    }
    if let before = filter.before {
      conditions.append("\(id) < ?")
      arguments.append(before.text)
    }
    switch (filter.state, self) {
    case (nil, _), ("underway", .underWay): break
    // "refused" is what this was called before.
    case ("rejects", .done), ("refused", .done): conditions.append("status IN ('partial', 'rejected')")
    case ("underway", .done), ("rejects", .underWay), ("refused", .underWay): return (nil, [])
    case (let state?, _):
      conditions.append("\(self == .underWay ? "state" : "status") = ?")
      arguments.append(state)
    }
    return (conditions.joined(separator: " AND "), arguments)
  }
}
