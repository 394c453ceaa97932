/// The name of a kind of web API: the configuration's `api`, which the outbox and receipts store.
///
/// The kinds that exist are not known here, only in the list of the APIs.
package struct APIKind: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral {
  package let rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }

  package init(stringLiteral name: String) { rawValue = name }
}

/// Whether one bad item spoils its request.
package enum SuccessMode: String, Sendable, CaseIterable, Codable {
  case partial = "Partial"
  case atomic = "Atomic"
}

/// Which items have to arrive in the order in which they were dropped.
package enum Ordering: String, Sendable, CaseIterable, Codable {
  /// Items with the same key.
  case key
  /// Everything in an inbox, one batch at a time.
  case file
  case none
}

/// What an empty CSV cell becomes.
package enum EmptyCell: String, Sendable, CaseIterable, Codable {
  case omit
  case null
  case string
}
