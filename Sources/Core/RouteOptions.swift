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

/// What a target is doing, by the words that `status`, metrics and the outbox use.
package enum TargetState: String, Sendable, CaseIterable {
  case delivering
  /// Nothing is sent before a certain time: the API asked for it, or can't be reached.
  case slowed
  /// The target can't be used as it is configured: only probes are sent.
  case held
  /// Stopped by an operator.
  case paused
}

/// The words of `on` in the configuration, and of `event` in what is sent.
package enum NoticeEvent: String, CaseIterable, Sendable {
  /// A file is done, and all, some or none of its items were accepted.
  case accepted, partial, rejected
  /// No file came in time.
  case missing
  /// A file came after its time, or on a day on which none is expected.
  case late, early
  /// A file has fewer items than it should have.
  case short
  /// Numbers of a sequence were left out, or one came again.
  case gap, `repeat`
  /// Nothing is sent to a target, and has not been for five minutes.
  case held
  /// A hold that was reported is over, or a person released a file that waited for it.
  case released

  /// What a receiver gets if it does not say what it wants.
  package static let byDefault = Set(allCases).subtracting([.accepted])
}
