import CLinux
package import Core
import Glibc

extension InboxFolders {
  /// Makes a ready file upsertd's own, by one rename into `work/`; nil if it is no longer there as the scan found it.
  ///
  /// Nothing is overwritten, and no symbolic link is followed. After the rename, writers are checked once more: by then
  /// nobody can open the file by its old name. If the answer is nil, the file is in `inbox/` again, and a later scan
  /// judges it again. The marker is removed last, and the side file with the file's digest comes along, once the claim
  /// survives a power loss: with either lost, the file would wait in `inbox/` forever.
  ///
  /// The file is synced before the rename and the folders after it, so that after a power loss a claimed file is in
  /// `work/`, and complete. `durably: false` leaves the folders to one `syncClaims()` for many claims: before that,
  /// nothing may be recorded about them.
  ///
  /// If a name is too long to follow the id within 255 bytes, the whole name is kept in a hidden side file;
  /// `workFiles()` reads it.
  package func claim(
    _ file: ReadyFile, as id: FileID, durably: Bool = true
  ) throws(InboxError) -> ClaimedFile? {
    guard let claimed = try move(file, as: id) else { return nil }
    if durably {
      do { try syncClaims() } catch {
        try? giveBack(claimed.work)
        throw error
      }
    }
    complete(file, id)
    return claimed
  }

  private func move(_ file: ReadyFile, as id: FileID) throws(InboxError) -> ClaimedFile? {
    let work = WorkFile(id: id, name: ResultNames(dropped: file.name, id: id).work, dropped: file.name)
    let origin = file.name.path(in: inbox)
    var sideFile: SideFile?
    if let found = file.sideFile {
      // Read before the claim: as soon as the file is gone, its sender may write the next one's.
      sideFile = try self.sideFile(found)
      guard sideFile != nil else { return nil }
    }
    guard
      let claimed = try open(
        work, in: inbox, as: file.name, sideFile: sideFile, forgiving: [EACCES, EPERM, EAGAIN]),
      claimed.isAsFound(file)
    else { return nil }
    try syncContents(of: claimed)
    try keepNameIfCut(work)
    let reason = moveIntoWork(origin, work)
    // NFS resends a rename when the answer was lost, and then answers ENOENT though the first one was carried out
    // (rename(2), "Bugs").
    guard reason == 0 || reason == ENOENT && claimed.isInWork else {
      forgetName(work.id)
      if reason == ENOENT { return nil }
      throw InboxError("claim", inbox + "/" + file.name.display, errno: reason, reason == EEXIST ? .taken : nil)
    }
    // Another file may have taken the name between our open and our rename; or a writer has opened this one since the
    // scan.
    guard !claimed.hasChanged() else {
      do throws(InboxError) { try giveBack(work) } catch {
        // Somebody removed it: it is no longer there as the scan found it.
        if error.code == .missing { return nil }
        throw InboxError(
          error.code, "claim", inbox + "/" + file.name.display,
          "the file changed and can't be put back: \(error.reason); it stays in work/ as \"\(work.name.display)\"",
          mayPass: error.mayPass)
      }
      return nil
    }
    return claimed
  }

  /// Does what is left of a claim.
  private func complete(_ file: ReadyFile, _ id: FileID) {
    // Neither can fail for lack of permission: the rename needed the same.
    if let sideFile = file.sideFile { bringAlong(sideFile, of: id) }
    if let marker = file.marker { unlink(marker.path(in: inbox)) }
  }

  /// Claims files one after the other; either all claims survive a power loss, or the files go back into `inbox/`.
  package func claim(_ files: [(file: ReadyFile, id: FileID)]) -> [Result<ClaimedFile?, InboxError>] {
    let claims = files.map { file in
      Result { () throws(InboxError) in try move(file.file, as: file.id) }
    }
    do throws(InboxError) { try syncClaims() } catch {
      return claims.map { claim in
        guard case .success(let file?) = claim else { return claim }
        try? giveBack(file.work)
        return .failure(error)
      }
    }
    for (file, claim) in zip(files, claims) {
      if case .success(_?) = claim { complete(file.file, file.id) }
    }
    return claims
  }

  /// Makes the claims so far survive a power loss.
  package func syncClaims() throws(InboxError) {
    try syncFolder(work)
    try syncFolder(inbox)
  }

  /// What is in `work/`, by id: at start, the files that the last run had claimed and not put away.
  package func workFiles() throws(InboxError) -> [WorkFile] {
    var files: [WorkFile] = []
    for name in try FolderListing.names(in: work, where: { WorkFile.id(in: $0) != nil }) {
      guard let id = WorkFile.id(in: name), FileStatus(path: name.path(in: work))?.kind == .regular else { continue }
      let shown = FileName(known: Array(name.bytes.dropFirst(27)))
      files.append(WorkFile(id: id, name: name, dropped: keptName(of: id) ?? shown))
    }
    return files.sorted { $0.id < $1.id }
  }

  /// Opens a file that an earlier run claimed; nil if it is gone or not a regular file, and an error if it may no
  /// longer be read.
  ///
  /// If the earlier run died between claiming it and removing its marker, `marker` (as in `WatchOptions`) says what is
  /// still to be removed. `checksum` says which side file it has; without one, `sideFile` of the result is nil.
  package func reopen(
    _ file: WorkFile, marker: String? = nil, checksum: ChecksumKind? = nil
  ) throws(InboxError) -> ClaimedFile? {
    var sideFile: SideFile?
    if let checksum { sideFile = try self.sideFile(of: file, checksum) }
    guard let claimed = try open(file, in: work, as: file.name, sideFile: sideFile) else { return nil }
    if let marker, FileStatus(path: file.dropped.path(in: inbox)) == nil, errno == ENOENT,
      let name = FileName(bytes: file.dropped.bytes + Array(marker.utf8))
    {
      unlink(name.path(in: inbox))
    }
    return claimed
  }

  /// Puts a file that changed while it was read back into `inbox/`, where it waits until it is left alone.
  ///
  /// Its side file goes back, too. A marker is not recreated: a file that changed after its marker was placed waits for
  /// a new one.
  /// - Parameter reason: why, for errors: `the file changed`.
  /// - Throws: `missing` if it is no longer in `work/`, so that there is nothing to put back. After any other error it
  ///   stays in `work/`; `taken` means that another file has its name in `inbox/`.
  package func giveBack(_ claimed: ClaimedFile, because reason: String = "the file changed") throws(InboxError) {
    try giveBack(claimed.work, because: reason)
  }

  private func giveBack(_ file: WorkFile, because reason: String = "the file changed") throws(InboxError) {
    let (from, to) = (file.name.path(in: work), file.dropped.path(in: inbox))
    let path = inbox + "/" + file.dropped.display
    let taken = InboxError(.taken, "put back", path, "\(reason), and its name is taken")
    // A scan must not find a newer file beside this one's side file.
    if FileStatus(path: to) != nil, !isGone(file) { throw taken }
    returned.insert(file.dropped)
    // First: after a crash in between, `reopen` finds it.
    let sideFiles = giveBackSideFiles(of: file)
    let code = Self.moveWithoutReplacing(from, to)
    guard code == 0 else {
      takeSideFiles(of: file, sideFiles)
      _ = returned.remove(file.dropped)
      switch code {
      case EEXIST: throw taken
      case ENOENT where isGone(file): throw InboxError("put back", work + "/" + file.name.display, errno: code)
      // There is no `inbox/`.
      case ENOENT: throw InboxError("put back", path, errno: code, .unusableFolder)
      default: throw InboxError("put back", path, errno: code)
      }
    }
    forgetName(file.id)
    // There is a newer one, if any.
    removeSideFiles(of: file.id)
    // If this fails and a power loss follows, the file is in `work/` again: the next start finds it there.
    try? syncFolder(inbox)
    try? syncFolder(work)
  }

  /// Whether somebody removed a claimed file, or moved it away: there is a `work/`, and nothing in it has the file's
  /// name.
  ///
  /// False while there is no `work/`: its disk may come back, with the file on it.
  package func isGone(_ file: WorkFile) -> Bool {
    FileStatus(path: file.name.path(in: work)) == nil && errno == ENOENT
      && FileStatus(path: work + "/.")?.kind == .folder
  }

  /// Size of a claimed file in bytes; nil if it is not there.
  package func size(of file: WorkFile) -> Int64? { FileStatus(path: file.name.path(in: work))?.size }

  /// The content size according to the end of a ready gzip, below 4 GiB (RFC 1952, section 2.3.1); nil if unknown.
  ///
  /// An estimate, not to be trusted: a gzip of several members gives the last one's size, and anybody may write
  /// anything there.
  package func unpackedSize(of file: ReadyFile) -> Int? {
    let descriptor = Glibc.open(file.name.path(in: inbox), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var end: [UInt8] = [0, 0, 0, 0]
    guard file.size >= 18, pread(descriptor, &end, 4, off_t(file.size - 4)) == 4 else { return nil }
    return end.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Returns 0 or the errno: EEXIST if the name is taken.
  static func moveWithoutReplacing(_ from: [CChar], _ to: [CChar]) -> Int32 {
    let code = clinux_rename_new(from, to)
    guard code == EINVAL || code == ENOSYS else { return code }
    // Unlike a plain rename, a link never replaces a file that was dropped at this instant.
    return link(from, to) == 0 && unlink(from) == 0 ? 0 : errno
  }

  /// Returns 0 or the errno.
  private func moveIntoWork(_ origin: [CChar], _ file: WorkFile) -> Int32 {
    let target = file.name.path(in: work)
    let code = clinux_rename_new(origin, target)
    guard code == EINVAL || code == ENOSYS else { return code }
    // A filesystem without RENAME_NOREPLACE. Nobody else creates names in `work/`, so checking first is as good.
    if FileStatus(path: target) != nil { return EEXIST }
    return rename(origin, target) == 0 ? 0 : errno
  }

  /// Never blocks: O_NONBLOCK for a FIFO that took the file's place.
  private func open(
    _ file: WorkFile, in folder: String, as name: FileName, sideFile: SideFile?, forgiving forgiven: Set<Int32> = []
  ) throws(InboxError) -> ClaimedFile? {
    let descriptor = Glibc.open(name.path(in: folder), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let reason = errno
      // Gone, or another kind of file; also what the next scan reports, such as that we may not read it.
      if forgiven.union([ENOENT, ELOOP, ENXIO, ENODEV]).contains(reason) { return nil }
      throw InboxError("open", folder + "/" + name.display, errno: reason)
    }
    guard let status = FileStatus(descriptor: descriptor), status.kind == .regular else {
      close(descriptor)
      return nil
    }
    return ClaimedFile(
      file, descriptor: descriptor, sideFile: sideFile, path: file.name.path(in: work), opened: status)
  }

  /// A writer's data may still be in memory only; after a power loss the file would be shorter than the receipt says.
  private func syncContents(of file: ClaimedFile) throws(InboxError) {
    // EINVAL, EROFS: the filesystem can't sync a file opened for reading.
    guard fsync(file.descriptor) == 0 || errno == EINVAL || errno == EROFS else {
      throw InboxError("sync", inbox + "/" + file.name.display, errno: errno)
    }
  }
}

extension InboxFolders {
  /// Writes the whole name next to a work file whose own name had to be cut; synced with the claim.
  func keepNameIfCut(_ file: WorkFile) throws(InboxError) {
    guard file.name.bytes.count < file.dropped.bytes.count + 27 else { return }
    let side = try ResultFile(folder: work, name: WorkFile.sideFile(of: file.id))
    try side.append(file.dropped.bytes)
    try side.publish()
  }

  func forgetName(_ id: FileID) { unlink(WorkFile.sideFile(of: id).path(in: work)) }

  private func keptName(of id: FileID) -> FileName? {
    let descriptor = Glibc.open(WorkFile.sideFile(of: id).path(in: work), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: FileName.longest + 1)
    let count = read(descriptor, &bytes, bytes.count)
    return count > 0 ? FileName(bytes: bytes[..<count]) : nil
  }
}

extension ClaimedFile {
  fileprivate func isAsFound(_ file: ReadyFile) -> Bool {
    inode == file.inode && size == file.size && modified == file.modified
  }
}
