/// The name of a kind of web API: the configuration's `api`, which the outbox and receipts keep.
///
/// Which there are is not known here, but to the list of the APIs.
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

/// What has to arrive in the order in which it was dropped.
package enum Ordering: String, Sendable, CaseIterable, Codable {
  /// Items with the same key.
  case key
  /// Everything of an inbox, a batch at a time.
  case file
  case none
}

/// What an empty CSV cell becomes.
package enum EmptyCell: String, Sendable, CaseIterable, Codable {
  case omit
  case null
  case string
}
