package import Core
package import Engine
internal import Foundation
internal import GRDB

/// Files that were dropped again, and whose files are.
extension Outbox {
  /// Writes down, durably, that a file which is about to get its name in `work/` is a replay.
  package func keep(_ replay: Replay, for id: FileID) async throws(OutboxError) {
    try await writeDurably { db in
      try db.execute(
        sql: "INSERT INTO replay (file_id, replay_of, owner, other_owners) VALUES (?, ?, ?, ?)",
        arguments: [id.text, replay.of.text, replay.owner, OwnerList.text(replay.otherOwners) ?? "[]"])
    }
  }

  /// What `keep` wrote about files that are not done.
  package func replays() async throws(OutboxError) -> [FileID: Replay] {
    try await read { db in
      // An outbox that the daemon has not upgraded has no such table.
      guard try db.tableExists("replay") else { return [:] }
      let replays = try SQLRow.fetchAll(db, sql: "SELECT * FROM replay").compactMap { row -> (FileID, Replay)? in
        guard let id = FileID(row["file_id"] as String), let of = FileID(row["replay_of"] as String) else { return nil }
        return (id, Replay(of: of, owner: row["owner"], otherOwners: OwnerList.owners(row["other_owners"])))
      }
      return Dictionary(replays, uniquingKeysWith: { $1 })
    }
  }

  /// Replays of a file, oldest first: done, or under way.
  package func ids(replaying id: FileID) async throws(OutboxError) -> [FileID] {
    try await read { db in
      // An outbox that the daemon has not upgraded has no such column.
      guard try db.hasColumn("replay_of", in: "history") else { return [] }
      let sql = """
        SELECT id FROM file WHERE replay_of = $1 UNION SELECT file_id FROM history WHERE replay_of = $1 ORDER BY 1
        """
      return try String.fetchAll(db, sql: sql, arguments: [id.text]).compactMap { FileID($0) }
    }
  }

  /// Finished files after this one of which something was sent, in order, and unfinished ones that were read.
  package func filesSent(after id: FileID, limit: Int) async throws(OutboxError) -> [LaterFile] {
    try await read { db in
      let sql = """
        SELECT id, inbox, name, 1 AS is_under_way FROM file WHERE id > $1 AND state <> 'reading' AND error_code IS NULL
        UNION ALL
        SELECT file_id, inbox, name, 0 FROM history WHERE file_id > $1 AND accepted > 0
        ORDER BY 1 LIMIT $2
        """
      return try SQLRow.fetchAll(db, sql: sql, arguments: [id.text, limit]).compactMap { row in
        FileID(row["id"] as String).map {
          LaterFile(id: $0, inbox: row["inbox"], name: Array(row["name"] as Data), isUnderWay: row["is_under_way"])
        }
      }
    }
  }

  /// Whoever had a hand in a file's bytes; empty if that is unknown, or there is no such file.
  static func owners(of id: FileID, _ db: Connection) throws -> [String] {
    let done = try String.fetchOne(
      db.cachedStatement(sql: "SELECT owners FROM history WHERE file_id = ?"), arguments: [id.text])
    if let done { return OwnerList.owners(done) }
    let row = try SQLRow.fetchOne(
      db.cachedStatement(sql: "SELECT owner, other_owners FROM file WHERE id = ?"), arguments: [id.text])
    return ([row?["owner"] as String?].compactMap { $0 }) + OwnerList.owners(row?["other_owners"])
  }
}

/// A file that was claimed after another one.
package struct LaterFile: Sendable, Equatable {
  package var id: FileID
  package var inbox: String
  /// As dropped; bytes.
  package var name: [UInt8]
  package var isUnderWay: Bool
}

/// Names of users in the outbox's format, a JSON list.
enum OwnerList {
  /// Nil for none.
  static func text(_ owners: [String]) -> String? {
    guard !owners.isEmpty, let json = try? JSONEncoder().encode(owners) else { return nil }
    return String(decoding: json, as: UTF8.self)
  }

  /// Empty for what no version of upsertd writes.
  static func owners(_ text: String?) -> [String] {
    guard let text else { return [] }
    return (try? JSONDecoder().decode([String].self, from: Data(text.utf8))) ?? []
  }
}
