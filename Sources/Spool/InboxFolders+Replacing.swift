import CLinux
import Glibc

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
