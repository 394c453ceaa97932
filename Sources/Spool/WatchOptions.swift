package import Core

/// How an inbox is watched.
package struct WatchOptions: Sendable {
  /// The longest time between two scans.
  package var pollInterval: Duration
  /// How long a file must have been left alone if there is no better sign that it is complete.
  package var settle: Duration
  /// How long a file is left alone after its last change, whatever says that it is complete.
  package var minAge: Duration
  /// Whether the inbox's `ignore` globs match a name.
  package var ignore: @Sendable ([UInt8]) -> Bool
  /// What a marker's name adds to the file's (`.done`); nil if files need none.
  package var marker: String?
  /// Which digest the side file of a file of this name holds; nil if such files have none.
  package var checksum: @Sendable ([UInt8]) -> ChecksumKind?
  /// Whether a file, of which the name and the first `startBytes` are given, is a rejects file although its name doesn't
  /// say so; nil if no file can be.
  package var isRejectsFile: (@Sendable (_ name: [UInt8], _ start: [UInt8]) -> Bool)?

  /// How much of a file shows whether it is a rejects file.
  package static let startBytes = 4 << 10

  package init(
    pollInterval: Duration = .seconds(1), settle: Duration = .seconds(2), minAge: Duration = .zero,
    ignore: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }, marker: String? = nil,
    checksum: @escaping @Sendable ([UInt8]) -> ChecksumKind? = { _ in nil },
    isRejectsFile: (@Sendable (_ name: [UInt8], _ start: [UInt8]) -> Bool)? = nil
  ) {
    self.pollInterval = pollInterval
    self.settle = settle
    self.minAge = minAge
    self.ignore = ignore
    self.marker = marker
    self.checksum = checksum
    self.isRejectsFile = isRejectsFile
  }
}

extension WatchOptions {
  /// The names that no inbox ever touches, by prefix (hidden files, Office's lock files, Emacs' autosaves) and suffix.
  private static let temporaryStarts = [".", "~$", "#"].map { (text: $0, bytes: Array($0.utf8)) }
  private static let temporaryEnds = ["~", ".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp"].map {
    (text: $0, bytes: Array($0.utf8))
  }

  /// Why a file of that name is never touched; nil if it may be.
  ///
  /// Case-insensitive, since senders on Windows write `.TMP`.
  func reasonToIgnore(_ name: FileName) -> String? {
    let bytes = name.bytes
    for start in Self.temporaryStarts where bytes.starts(with: start.bytes) {
      return "ignored: name starts with \(start.text)"
    }
    for end in Self.temporaryEnds where bytes.count >= end.bytes.count {
      if zip(bytes.suffix(end.bytes.count), end.bytes).allSatisfy({ Self.lowercase($0) == $1 }) {
        return "ignored: name ends in \(end.text)"
      }
    }
    return ignore(bytes) ? "ignored: matches the inbox's ignore patterns" : nil
  }

  /// The file that a marker of this name is for; nil if the name is not a marker's.
  func fileMarked(by name: FileName) -> FileName? {
    guard let marker, name.bytes.count > marker.utf8.count,
      name.bytes.suffix(marker.utf8.count).elementsEqual(marker.utf8)
    else { return nil }
    return FileName(known: Array(name.bytes.dropLast(marker.utf8.count)))
  }

  /// The marker that a file waits for; nil if the inbox has none, or the marker's name would be too long.
  func marker(for name: FileName) -> FileName? {
    marker.flatMap { FileName(bytes: name.bytes + Array($0.utf8)) }
  }

  /// Which side file a file waits for; nil if none.
  ///
  /// A corrected rejects file has other bytes than the ones that its sender made a digest of.
  package func checksum(for name: FileName) -> ChecksumKind? {
    guard let kind = checksum(name.bytes), ResultNames.correctedFileID(of: name) == nil else { return nil }
    return kind
  }

  /// The file that a side file of this name is for; nil if the name is not a side file's.
  func fileChecked(by name: FileName) -> FileName? {
    for kind in ChecksumKind.allCases where name.bytes.count > kind.suffix.utf8.count {
      guard name.bytes.suffix(kind.suffix.utf8.count).elementsEqual(kind.suffix.utf8) else { continue }
      let checked = FileName(known: Array(name.bytes.dropLast(kind.suffix.utf8.count)))
      if checksum(checked.bytes) == kind { return checked }
    }
    return nil
  }

  private static func lowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
