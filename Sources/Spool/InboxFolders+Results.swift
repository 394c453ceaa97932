package import Core
import Glibc
internal import Runtime

/// A result file as identified by its name.
package struct ResultEntry: Hashable, Sendable {
  package var name: FileName
  /// The file that it belongs to.
  package var id: FileID
}

extension InboxFolders {
  /// The existing receipts, unordered; none if the folder does not exist yet.
  package func receiptEntries() throws(InboxError) -> [ResultEntry] {
    try Self.entries(in: receipts) { ResultNames.id(inReceipt: $0) }
  }

  static func entries(
    in folder: String, id: (FileName) -> FileID?
  ) throws(InboxError) -> [ResultEntry] {
    try names(in: folder).compactMap { name in id(name).map { ResultEntry(name: name, id: $0) } }
  }

  /// The most that is read of a receipt: a file of a hundred million items has a smaller one, and whoever may write to
  /// the folder may have put anything there.
  package static let mostReceiptBytes = 64 << 20

  /// A result file's bytes; throws `missing` if it is gone, as after it was moved away to be corrected, and `tooLarge`
  /// if it has more than `limit` bytes.
  package static func contents(
    of name: FileName, in folder: String, atMost limit: Int = mostReceiptBytes
  ) throws(InboxError) -> [UInt8] {
    let path = folder + "/" + name.display
    let descriptor = open(name.path(in: folder), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { throw InboxError("read", path, errno: errno) }
    defer { close(descriptor) }
    guard let status = FileStatus(descriptor: descriptor), status.kind == .regular else {
      throw InboxError(.failed, "read", path, "is not a regular file")
    }
    func refuse(_ size: Int64) -> InboxError {
      InboxError(.tooLarge, "read", path, "has \(size) bytes, more than the limit of \(limit)")
    }
    guard status.size <= limit else { throw refuse(status.size) }
    var bytes = [UInt8](repeating: 0, count: Int(status.size) + 1)
    var done = 0
    while true {
      let count = bytes[done...].withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw InboxError("read", path, errno: errno)
      }
      if count == 0 { break }
      done += count
      guard done <= limit else { throw refuse(Int64(done)) }
      if done == bytes.count { bytes.append(contentsOf: repeatElement(0, count: 65_536)) }
    }
    bytes.removeLast(bytes.count - done)
    return bytes
  }
}

extension ResultNames {
  /// The file id in the name of a receipt (`clients.csv.01J….receipt.json`); nil for every other name.
  package static func id(inReceipt name: FileName) -> FileID? {
    let end = Array(".receipt.json".utf8)
    let bytes = name.bytes
    guard bytes.count > end.count + 27, bytes.suffix(end.count).elementsEqual(end), bytes.first != UInt8(ascii: "."),
      bytes[bytes.count - end.count - 27] == UInt8(ascii: ".")
    else { return nil }
    return FileID(String(decoding: bytes.dropLast(end.count).suffix(26), as: UTF8.self))
  }

  /// The dropped file's name as its receipt's name shows it: cut at the end if it was too long.
  package static func dropped(inReceipt name: FileName) -> String {
    String(decoding: name.bytes.dropLast(".receipt.json".utf8.count + 27), as: UTF8.self)
  }
}

extension InboxFolders {
  /// The size in bytes of a regular file; nil if there is none of that name.
  package static func size(of name: FileName, in folder: String) -> Int? {
    guard let status = FileStatus(path: name.path(in: folder)), status.kind == .regular else { return nil }
    return Int(status.size)
  }
}

extension InboxFolders {
  /// When a file got its contents or its name here, which nobody can set; nil if it is gone.
  package static func changed(_ name: FileName, in folder: String) -> Timestamp? {
    FileStatus(path: name.path(in: folder)).map { Timestamp(milliseconds: $0.changed / 1_000_000) }
  }
}

extension InboxFolders {
  /// The first folder that this user may not list or search; nil if there is none. A folder that is missing counts as
  /// one that may be seen.
  package var refusal: InboxError? { Self.refusal(in: [inbox, work, receipts, rejected, accepted, archive]) }

  /// The same for the folders of receipts and rejects files alone.
  package var resultsRefusal: InboxError? { Self.refusal(in: [receipts, rejected]) }

  private static func refusal(in folders: [String]) -> InboxError? {
    for folder in folders where faccessat(AT_FDCWD, folder, R_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES {
      return InboxError("list", folder, errno: EACCES, .unusableFolder)
    }
    return nil
  }
}

extension InboxFolders {
  /// The names in one of the folders; none if it does not exist yet.
  package static func names(in folder: String) throws(InboxError) -> [FileName] {
    isMissing(folder) ? [] : try FolderListing.names(in: folder) { _ in true }
  }

  private static func isMissing(_ folder: String) -> Bool { access(folder, F_OK) != 0 && errno == ENOENT }

  /// What is in `work/`; nothing if the folder does not exist yet.
  package func claimedFiles() throws(InboxError) -> [WorkFile] { Self.isMissing(work) ? [] : try workFiles() }

  /// What a crash left half written, with its folder: temporary files, and hidden files of claimed files that are gone.
  ///
  /// Files changed within `age` are left out: somebody may be writing them.
  package func leftovers(olderThan age: Duration) throws(InboxError) -> [(folder: String, name: FileName)] {
    var found: [(folder: String, name: FileName)] = []
    let now = FileObservation.Moment.now.wall
    for folder in [inbox, work, receipts, rejected, accepted, archive] {
      let names = try Self.names(in: folder)
      let claimed = folder == work ? Set(names.compactMap { WorkFile.id(in: $0) }) : []
      for name in names {
        let isStray = folder == work && WorkFile.id(inSideFile: name).map { !claimed.contains($0) } ?? false
        guard ResultFile.isLeftover(name) || isStray, let status = FileStatus(path: name.path(in: folder)),
          status.age(at: now) >= age
        else { continue }
        found.append((folder, name))
      }
    }
    return found
  }
}

extension ResultNames {
  /// The file id in the name of a result; the last one if there are several, as in the rejects of a corrected rejects
  /// file.
  package static func id(inResult name: FileName) -> FileID? {
    name.bytes.split(separator: UInt8(ascii: ".")).dropFirst().lazy
      .compactMap { FileID(String(decoding: $0, as: UTF8.self)) }.last
  }
}
