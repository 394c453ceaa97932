package import Core

/// What `status` shows of files that come every day.
package struct ExpectationState: Sendable, Equatable {
  /// The words that `status` and metrics use.
  package enum Word: String, Sendable, CaseIterable {
    /// None came yet; it is still time, or one is there that is not read yet.
    case waiting
    /// One came in time, whatever came later.
    case came
    /// One came, but after `by`.
    case late
    case missing
  }

  package var state: Word
  /// The last moment in time: of the current day or, if nothing is due on it, of the next day on which something is.
  package var due: Timestamp
  /// When the current day began.
  package var since: Timestamp
  /// How many files came on the current day, early ones included.
  package var files: Int
  /// The lowest missing numbers of the sequence, `maxNumbers` at most.
  package var missingNumbers: [Int64]
  /// How many numbers are missing in all; saturates.
  package var missingCount: Int64

  package static let maxNumbers = 1_000
}
