/// The kinds of web API that upsertd speaks; the raw value is the configuration's `api`.
package enum APIKind: String, Sendable, CaseIterable, Codable {
  case lusid
  case liquid
}

/// LUSID's `successMode`: whether one bad item spoils its request.
package enum SuccessMode: String, Sendable, CaseIterable, Codable {
  case partial = "Partial"
  case atomic = "Atomic"
}

/// What has to arrive in the order in which it was dropped.
package enum Ordering: String, Sendable, CaseIterable, Codable {
  /// Items with the same key.
  case key
  /// Everything of an inbox, a batch at a time.
  case file
  case none
}

/// Which form of LUSID's investor records a target takes.
package enum LusidSchema: String, Sendable, CaseIterable, Codable {
  /// SDK 2.1.781 to 2.1.881: `investor.investorIdentifiers` is a map of properties, no scope.
  case seed
  /// From SDK 2.1.930: `scope` is required, `investor.identifiers` maps a key to a plain string.
  case current
}

/// What an empty CSV cell becomes.
package enum EmptyCell: String, Sendable, CaseIterable, Codable {
  case omit
  case null
  case string
}

/// What a route's `item` says of Liquid items: headers that fill in missing ones, and the primary key's fields.
package struct ItemDefaults: Hashable, Sendable, Codable {
  package var category: String?
  package var type: String?
  package var action: String?
  /// Names of fields in `data`; empty where the configuration has no `key`.
  package var key: [String]

  package init(category: String? = nil, type: String? = nil, action: String? = nil, key: [String] = []) {
    self.category = category
    self.type = type
    self.action = action
    self.key = key
  }
}
