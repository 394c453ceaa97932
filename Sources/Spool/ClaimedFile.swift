package import Core
internal import Glibc

/// A file in `work/`, open for reading; closed with this value.
package final class ClaimedFile: Sendable {
  package let work: WorkFile
  /// Opened for reading, at the file's start; certainly a regular file.
  package let descriptor: Int32
  /// The file with its digest that was beside it; nil if there was none, or none was asked for.
  package let sideFile: SideFile?
  private let path: [CChar]
  private let opened: FileStatus

  package var id: FileID { work.id }
  /// As it was dropped.
  package var name: FileName { work.dropped }
  /// In `work/`.
  package var workName: FileName { work.name }
  /// Bytes, when it was opened.
  package var size: Int64 { opened.size }
  /// Nanoseconds since 1970, when it was opened.
  package var modified: Int64 { opened.modified }
  package var inode: UInt64 { opened.inode }
  /// The owner: whoever dropped it, since a rename changes no owner.
  package var owner: UserID { UserID(opened.owner) }

  init(_ work: WorkFile, descriptor: Int32, sideFile: SideFile?, path: [CChar], opened: FileStatus) {
    self.work = work
    self.descriptor = descriptor
    self.sideFile = sideFile
    self.path = path
    self.opened = opened
  }

  deinit { close(descriptor) }

  /// Whether its name in `work/` still refers to this file.
  var isInWork: Bool { FileStatus(path: path)?.isSameFile(as: opened) == true }

  /// Whether the file may hold something other than when it was opened, or soon will.
  ///
  /// It does if size or mtime differ, if it is no longer in `work/`, and if somebody still has it open for writing. No
  /// new writer can come by the old name, so after a whole read with `hasChanged()` false, the read is good. If the
  /// kernel does not report writers (NFS, other people's files without CAP_LEASE), size and mtime have to do.
  package func hasChanged() -> Bool {
    guard let now = FileStatus(descriptor: descriptor), now.isUnchanged(from: opened), now.links > 0,
      let named = FileStatus(path: path), named.isSameFile(as: opened)
    else { return true }
    return OpenWriterCheck(of: descriptor) == .some
  }
}

/// A file in `work/`.
package struct WorkFile: Hashable, Sendable {
  package let id: FileID
  /// Its name in `work/`: `<id>.clients.csv`.
  package let name: FileName
  /// The whole name under which it was dropped.
  package let dropped: FileName

  package init(id: FileID, name: FileName, dropped: FileName) {
    self.id = id
    self.name = name
    self.dropped = dropped
  }

  /// The id at the start of a work file's name; nil for other names.
  static func id(in name: FileName) -> FileID? {
    guard name.bytes.count > 27, name.bytes[26] == UInt8(ascii: ".") else { return nil }
    return FileID(String(decoding: name.bytes[..<26], as: UTF8.self))
  }

  /// Hidden, next to a work file whose name had to be cut: it holds the whole name.
  static func sideFile(of id: FileID) -> FileName { FileName(known: Array(".\(id).name".utf8)) }

  /// Hidden, next to a work file whose route has `checksum`: what was beside it in `inbox/`.
  static func sideFile(of id: FileID, _ kind: ChecksumKind) -> FileName {
    FileName(known: Array(".\(id)\(kind.suffix)".utf8))
  }

  /// The file that a hidden file in `work/` belongs to; nil for other names.
  static func id(inSideFile name: FileName) -> FileID? {
    guard name.bytes.count > 28, name.bytes.first == UInt8(ascii: "."),
      ([".name"] + ChecksumKind.allCases.map(\.suffix)).contains(where: { name.bytes[27...].elementsEqual($0.utf8) })
    else { return nil }
    return FileID(String(decoding: name.bytes[1..<27], as: UTF8.self))
  }
}
