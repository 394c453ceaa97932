/// How many items and requests a file has, by outcome.
package struct FileCounts: Sendable, Equatable {
  package var items = 0
  package var accepted = 0
  /// Part of `accepted`.
  package var unchanged = 0
  package var rejected = 0
  /// All that were sent.
  package var requests = 0

  package init() {}
}
