package import Core

/// The names of the files that one dropped file turns into.
///
/// `clients.csv` with the id `01J…` gives `clients.csv.01J….receipt.json`, `clients.01J….rejected.csv` and
/// `clients.01J….csv`. Bytes that are not UTF-8 are written `%FF`; a name that would exceed 255 bytes is cut before the
/// id.
package struct ResultNames: Hashable, Sendable {
  package let dropped: FileName
  package let id: FileID

  package init(dropped: FileName, id: FileID) {
    self.dropped = dropped
    self.id = id
  }

  /// In `outbox/receipts`.
  package var receipt: FileName { name(of: dropped, ".\(id).receipt.json") }

  /// In `outbox/rejected`: the rejected items, never compressed, in the format whose extension (`csv`, without a dot)
  /// is given; nil keeps the extension of the dropped file.
  ///
  /// Those of a corrected rejects file are called after the file that was dropped first: `clients.01J….rejected.csv`
  /// with the id `01K…` gives `clients.01K….rejected.csv`. So the names do not grow with each correction.
  ///
  /// - Parameter marksGzip: whether the name says that the file was dropped compressed: see `RejectsFileName`.
  package func rejected(format: String?, marksGzip: Bool = false) -> FileName {
    let corrected = RejectsFileName(dropped.bytes)
    // Not that of `POSITIONS.01J….rejected`, which is a file without an extension.
    let first = corrected.map { ResultNames(dropped: FileName(known: $0.original), id: id) } ?? self
    let start = corrected.map { FileName(known: $0.stem) } ?? stem
    let mark = marksGzip ? String(decoding: RejectsFileName.gzipMark, as: UTF8.self) : ""
    return name(of: start, ".\(id).rejected" + mark + (format.map { ".\($0)" } ?? first.contentEnding))
  }

  /// In `outbox/accepted`: what became of the accepted items. It is about the dropped file, so it has its whole name, like
  /// the receipt.
  package var accepted: FileName { name(of: dropped, ".\(id).accepted.csv") }

  /// The part of a file that was not delivered when its outbox was damaged.
  package func unsent(format: String) -> FileName { name(of: stem, ".\(id).unsent.\(format)") }

  /// Next to those: the outcome of the rest.
  package static let outcomes = FileName(known: Array("outcomes.ndjson".utf8))

  /// In `archive`, with the dropped file's own extension and, if it has one, `.gz`.
  package var archive: FileName { name(of: stem, ".\(id)" + ending) }

  /// In `outbox/rejected`: an entirely unusable file, moved there whole.
  package var unusable: FileName { archive }

  /// In `work`: the id, then the dropped name byte for byte, cut at the end if together they exceed 255 bytes.
  package var work: FileName {
    let start = Array("\(id).".utf8)
    var end = min(dropped.bytes.count, FileName.longest - start.count)
    // Not in the middle of a character: some filesystems reject a name that is not UTF-8.
    if end < dropped.bytes.count {
      for _ in 0..<3 where dropped.bytes[end] & 0xc0 == 0x80 { end -= 1 }
    }
    return FileName(known: start + dropped.bytes[..<end])
  }

  /// The file id in the name of a rejects file, if this is such a name (`clients.01J….rejected.csv`): the file that it
  /// corrects.
  package static func correctedFileID(of name: FileName) -> FileID? {
    RejectsFileName(name.bytes)?.corrects
  }

  private var stem: FileName {
    FileName(known: Array(dropped.bytes.dropLast(ending.utf8.count)))
  }

  /// `.csv`, `.csv.gz`, `.GZ`, or nothing; only short letters and digits count as an extension.
  private var ending: String {
    var rest = dropped.bytes[...]
    var ending = ""
    if let last = Self.lastExtension(of: rest), last.lowercased() == ".gz" {
      ending = last
      rest = rest.dropLast(last.utf8.count)
    }
    if let last = Self.lastExtension(of: rest) { ending = last + ending }
    return ending
  }

  /// The same without `.gz`.
  private var contentEnding: String { ending.lowercased().hasSuffix(".gz") ? String(ending.dropLast(3)) : ending }

  private static func lastExtension(of bytes: ArraySlice<UInt8>) -> String? {
    let suffix = bytes.suffix(17)
    guard let dot = suffix.lastIndex(of: UInt8(ascii: ".")), dot > bytes.startIndex, dot < suffix.endIndex - 1,
      suffix[(dot + 1)...].allSatisfy(isAlphanumeric)
    else { return nil }
    return String(decoding: suffix[dot...], as: UTF8.self)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }

  private func name(of start: FileName, _ end: String) -> FileName {
    FileName(known: Array((start.displayed(within: FileName.longest - end.utf8.count) + end).utf8))
  }
}
