/// One inbox's folders, and the renames by which a file passes through them.
///
/// `inbox/` is open to everybody, `work/` is upsertd's own, and files in `work/` are claimed: a claimed file leaves it
/// only for `archive/`, `outbox/rejected/` or back to `inbox/`. All are on one filesystem, so that each step is one
/// rename, and each step is synced, so that it survives a power loss before anything depends on it. Nothing here reads
/// the contents of a file.
///
/// `FileName` is bytes; `Watcher` decides what is ready; `ResultNames` names the results; `ResultFile` writes them.
package struct InboxFolders: Sendable {
  package let root: String
  package let inbox: String
  package let work: String
  package let receipts: String
  package let rejected: String
  /// With `results: all`; created when needed.
  package let accepted: String
  package let archive: String

  /// Names that this value and its copies gave back, for the watcher that was created with one of them.
  let returned = ReleasedFiles()

  /// Touches nothing yet.
  package init(spool: String, inbox name: String) {
    root = spool + "/" + name
    inbox = root + "/inbox"
    work = root + "/work"
    receipts = root + "/outbox/receipts"
    rejected = root + "/outbox/rejected"
    accepted = root + "/outbox/accepted"
    archive = root + "/archive"
  }
}
