/// What one look at an inbox's folder found.
package struct InboxScan: Sendable {
  /// In the order in which they are to be claimed: those that an earlier look found ready first, then by mtime, then by
  /// name.
  package var ready: [ReadyFile]
  /// What else is in the folder, by name, at most `mostListed` of each kind: a folder may hold any number of names.
  package var unclaimed: [UnreadyFile]
  /// How many of each kind there are, including the unlisted ones.
  package var counts: [UnreadyFile.Kind: Int]
  package static let mostListed = 500
  /// Why the folder could not be read, or not completely; then the lists are empty.
  package var fault: InboxError?
  /// How often the inbox's folders had been replaced so far and were prepared again.
  package var preparations = 0
  /// How long the look took.
  package var took = Duration.zero

  package init(ready: [ReadyFile] = [], unclaimed: [UnreadyFile] = [], fault: InboxError? = nil) {
    self.ready = ready
    self.unclaimed = unclaimed
    self.fault = fault
    counts = unclaimed.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
  }
}
