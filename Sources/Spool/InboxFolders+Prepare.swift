package import Glibc

extension InboxFolders {
  /// Creates missing folders, checks that all are on one filesystem and writable, and removes what a crash left half
  /// written.
  ///
  /// Folders get the modes that keep users who drop files apart (`FolderMode`), whatever the umask, and those users'
  /// group. Folders with another owner are left as they are.
  ///
  /// May be called again while this process is running, but only by the one upsertd that holds the state's lock, since
  /// it would remove another's unfinished results.
  /// - Parameters:
  ///   - group: whose members drop files; nil if folders keep the group they have.
  ///   - createsInbox: false if `inbox/` and what it is in must exist. Somebody may move them away meanwhile, to bring
  ///     them back: then others in their place would look like an inbox that nobody drops files into.
  package func prepare(group: gid_t? = FolderMode.group, createsInbox: Bool = true) throws(InboxError) {
    if createsInbox { try Self.makeParents(of: inbox) }
    try Self.makeFolder(root + "/outbox", mode: 0o755)
    let folders = modes.filter { $0.path != accepted || usesAccepted }
    for folder in folders {
      if createsInbox || folder.path != inbox { try Self.makeFolder(folder.path, mode: folder.mode) }
      try folder.enforce(group: group)
    }
    try checkFilesystem(act: "prepare")
    for folder in folders.map(\.path) {
      for name in try FolderListing.names(in: folder, where: ResultFile.isLeftover) { unlink(name.path(in: folder)) }
    }
    try removeStrayNames(olderThan: .seconds(60))
  }

  /// What a trial of the folders found.
  package enum Trial: Sendable, Equatable {
    case passed
    /// A folder does not exist yet.
    case missing
    /// This user has no permission for a folder.
    case refused(folder: String)
  }

  /// Tries what a claim and its results need, without creating anything that stays.
  ///
  /// - Throws: `InboxError` where the folders can't be used, whoever the user is.
  package func trial() throws(InboxError) -> Trial {
    for folder in modes.map(\.path) where folder != accepted || usesAccepted {
      var status = stat()
      if stat(folder, &status) != 0 {
        if errno == ENOENT { return .missing }
        if errno == EACCES { return .refused(folder: folder) }
        throw InboxError("try", folder, errno: errno, .unusableFolder)
      }
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw InboxError(.unusableFolder, "try", folder, "is not a folder")
      }
      // Not access(2): as root that tries for another user, it would ask for root.
      if faccessat(AT_FDCWD, folder, R_OK | W_OK | X_OK, AT_EACCESS) != 0, errno == EACCES {
        return .refused(folder: folder)
      }
    }
    try checkFilesystem(act: "try")
    return .passed
  }

  /// Makes the folder for accepted items where an inbox begins to use it while upsertd runs, or where a file still needs
  /// it after the inbox no longer does.
  package func prepareAccepted() throws(InboxError) {
    guard !usesAccepted else { return }
    let group = FolderMode.group
    for folder in modes where folder.path == accepted {
      try Self.makeFolder(folder.path, mode: folder.mode)
      try folder.enforce(group: group)
    }
  }

  /// Moves a hidden file through all of them: that reveals more than modes and device numbers do (read-only mounts, ACLs,
  /// bind mounts).
  private func checkFilesystem(act: String) throws(InboxError) {
    let probe = ResultFile.hiddenName()
    let route = [inbox, work, receipts, rejected] + (usesAccepted ? [accepted] : []) + [archive]
    var place = inbox
    let descriptor = open(probe.path(in: place), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      let reason = errno
      // A full disk passes, and is no reason not to start: what is queued can still be delivered.
      if reason == ENOSPC || reason == EDQUOT { return }
      throw Self.unusable(place, act, errno: reason)
    }
    close(descriptor)
    defer { unlink(probe.path(in: place)) }
    for next in route.dropFirst() {
      guard rename(probe.path(in: place), probe.path(in: next)) == 0 else {
        let reason = errno
        if reason == ENOSPC || reason == EDQUOT { return }
        if reason == EXDEV {
          throw InboxError(
            .notOneFilesystem, act, next,
            "is on a different filesystem or mount from \"\(place)\"; all of \"\(root)\" must be on the same one")
        }
        throw Self.unusable(next, act, errno: reason)
      }
      place = next
    }
  }

  private static func unusable(_ folder: String, _ act: String, errno number: Int32) -> InboxError {
    var error = InboxError(act, folder, errno: number, .unusableFolder)
    error.reason += "; upsertd's user needs read, write and search permission on this folder"
    return error
  }

  /// Removes the hidden files of `work/` (see `WorkFile`) whose claimed file is gone; recent ones may belong to a claim in
  /// progress.
  func removeStrayNames(olderThan age: Duration) throws(InboxError) {
    let names = try FolderListing.names(in: work) { _ in true }
    let claimed = Set(names.compactMap { WorkFile.id(in: $0) })
    let now = FileObservation.Moment.now.wall
    for name in names {
      if let id = WorkFile.id(inSideFile: name), !claimed.contains(id),
        let status = FileStatus(path: name.path(in: work)),
        status.age(at: now) >= age
      {
        unlink(name.path(in: work))
      }
    }
  }

  private static func makeParents(of path: String) throws(InboxError) {
    var parent = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/").dropLast() {
      parent += "/" + part
      try makeFolder(parent, mode: 0o755)
    }
  }

  private static func makeFolder(_ path: String, mode: mode_t) throws(InboxError) {
    // Sandboxes that forbid set-group-id (systemd's RestrictSUIDSGID) reject a mkdir with it.
    guard mkdir(path, mode & 0o777) == 0 else {
      let reason = errno
      var status = stat()
      if stat(path, &status) == 0 {
        if status.st_mode & S_IFMT == S_IFDIR { return }
        throw InboxError(.unusableFolder, "prepare", path, "is not a folder")
      }
      throw InboxError("create folder", path, errno: reason, .unusableFolder)
    }
    // A spool with set-group-id passes its group on, also to the folders further down.
    var made = stat()
    let inherited = stat(path, &made) == 0 ? made.st_mode & S_ISGID : 0
    // In such a sandbox the rest of the mode still counts.
    if chmod(path, mode | inherited) != 0, chmod(path, mode & 0o1777) != 0 {
      throw InboxError("create folder", path, errno: errno, .unusableFolder)
    }
    try syncFolder(path + "/..")
  }
}
