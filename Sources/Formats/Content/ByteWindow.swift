import Core
import JSONText

/// The part of a file's content that a reader is working on: read in chunks, dropped when no longer needed.
///
/// Counts physical lines (ended by LF) as it goes, so that a place can be reported without the bytes before it.
/// Positions are in bytes from the content's start.
struct ByteWindow {
  private(set) var bytes: [UInt8] = []
  /// The position of `bytes[0]`.
  private(set) var base = 0
  private(set) var atEnd = false
  private let chunkBytes: Int
  private let countsLines: Bool
  // Lines are counted up to here.
  private var counted = 0
  private var line = 1
  private var lineStart = 0
  // For tags.
  private let key: SourceKey?
  /// Where the current item begins.
  private var itemStart: Int?
  /// Has hashed the bytes of the item that were dropped.
  private var hasher: SourceHasher?

  /// - Parameter countsLines: false if nobody asks for the place of a position.
  init(chunkBytes: Int, countsLines: Bool = true, key: SourceKey?) {
    self.chunkBytes = chunkBytes
    self.countsLines = countsLines
    self.key = key
  }

  /// The position just past the last byte read.
  var end: Int { base + bytes.count }

  @inline(__always)
  func byte(at position: Int) -> UInt8 { bytes[position - base] }

  /// Reads another chunk after dropping all bytes before `position`; false at the content's end.
  mutating func fill<S: ByteSource & ~Copyable>(from source: inout S, keepingFrom position: Int) throws -> Bool {
    if atEnd { return false }
    if position > base {
      if countsLines { countLines(to: min(position, end)) }
      hashItem(to: min(position, end))
      bytes.removeFirst(min(position, end) - base)
      base = position
    }
    let before = bytes.count
    try source.read(upTo: chunkBytes, into: &bytes)
    atEnd = bytes.count == before
    return !atEnd
  }

  /// Begins an item at `position`, which is in the window.
  mutating func beginItem(at position: Int) {
    itemStart = position
    hasher = nil
  }

  /// The tag of the current item, up to `position`, however much of it has been dropped already; nil without a key.
  mutating func endItem(at position: Int) -> SourceTag? {
    defer { itemStart = nil }
    guard let key, let itemStart else { return nil }
    let rest = bytes.span.extracting(max(itemStart, base) - base..<position - base)
    guard var seen = hasher else { return key.tag(of: rest) }
    return seen.tag(endingIn: rest)
  }

  private mutating func hashItem(to position: Int) {
    guard let key, let itemStart, position > itemStart else { return }
    var seen = hasher ?? SourceHasher(key)
    seen.update(bytes.span.extracting(max(itemStart, base) - base..<position - base))
    hasher = seen
  }

  /// Counts the lines before `position`; later calls must not go back.
  mutating func countLines(to position: Int) {
    guard position > counted else { return }
    let fresh = counted - base..<position - base
    counted = position
    let breaks = bytes.span.occurrences(of: UInt8(ascii: "\n"), in: fresh)
    guard breaks > 0 else { return }
    line += breaks
    var i = fresh.upperBound
    while bytes[i - 1] != UInt8(ascii: "\n") { i -= 1 }
    lineStart = base + i
  }

  /// Line and column of `position`, both from 1, the column in bytes.
  mutating func place(of position: Int) -> (line: Int, column: Int) {
    countLines(to: position)
    return (line, position - lineStart + 1)
  }
}

extension ByteWindow {
  /// The position after the byte order mark, if the content starts with one.
  mutating func skipByteOrderMark<S: ByteSource & ~Copyable>(from source: inout S) throws -> Int {
    while end < 3, try fill(from: &source, keepingFrom: 0) {}
    return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// The file fault for a fault in a value that starts at `start`.
  mutating func fileFault(_ fault: JSONFault, from start: Int) -> FileFault {
    let offset = start + fault.offset
    let (line, column) = place(of: offset)
    switch fault.kind {
    case .syntax, .end: return FileFault(.malformedJSON, fault.reason, line: line, column: column)
    case .encoding:
      let isUTF16 = offset == 0 && base == 0 && (bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]))
      let hint = isUTF16 ? " (it looks like UTF-16)" : ""
      return FileFault(
        .invalidEncoding, "the file is not UTF-8 at offset \(offset)\(hint): save it as UTF-8", line: line,
        column: column)
    }
  }
}
