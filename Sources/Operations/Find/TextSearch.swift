internal import Formats
internal import Glibc
internal import JSONText
internal import Spool

/// Searches dropped files for the text of a record's key, byte by byte: it finds the text, not the item, and may find
/// it where it means something else.
struct TextSearch: Sendable {
  /// Any of these is enough; of each, all texts must be there.
  private let alternatives: [[[ByteSearch]]]
  /// How each text may be written in UTF-16, for files that begin with its mark.
  private let wide: [[[ByteSearch]]]
  private let longest: Int
  private let gzip: GzipLimits

  /// How many lines of a file are named.
  static let mostLines = 100
  private static let chunkBytes = 1 << 20

  init(_ alternatives: [[String]], gzip: GzipLimits) {
    self.gzip = gzip
    var seen: Set<[String]> = []
    let texts = alternatives.filter { !$0.isEmpty && seen.insert($0).inserted }
    self.alternatives = texts.map { $0.map { text in Self.spellings(of: text).map { ByteSearch($0) } } }
    wide = texts.map { texts in
      texts.map { text in
        [true, false].map { isLittle in
          ByteSearch(
            text.utf16.flatMap { unit in
              let bytes = [UInt8(truncatingIfNeeded: unit), UInt8(truncatingIfNeeded: unit >> 8)]
              return isLittle ? bytes : bytes.reversed()
            })
        }
      }
    }
    longest = (self.alternatives + wide).joined().joined().map(\.text.count).max() ?? 0
  }

  /// As itself, and as CSV and JSON may write it.
  private static func spellings(of text: String) -> [[UInt8]] {
    var quoted: [UInt8] = []
    appendQuoted(text, to: &quoted)
    let json = String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
    let spellings = [
      text, text.replacing("\"", with: "\"\""), json, json.replacing("/", with: "\\/"),
    ]
    return Set(spellings).map { Array($0.utf8) }
  }

  /// The lines, from 1, on which a text of the first alternative that is there begins; empty if none is.
  ///
  /// - Throws: `InboxError`, `missing` if there is no such file; `ReadError`; `FileFault` for a damaged gzip.
  func lines(of name: FileName, in folder: String, isGzipped: Bool) throws -> [Int] {
    let path = folder + "/" + name.display
    let descriptor = try InboxFolders.descriptor(of: name, in: folder)
    defer { close(descriptor) }
    func search(_ body: (inout Chunks) throws -> Void) throws {
      var chunks = Chunks(overlap: longest)
      if isGzipped {
        var source = try GzipBytes(
          FileBytes(descriptor: descriptor, path: path), limits: gzip)
        while try chunks.next(&source, Self.chunkBytes) { try body(&chunks) }
      } else {
        var source = FileBytes(descriptor: descriptor, path: path)
        while try chunks.next(&source, Self.chunkBytes) { try body(&chunks) }
      }
    }
    var isWide = false
    var seen: [[Bool]] = alternatives.map { $0.map { _ in false } }
    try search { chunks in
      if chunks.isFirst { isWide = [[0xFF, 0xFE], [0xFE, 0xFF]].contains(Array(chunks.bytes.prefix(2))) }
      for (place, texts) in (isWide ? wide : alternatives).enumerated() {
        for (text, spellings) in texts.enumerated() where !seen[place][text] {
          seen[place][text] = spellings.contains { $0.place(in: chunks.bytes) != nil }
        }
      }
    }
    guard let found = seen.firstIndex(where: { !$0.contains(false) }) else { return [] }
    // Lines are counted only where there is something.
    var lines: Set<Int> = []
    let spellings = (isWide ? wide : alternatives)[found].first ?? []
    try search { chunks in
      for spelling in spellings {
        var place = 0
        while lines.count < Self.mostLines, let hit = spelling.place(in: chunks.bytes, from: place) {
          lines.insert(chunks.line + chunks.bytes[..<hit].count { $0 == UInt8(ascii: "\n") })
          place = hit + 1
        }
      }
    }
    return lines.sorted()
  }
}

/// A file's content, piece by piece; each piece begins with the end of the one before.
private struct Chunks {
  private(set) var bytes: [UInt8] = []
  /// The line of the first byte.
  private(set) var line = 1
  private(set) var isFirst = true
  private let overlap: Int
  private var hasBegun = false

  init(overlap: Int) { self.overlap = overlap }

  /// False at the end.
  mutating func next(_ source: inout some ByteSource & ~Copyable, _ count: Int) throws -> Bool {
    isFirst = !hasBegun
    hasBegun = true
    let passed = max(0, bytes.count - overlap)
    line += bytes[..<passed].count { $0 == UInt8(ascii: "\n") }
    bytes.removeSubrange(..<passed)
    let before = bytes.count
    try source.read(upTo: count, into: &bytes)
    return bytes.count > before
  }
}
