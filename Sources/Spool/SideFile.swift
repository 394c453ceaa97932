package import Core
import Glibc

/// The file beside a dropped file that holds the digest of its bytes: `clients.csv.sha256`.
///
/// In `work/` it is hidden and has the id of its file (`.<id>.sha256`), so that nothing takes it for a claimed file. It
/// stays there until the file is put away.
package struct SideFile: Hashable, Sendable {
  package let kind: ChecksumKind
  /// As it was dropped.
  package let name: String
  /// Its first bytes, at most `mostBytes`.
  let content: [UInt8]

  /// A line of `sha256sum` with the longest path is hardly longer.
  package static let mostBytes = 4 << 10
  /// How much of it a message quotes, in characters.
  private static let mostQuoted = 80

  package init(kind: ChecksumKind, name: String, content: [UInt8]) {
    self.kind = kind
    self.name = name
    self.content = content
  }

  /// The digest in it, in lower case; nil if it holds none.
  ///
  /// It is hexadecimal, alone or in a line of `sha256sum` (`<hex>  name`, `<hex> *name`; a backslash in front where the
  /// name is escaped). A name is not compared: senders write the one that the file had on their side.
  package var digest: String? {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.filter { !$0.isEmpty }
    // Of several lines nobody could tell which is meant.
    guard lines.count == 1, var line = lines.first else { return nil }
    if line.first == "\\" { line = line.dropFirst() }
    let digits = line.prefix { !$0.isWhitespace }
    guard digits.utf8.count == kind.hexadecimalDigits, digits.utf8.allSatisfy(Self.isHexadecimal) else { return nil }
    return digits.lowercased()
  }

  /// Why the file can't be compared with it; nil if it holds a digest.
  package var fault: FileFault? {
    guard digest == nil else { return nil }
    let shown = String(text.prefix(Self.mostQuoted)) + (text.count > Self.mostQuoted ? "…" : "")
    return FileFault(
      .checksumMismatch,
      "what the side file \(name) holds is no \(kind.title) digest (\(kind.hexadecimalDigits) hexadecimal digits, "
        + "alone or as \(kind.rawValue)sum writes them): \"\(shown)\"")
  }

  /// Windows PowerShell's `>` writes UTF-16 with a byte order mark.
  private var text: String {
    switch (content.first, content.dropFirst().first) {
    case (0xFF, 0xFE): Self.text(ofUTF16: content.dropFirst(2)) { UInt16($1) << 8 | UInt16($0) }
    case (0xFE, 0xFF): Self.text(ofUTF16: content.dropFirst(2)) { UInt16($0) << 8 | UInt16($1) }
    default: String(decoding: content.dropFirst(content.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0), as: UTF8.self)
    }
  }

  private static func text(ofUTF16 bytes: ArraySlice<UInt8>, _ unit: (UInt8, UInt8) -> UInt16) -> String {
    let starts = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2)
    return String(decoding: starts.map { unit(bytes[$0], bytes[$0 + 1]) }, as: UTF16.self)
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "F"),
      UInt8(ascii: "a")...UInt8(ascii: "f"):
      true
    default: false
    }
  }
}

/// A side file as a scan finds it.
package struct ReadySideFile: Hashable, Sendable {
  package let name: FileName
  package let kind: ChecksumKind
  /// Bytes.
  let size: Int64
  /// Nanoseconds since 1970.
  let modified: Int64
  let inode: UInt64

  init(name: FileName, kind: ChecksumKind, status: FileStatus) {
    self.name = name
    self.kind = kind
    size = status.size
    modified = status.modified
    inode = status.inode
  }
}

extension ChecksumKind {
  /// What a side file's name adds to that of its file.
  var suffix: String { ".\(rawValue)" }

  /// The name of a file's side file; nil if it would be too long.
  func sideFile(of name: FileName) -> FileName? { FileName(bytes: name.bytes + Array(suffix.utf8)) }

  fileprivate var hexadecimalDigits: Int {
    switch self {
    case .sha256: 64
    case .md5: 32
    }
  }

  package var title: String {
    switch self {
    case .sha256: "SHA-256"
    case .md5: "MD5"
    }
  }
}

extension InboxFolders {
  /// Reads a side file that a scan found in `inbox/`; nil if it is no longer as it was then.
  func sideFile(_ found: ReadySideFile) throws(InboxError) -> SideFile? {
    try read(found.name, in: inbox, as: found.kind, shown: found.name, forgiving: [EACCES, EPERM, EAGAIN]) { status in
      status.inode == found.inode && status.size == found.size && status.modified == found.modified
    }
  }

  /// Brings a side file along after its file, unless another has taken its name since it was read.
  ///
  /// If this fails, it stays in `inbox/`: what it holds is known, and after a crash `reopen` finds it there.
  func bringAlong(_ found: ReadySideFile, of id: FileID) {
    guard FileStatus(path: found.name.path(in: inbox))?.inode == found.inode else { return }
    rename(found.name.path(in: inbox), WorkFile.sideFile(of: id, found.kind).path(in: work))
  }

  /// The side file of a claimed file, from `work/`; nil if there is none.
  ///
  /// If the earlier run died between claiming the file and bringing its side file along, it is still in `inbox/`. If
  /// there is another file of that name by now, the side file is that one's.
  func sideFile(of file: WorkFile, _ kind: ChecksumKind) throws(InboxError) -> SideFile? {
    guard let name = kind.sideFile(of: file.dropped) else { return nil }
    let kept = WorkFile.sideFile(of: file.id, kind)
    if FileStatus(path: kept.path(in: work)) == nil, errno == ENOENT,
      FileStatus(path: file.dropped.path(in: inbox)) == nil, errno == ENOENT,
      FileStatus(path: name.path(in: inbox))?.kind == .regular
    {
      rename(name.path(in: inbox), kept.path(in: work))
    }
    return try read(kept, in: work, as: kind, shown: name)
  }

  /// Puts what came along with a claimed file back into `inbox/`, where no newer one has its name; returns the kinds.
  func giveBackSideFiles(of file: WorkFile) -> [ChecksumKind] {
    ChecksumKind.allCases.filter { kind in
      guard let name = kind.sideFile(of: file.dropped) else { return false }
      return Self.moveWithoutReplacing(WorkFile.sideFile(of: file.id, kind).path(in: work), name.path(in: inbox)) == 0
    }
  }

  /// Takes back what `giveBackSideFiles` did.
  func takeSideFiles(of file: WorkFile, _ kinds: [ChecksumKind]) {
    for kind in kinds {
      guard let name = kind.sideFile(of: file.dropped) else { continue }
      rename(name.path(in: inbox), WorkFile.sideFile(of: file.id, kind).path(in: work))
    }
  }

  func removeSideFiles(of id: FileID) {
    for kind in ChecksumKind.allCases { unlink(WorkFile.sideFile(of: id, kind).path(in: work)) }
  }

  /// Nil if it is gone, not a regular file, or not `wanted`.
  private func read(
    _ name: FileName, in folder: String, as kind: ChecksumKind, shown: FileName, forgiving forgiven: Set<Int32> = [],
    where wanted: (FileStatus) -> Bool = { _ in true }
  ) throws(InboxError) -> SideFile? {
    let path = folder + "/" + name.display
    let descriptor = Glibc.open(name.path(in: folder), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let reason = errno
      if forgiven.union([ENOENT, ELOOP, ENXIO, ENODEV]).contains(reason) { return nil }
      throw InboxError("open", path, errno: reason)
    }
    defer { close(descriptor) }
    guard let status = FileStatus(descriptor: descriptor), status.kind == .regular, wanted(status) else { return nil }
    var content = [UInt8](repeating: 0, count: SideFile.mostBytes)
    var done = 0
    while done < content.count {
      let count = content[done...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw InboxError("read", path, errno: errno)
      }
      if count == 0 { break }
      done += count
    }
    return SideFile(kind: kind, name: shown.display, content: Array(content[..<done]))
  }
}
