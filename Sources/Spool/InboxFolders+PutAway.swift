package import Core
import Glibc

extension InboxFolders {
  /// Moves an original from `work/` to `archive/`, once its receipt is written; survives a power loss.
  ///
  /// May be repeated after a crash: it is fine if the file is there already. Throws `missing` if it is in neither
  /// place. `durably: false` leaves the folders to one `syncFolder` each for many files.
  package func archive(_ file: WorkFile, as name: FileName, durably: Bool = true) throws(InboxError) {
    try move(file, "archive", to: archive, as: name, durably)
  }

  /// Moves an unusable file from `work/` to `outbox/rejected/`; otherwise like `archive`.
  package func setAside(_ file: WorkFile, as name: FileName, durably: Bool = true) throws(InboxError) {
    try move(file, "set aside", to: rejected, as: name, durably)
  }

  private func move(
    _ file: WorkFile, _ act: String, to folder: String, as name: FileName, _ durably: Bool
  ) throws(InboxError) {
    do throws(InboxError) {
      try Self.moveOver(file.name.path(in: work), to: name, in: folder, act)
    } catch {
      guard error.code == .missing else { throw error }
      guard Self.size(of: name, in: folder) != nil else {
        throw InboxError(act, work + "/" + file.name.display, errno: ENOENT)
      }
    }
    forgetName(file.id)
    // Not before: a power failure may take back that the file was read, and `doctor` may set the outbox aside. Then it is
    // read again, and compared again.
    removeSideFiles(of: file.id)
    guard durably else { return }
    try syncFolder(folder)
    try syncFolder(work)
  }

  /// Deletes files that came into one of the result folders more than `age` ago, and returns how many; `now` is an
  /// argument for tests.
  ///
  /// Only regular files with an id in their names are deleted. The time is the inode's change time, which nobody can
  /// set back; so a restored backup, and a rejects file that somebody is editing, are kept for the full time.
  package func discard(from folder: String, olderThan age: Duration, now: Timestamp) throws(InboxError) -> Int {
    var count = 0
    for name in try Self.names(in: folder) where ResultNames.id(inResult: name) != nil {
      guard name.bytes.first != UInt8(ascii: "."), let status = FileStatus(path: name.path(in: folder)),
        status.kind == .regular, now - Timestamp(milliseconds: status.changed / 1_000_000) > age
      else { continue }
      if unlink(name.path(in: folder)) == 0 { count += 1 }
    }
    return count
  }
}
