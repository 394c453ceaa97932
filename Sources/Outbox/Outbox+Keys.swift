package import Core
package import Engine
internal import Foundation
internal import GRDB

/// For recomputing the keys of waiting items when a reload changes how keys are made.
extension Outbox {
  /// The rules that made the keys of waiting items, by inbox; an inbox without a known rule is missing.
  package func keyRules() async throws(OutboxError) -> [String: String] {
    try await read { db in
      var rules: [String: String] = [:]
      for row in try SQLRow.fetchAll(db, sql: "SELECT inbox, rule FROM key_rule") { rules[row["inbox"]] = row["rule"] }
      return rules
    }
  }

  package func setKeyRule(_ rule: String, of inbox: String) async throws(OutboxError) {
    try await write { db in
      try db.execute(
        sql: """
          INSERT INTO key_rule (inbox, rule) VALUES (?, ?) ON CONFLICT (inbox) DO UPDATE SET rule = excluded.rule
          """, arguments: [inbox, rule])
    }
  }

  /// Gives a batch's items other keys and changes nothing else; a batch that does not exist is ignored.
  package func rekey(_ name: BatchName, items: [BatchItem]) async throws(OutboxError) {
    let name = released.own(name)
    try await write { db in
      try db.cachedStatement(
        sql: "UPDATE batch SET item_index = ? WHERE file_id = ? AND position = ? AND items = ?"
      ).execute(arguments: [Data(BatchItem.pack(items)), name.file.text, name.position, items.count])
    }
  }
}

extension Outbox {
  /// The key that this outbox's tags are made with.
  package func sourceKey() throws(OutboxError) -> SourceKey {
    guard let key = try readNow({ try Self.sourceKey($0) }) else {
      throw OutboxError(.damaged, path: path, reason: "the key of its tags is missing")
    }
    return key
  }

  /// Nil if it is missing.
  static func sourceKey(_ db: Connection) throws -> SourceKey? {
    try Data.fetchOne(db, sql: "SELECT bytes FROM source_key WHERE id = 1").flatMap { SourceKey(Array($0)) }
  }
}

extension Outbox {
  /// The APIs that the waiting files of each target were queued for.
  package func queuedAPIs() async throws(OutboxError) -> [String: Set<APIKind>] {
    try await read { db in
      var apis: [String: Set<APIKind>] = [:]
      for row in try SQLRow.fetchAll(db, sql: "SELECT DISTINCT target, api FROM file WHERE state = 'queued'") {
        guard let target = row["target"] as String?, let api = (row["api"] as String?).flatMap(APIKind.init(rawValue:))
        else { continue }
        apis[target, default: []].insert(api)
      }
      return apis
    }
  }
}
