package import Core

/// An entry of `expect`: which files come every day, by when, and how they are numbered.
package struct ExpectationRule: Sendable, Hashable {
  /// A pattern for file names.
  package var match: String
  package var deadline: DailyDeadline
  /// A file with fewer items is short.
  package var minItems: Int?
  package var sequence: SequencePattern?

  package init(match: String, deadline: DailyDeadline, minItems: Int? = nil, sequence: SequencePattern? = nil) {
    self.match = match
    self.deadline = deadline
    self.minItems = minItems
    self.sequence = sequence
  }
}
