/// What one look at an inbox's folder found.
package struct Look: Sendable {
  /// In the order in which they are to be claimed: those that an earlier look found ready first, then by mtime, then by
  /// name.
  package var ready: [ReadyFile]
  /// Everything else in the folder, by name.
  package var unclaimed: [Unclaimed]
  /// Why the folder could not be looked at, or not to the end; then the lists are empty.
  package var fault: InboxError?
  /// How long the look took.
  package var took = Duration.zero

  package init(ready: [ReadyFile] = [], unclaimed: [Unclaimed] = [], fault: InboxError? = nil) {
    self.ready = ready
    self.unclaimed = unclaimed
    self.fault = fault
  }
}
