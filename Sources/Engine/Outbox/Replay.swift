package import Core

/// That a claimed file is one that was dropped before, and was dropped again by `upsertd replay`.
///
/// It is written down, durably, before the file gets its name in `work/`: so no crash makes a replay an ordinary file.
/// The other way round, only upsertd writes it, and an id is never given twice: no dropper, and no crash, makes an
/// ordinary file a replay.
package struct Replay: Sendable, Equatable {
  /// The file that was dropped again.
  package var of: FileID
  /// Who ordered it: the owner of the new file.
  package var owner: String
  /// Others who may have had a hand in its bytes: whoever changed the rejects file.
  package var otherOwners: [String]

  package init(of: FileID, owner: String, otherOwners: [String] = []) {
    self.of = of
    self.owner = owner
    self.otherOwners = otherOwners
  }
}
