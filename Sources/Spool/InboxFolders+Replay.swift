internal import Core
import Glibc

/// A copy of an archived file, hidden in `work/`, that is about to be dropped again.
package struct ReplayCopy: Sendable {
  let hidden: FileName
  /// Bytes.
  package let size: Int64
  /// Whose the copied file is.
  package let owner: UserID
}

extension InboxFolders {
  /// A finished file's original: in `archive/`, or in `outbox/rejected/` if it could not be used; nil if it is gone.
  ///
  /// - Throws: `InboxError` if that can't be seen.
  package func original(of names: ResultNames) throws(InboxError) -> (folder: String, name: FileName)? {
    try first([(archive, names.archive), (rejected, names.unusable)])
  }

  /// A finished file's rejects file, as it is now; nil if there is none.
  ///
  /// - Parameter formats: the extensions that rejects files may have besides the dropped file's.
  /// - Throws: `InboxError` if that can't be seen.
  package func rejects(
    of names: ResultNames, formats: [String]
  ) throws(InboxError) -> (folder: String, name: FileName)? {
    let extensions: [String?] = [nil] + formats
    return try first(
      extensions.flatMap { format in
        [false, true].map { (rejected, names.rejected(format: format, marksGzip: $0)) }
      })
  }

  /// A claimed file in `work/`; nil if it is not there.
  ///
  /// - Throws: `InboxError` if that can't be seen.
  package func claimed(_ names: ResultNames) throws(InboxError) -> (folder: String, name: FileName)? {
    try first([(work, names.work)])
  }

  /// Opens a file that one of these found; nil if it is no longer there, or no longer a regular file.
  ///
  /// - Throws: `InboxError` for anything else, such as a file that this user may not read.
  package static func openRegular(
    _ file: (folder: String, name: FileName)
  ) throws(InboxError) -> (descriptor: Int32, size: Int)? {
    let descriptor = Glibc.open(
      file.name.path(in: file.folder), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if [ENOENT, ELOOP, ENXIO, ENODEV].contains(errno) { return nil }
      throw InboxError("read", file.folder + "/" + file.name.display, errno: errno)
    }
    guard let status = FileStatus(descriptor: descriptor), status.kind == .regular else {
      close(descriptor)
      return nil
    }
    return (descriptor, Int(status.size))
  }

  private func first(_ places: [(folder: String, name: FileName)]) throws(InboxError) -> (
    folder: String, name: FileName
  )? {
    for place in places {
      if let status = FileStatus(path: place.name.path(in: place.folder)) {
        if status.kind == .regular { return place }
      } else if errno != ENOENT {
        throw InboxError("look for", place.folder + "/" + place.name.display, errno: errno)
      }
    }
    return nil
  }

  /// Copies a file to a hidden one in `work/`, which survives a power loss. After a crash, the next run removes it.
  ///
  /// It is a copy, not a second name: whoever dropped the file may still be able to write to it.
  /// - Parameters:
  ///   - sha256: what the bytes must have; nil if they may be any.
  ///   - onProgress: called every megabyte; an error that it throws ends the copying.
  /// - Throws: `InboxError`, also if the digest is another.
  package func copyForReplay(
    of file: (folder: String, name: FileName), expecting sha256: String?, onProgress: () throws -> Void
  ) throws -> ReplayCopy {
    let path = file.folder + "/" + file.name.display
    guard let descriptor = try Self.openRegular(file)?.descriptor, let status = FileStatus(descriptor: descriptor)
    else {
      throw InboxError(.missing, "read", path, "it is no longer there as a regular file")
    }
    defer { close(descriptor) }
    let hidden = ResultFile.hiddenName()
    let copy = try ResultFile(folder: work, name: hidden)
    var digest = Digest()
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      try onProgress()
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw InboxError("read", path, errno: errno) }
      if count == 0 { break }
      digest.update(chunk.span.extracting(0..<count))
      try copy.append(chunk[..<count])
    }
    if let sha256, digest.hexadecimal != sha256 {
      throw InboxError(
        .failed, "replay", path, "its SHA-256 is \(digest.hexadecimal), but it was dropped with \(sha256)")
    }
    try copy.publish()
    return ReplayCopy(hidden: hidden, size: Int64(digest.count), owner: UserID(status.owner))
  }

  /// Gives a copy its name in `work/`: from here on it is a claimed file, and survives a power loss as one.
  package func claim(_ copy: ReplayCopy, as file: WorkFile) throws(InboxError) {
    try keepNameIfCut(file)
    let (from, to) = (copy.hidden.path(in: work), file.name.path(in: work))
    guard rename(from, to) == 0 else {
      let reason = errno
      // It may have been carried out (NFS); nobody else has this name.
      unlink(to)
      forgetName(file.id)
      throw InboxError("claim", work + "/" + file.name.display, errno: reason)
    }
    do throws(InboxError) { try syncFolder(work) } catch {
      // The caller gets an error; so it must not be there.
      unlink(to)
      forgetName(file.id)
      throw error
    }
  }

  /// Removes a copy that is not needed.
  package func discard(_ copy: ReplayCopy) { unlink(copy.hidden.path(in: work)) }
}
