import CLinux
import Glibc

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
  /// Only with `results: all`.
  package let accepted: String
  package let archive: String
  /// Whether `prepare` creates `accepted`.
  private let listsAccepted: Bool

  /// Names that this value and its copies gave back, for the watcher that was created with one of them.
  let returned = ReturnedFiles()

  /// Whether there is, or is to be, a folder for accepted items.
  package var usesAccepted: Bool { listsAccepted || access(accepted, F_OK) == 0 }

  /// Touches nothing yet.
  package init(spool: String, inbox name: String, listsAccepted: Bool = false) {
    self.listsAccepted = listsAccepted
    root = spool + "/" + name
    inbox = root + "/inbox"
    work = root + "/work"
    receipts = root + "/outbox/receipts"
    rejected = root + "/outbox/rejected"
    accepted = root + "/outbox/accepted"
    archive = root + "/archive"
  }
}

/// What an inbox's paths lead to at one moment.
struct FolderIdentities: Equatable {
  struct Identity: Equatable {
    var device: UInt64
    var inode: UInt64
    var mount: UInt64
  }

  /// In the order of `InboxFolders.all`; nil if there is no such folder.
  var folders: [Identity?]
}

extension InboxFolders {
  /// `inbox/` first.
  var all: [String] { [inbox, work, receipts, rejected, archive] }

  var identities: FolderIdentities {
    FolderIdentities(
      folders: all.map { path -> FolderIdentities.Identity? in
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return FolderIdentities.Identity(
          device: UInt64(status.st_dev), inode: UInt64(status.st_ino), mount: UInt64(clinux_mount_id(path)))
      })
  }

  /// Why no file can be claimed, as far as the folders show it: one is missing, or on a different filesystem or mount
  /// than `inbox/`.
  ///
  /// Nil if there is no `inbox/` either, which a scan reports.
  package var folderFault: InboxError? {
    let found = identities.folders
    guard let inboxIdentity = found[0] else { return nil }
    for (folder, identity) in zip(all, found).dropFirst() {
      guard let identity else { return InboxError(.missing, "watch", folder, "the folder is missing") }
      guard identity.device == inboxIdentity.device, identity.mount == inboxIdentity.mount else {
        return InboxError(.notOneFilesystem, "watch", folder, "is on a different filesystem or mount from \"\(inbox)\"")
      }
    }
    return nil
  }
}

extension InboxFolders {
  /// Gives a file the name of a result, replacing any file that has it.
  ///
  /// Whoever may write to a result folder may create a folder of that name, which no rename replaces: it gets a free
  /// name next to it, so that the result is where everybody expects it. This is repeated as often as somebody creates
  /// another, up to a limit.
  ///
  /// - Returns: the folder's new name, if there was one.
  /// - Throws: `taken` if the folder can't be moved.
  @discardableResult
  static func moveOver(
    _ file: [CChar], to name: FileName, in folder: String, _ act: String
  ) throws(InboxError) -> FileName? {
    let target = name.path(in: folder)
    var moved: FileName?
    for _ in 0..<100 {
      if Glibc.rename(file, target) == 0 { return moved }
      let reason = errno
      guard [EISDIR, EEXIST, ENOTEMPTY].contains(reason), FileStatus(path: target)?.kind == .folder else {
        throw InboxError(act, folder + "/" + name.display, errno: reason)
      }
      moved = try moveAside(name, in: folder, act)
    }
    throw InboxError(.taken, act, folder + "/" + name.display, "folders with this name keep being created")
  }

  private static func moveAside(_ name: FileName, in folder: String, _ act: String) throws(InboxError) -> FileName {
    let number = String(UInt64.random(in: 0 ... .max), radix: 36)
    let end = Array(".in-the-way.\(number)".utf8)
    let free = FileName(known: name.bytes.prefix(FileName.longest - end.count) + end)
    let from = name.path(in: folder)
    var code = clinux_rename_new(from, free.path(in: folder))
    // A filesystem without RENAME_NOREPLACE; the name is random, so nobody has it.
    if code == EINVAL || code == ENOSYS { code = Glibc.rename(from, free.path(in: folder)) == 0 ? 0 : errno }
    // ENOENT: it has disappeared by itself.
    guard code == 0 || code == ENOENT else {
      throw InboxError(
        .taken, act, folder + "/" + name.display,
        "a folder has this name and can't be moved out of the way: \(InboxError.text(of: code))")
    }
    return free
  }
}
