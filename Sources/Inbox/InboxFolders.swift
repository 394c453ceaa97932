/// One inbox's folders, and the renames by which a file goes through them.
///
/// `inbox/` is everybody's, `work/` is upsertd's own, and what is in `work/` is claimed: a claimed file leaves it only
/// for `archive/`, `outbox/rejected/` or back to `inbox/`. All are on one filesystem, so that each step is one rename,
/// and each step is synced, so that it survives a power loss before anything is built on it. Nothing here looks into a
/// file.
///
/// `FileName` is bytes; `Watcher` says what is ready; `ResultNames` how results are called; `ResultFile` writes them.
package struct InboxFolders: Sendable {
  package let root: String
  package let inbox: String
  package let work: String
  package let receipts: String
  package let rejected: String
  /// With `results: all`; made when it is needed.
  package let accepted: String
  package let archive: String

  /// What this value and its copies gave back, for the watcher that was made with one of them.
  let returned = ReturnedFiles()

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
