package import Core

/// What operators are told about files that come every day.
package struct ExpectationAlarm: Sendable, Hashable {
  /// The words of `notify`'s `on`.
  package enum Kind: String, Sendable, CaseIterable {
    /// No file came in time.
    case missing
    /// A file came after `by`.
    case late
    /// A file came on a day that is not in `days`.
    case early
    /// A file has fewer items than `min_items`.
    case short
    /// Numbers of the sequence are left out.
    case gap
    /// A number of the sequence came before.
    case `repeat`
  }

  package var kind: Kind
  /// The day that it is about, or on which it was noticed.
  package var day: CivilDate
  /// The file that it is about; nil for a missing one. Of a gap, the one that revealed it, where that is
  /// known.
  package var file: FileID?
  /// Of a gap: the numbers, in ascending order, `maxRanges` at most; of a repeat, the number.
  package var numbers: [ClosedRange<Int64>] = []
  /// For people, on one line.
  package var message: String

  static let maxRanges = 20
}
