package import Delivery
import Glibc

extension InboxFolders {
  /// Moves an original from `work/` to `archive/`, once its receipt is written; survives a power loss.
  ///
  /// May be repeated after a crash: a file that is there already is fine. Throws `missing` where it is in neither
  /// place. `durably: false` leaves the folders to one `syncFolder` each for many files.
  package func archive(_ file: WorkFile, as name: FileName, durably: Bool = true) throws(InboxError) {
    try move(file, "archive", to: archive, as: name, durably)
  }

  /// Moves a file that could not be used from `work/` to `outbox/rejected/`; otherwise like `archive`.
  package func setAside(_ file: WorkFile, as name: FileName, durably: Bool = true) throws(InboxError) {
    try move(file, "set aside", to: rejected, as: name, durably)
  }

  private func move(
    _ file: WorkFile, _ act: String, to folder: String, as name: FileName, _ durably: Bool
  ) throws(InboxError) {
    if rename(file.name.path(in: work), name.path(in: folder)) != 0 {
      let reason = errno
      guard reason == ENOENT, FileStatus(path: name.path(in: folder)) != nil else {
        throw InboxError(act, work + "/" + file.name.display, errno: reason)
      }
    }
    forgetName(file.id)
    guard durably else { return }
    try syncFolder(folder)
    try syncFolder(work)
  }

  /// Deletes originals that came into `archive/` more than `age` ago, and answers how many; `now` is an argument for
  /// tests.
  ///
  /// Only files with an id in their names go. The time is the inode's change time, which nobody can set back; a
  /// restored backup is kept its full time.
  package func discardArchived(olderThan age: Duration, now: Timestamp) throws(InboxError) -> Int {
    var count = 0
    for name in try FolderListing.names(in: archive, where: ResultNames.isArchived) {
      guard let status = FileStatus(path: name.path(in: archive)), status.kind == .regular,
        now - Timestamp(milliseconds: status.changed / 1_000_000) > age
      else { continue }
      if unlink(name.path(in: archive)) == 0 { count += 1 }
    }
    return count
  }
}

extension ResultNames {
  /// Whether a name has a file id between dots, or at its end after one.
  fileprivate static func isArchived(_ name: FileName) -> Bool {
    let parts = name.bytes.split(separator: UInt8(ascii: "."))
    return parts.dropFirst().contains { FileID(String(decoding: $0, as: UTF8.self)) != nil }
  }
}
