package import Core

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
